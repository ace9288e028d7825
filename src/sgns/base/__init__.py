"""The ground floor: compiled kernels, files, threads, geometry. It knows nothing of words."""
