"""Log likelihoods of studies given the parameters, with the study effects integrated out."""
