"""Planning room. In: a fit, or a prior of a rate. Out: priors, decisions, their properties."""
