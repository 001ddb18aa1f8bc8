"""Estimates room. In: a `Fit` or `GridFit`. Out: tables and predictions, each number with its MCSE."""
