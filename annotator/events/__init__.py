"""Grouping of coverage on two levels: events (hours to days) inside stories (days to weeks)."""
