"""Labels for articles: codebook, masking, heads and labellers, and the grouping of events."""
