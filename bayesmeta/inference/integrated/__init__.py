"""Integrated room. In: a design and parameters. Out: studies' log likelihoods without their effects."""
