"""Trains and measures the event pointer and the pair relations of the memory."""
