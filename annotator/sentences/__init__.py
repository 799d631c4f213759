"""Labels of single sentences: what kind, how they sound, and which US party they speak of."""
