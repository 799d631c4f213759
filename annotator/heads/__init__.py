"""Small linear heads over the frozen encoder and over word n-grams."""
