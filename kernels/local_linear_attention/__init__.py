"""Local Linear Attention: exact, on CPU and on CUDA through Triton. See README.md."""

from kernels.local_linear_attention.interface import Stats, lla, lla_decode
from kernels.local_linear_attention.naive import lla_naive

__all__ = ["Stats", "lla", "lla_decode", "lla_naive"]
