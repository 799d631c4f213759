"""Side-by-side measurements of the kernels: same inputs, same run, ratios rather than times."""
