"""The model is fitted under other priors of tau and of mu, and power-scaled."""

import bayesmeta as bm

arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
priors = {
    "tau": [bm.HalfNormal(0.25), bm.HalfNormal(0.5), bm.HalfNormal(2), bm.HalfCauchy(0.5)],
    "mu": [bm.Normal(0, 1), bm.Normal(0, 2.5)],
}
plot = bm.plots.sensitivity(bm.sensitivity(fit, priors=priors))
