"""Three priors of the analysis, for a trial of 40 patients."""

import bayesmeta as bm

history = bm.BetaMixture([1], a=[12], b=[28])
priors = {
    "history": history,
    "robust": bm.robustify(history, weight=0.5),
    "flat": bm.BetaMixture([1], a=[1], b=[1]),
}
success = "P(rate > 0.3) > 0.9"
trials = {name: bm.SingleArmTrial(40, prior, success) for name, prior in priors.items()}
plot = bm.plots.power(trials)
