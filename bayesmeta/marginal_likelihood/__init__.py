"""Log marginal likelihoods of models, by bridge sampling."""
