"""The prior of the analysis decides how many responders suffice."""

import bayesmeta as bm

history = bm.BetaMixture([1], a=[12], b=[28])
priors = {
    "history": history,
    "robust": bm.robustify(history, weight=0.5),
    "flat": bm.BetaMixture([1], a=[1], b=[1]),
}
plot = bm.plots.boundary(priors, "P(rate > 0.3) > 0.9", n=range(10, 41))
