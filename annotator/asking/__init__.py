"""What a language model is asked about an article, and how its answers become labels. Pure."""
