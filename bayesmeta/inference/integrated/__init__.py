"""Integrated room. In: a design and its parameters. Out: log likelihoods with the effects integrated out."""
