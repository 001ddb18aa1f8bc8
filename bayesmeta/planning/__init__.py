"""Planning room. In: a fit, or a prior of the next trial's rate. Out: priors, decisions, their properties."""
