"""Integrated room. In: a design and parameters. Out: log likelihoods of studies, without effects."""
