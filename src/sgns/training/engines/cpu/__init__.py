"""The CPU engines: Numba kernels over blocks of the corpus, on any number of threads."""
