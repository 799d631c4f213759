"""The web explorer: a client of the API, drawn with Dash."""
