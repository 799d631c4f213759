"""Sequence mixers: Local Linear Attention and the plain ones it is compared with.

Depends on torch (and, on CUDA, Triton) only; imports nothing else of this project.
"""
