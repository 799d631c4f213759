"""The past brought in: archives of others, sitemaps and feeds, through the same intake."""
