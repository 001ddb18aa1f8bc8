"""Small studies with low rates are assumed to be published with these probabilities."""

import bayesmeta as bm

arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
plot = bm.plots.selection(bm.selection(fit))
