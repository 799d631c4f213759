"""Addresses out of front pages, feeds and sitemaps."""
