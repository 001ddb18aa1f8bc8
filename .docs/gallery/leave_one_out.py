"""Each study of the bundled evidence is left out in turn."""

import bayesmeta as bm

arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
found = bm.leave_one_study_out(bm.load_model("pooled"), arms, seed=1, method="psis")
plot = bm.plots.leave_one_out(found.influence_on("typical rate"))
