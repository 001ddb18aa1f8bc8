"""Grid room. In: counts and priors. Out: the deterministic posterior of a model without covariates."""
