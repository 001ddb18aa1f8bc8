"""Planning room. In: a fit, or a prior of the next rate. Out: priors, decisions, their properties."""
