"""Data in, component out: pure."""
