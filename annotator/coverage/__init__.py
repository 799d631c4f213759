"""Who covered an event, who did not, and whether that absence is surprising."""
