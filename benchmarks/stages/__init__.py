"""Benchmarks of single stages, by pytest-benchmark: `pytest benchmarks/stages`. They make their own input."""
