"""Sources of labels behind one interface."""
