"""Six of the bundled models predict each study from all others."""

import bayesmeta as bm

arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
names = [
    "pooled",
    "regimen",
    "regimen_setting",
    "exchangeable_regimens",
    "overdispersed",
    "common_effect",
]
models = [bm.load_model(name) for name in names]
found = bm.compare(models, arms, seed=1, method="psis", marginal=False)
plot = bm.plots.comparison(found.table)
