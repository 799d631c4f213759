"""Articles looked at again: when, what changed, and what that change is."""
