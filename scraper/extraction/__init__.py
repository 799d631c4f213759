"""A page in, an article or a named refusal out."""
