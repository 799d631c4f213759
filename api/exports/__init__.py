"""Research exports: a folder of tables, as of a moment, with all that is needed to cite them."""
