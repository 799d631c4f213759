"""What leaves: tables of a slice of the articles as of a time, and the snapshots made."""
