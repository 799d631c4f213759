"""What a training article could remember, and whether that helps its labels."""
