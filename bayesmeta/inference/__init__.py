"""Inference room. In: a model and its arms. Out: a `Fit` (draws), a `GridFit`, and their diagnosis."""
