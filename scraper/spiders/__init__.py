"""Spiders: from an outlet's front page, feeds and sitemaps to its articles."""
