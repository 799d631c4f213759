"""News pages in, articles out: the only package that knows Scrapy."""
