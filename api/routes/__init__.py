"""One module a noun; each offers ``router``."""
