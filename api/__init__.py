"""Read-only HTTP over the store."""
