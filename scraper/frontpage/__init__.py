"""Front pages: what an outlet shows first, how high and for how long (docs/front-pages.md)."""
