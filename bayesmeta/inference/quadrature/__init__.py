"""The deterministic posterior of counts and priors, of a model without covariates."""
