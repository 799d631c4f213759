"""Every fetched page in WARC files, and any archive back."""
