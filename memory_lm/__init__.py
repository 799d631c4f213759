"""Neural encoders and memory models; with `kernels`, the only code that imports torch."""
