"""Speed of single kernels, on text made up here: `python -m pytest benchmarks/kernels`."""
