"""Each study of the bundled evidence is predicted from all others."""

import bayesmeta as bm

arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
held_out = bm.leave_one_study_out(bm.load_model("regimen"), arms, seed=1, method="psis")
plot = bm.plots.predictive_checks(held_out)
