"""How we ask: where to, how often, by whose leave."""
