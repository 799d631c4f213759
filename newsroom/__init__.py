"""What every stage of Newsroom shares: records, settings, the store, the doorbell."""

__version__ = "2026.11.0"
