"""The CUDA engine: Triton kernels on an NVIDIA card."""
