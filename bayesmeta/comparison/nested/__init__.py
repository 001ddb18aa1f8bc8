"""Comparison of a joint model of nested outcomes with a model of each outcome by itself."""
