"""What readers ask for: every query of the API. Each only reads, and needs no lock."""
