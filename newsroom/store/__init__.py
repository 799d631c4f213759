"""All SQL of the product. Functions take a connection first and never commit."""
