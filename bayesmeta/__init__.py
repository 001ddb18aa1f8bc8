"""Bayesian hierarchical meta-analysis of response rates."""
