"""The prior of the next study's rate, as a mixture of beta distributions, and its robust version."""

import bayesmeta as bm

arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
prior = bm.map_prior(fit)
plot = bm.plots.map_prior(prior, bm.robustify(prior, weight=0.2))
