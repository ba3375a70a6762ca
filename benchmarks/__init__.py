"""Benchmarks and quality evaluations. They need nothing from the tests, and those that need data say so."""
