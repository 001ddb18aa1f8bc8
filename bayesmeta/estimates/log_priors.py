"""The log density of each prior of a fit and of its likelihood, draw by draw."""

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.blocks import arm_slices
from bayesmeta.inference.result import Fit

__all__ = ["log_likelihood", "log_priors"]

Array = npt.NDArray[np.float64]


def log_priors(fit: Fit) -> dict[str, Array]:
    """Return the log prior of each parameter that has one of its own, dims (chain, draw).

    `mu`, `beta` (all coefficients together), `tau` (all its levels), and the parameters of other
    parts, as far as the model has them. Effects of studies and arms are not among them: their
    distribution is what `tau` and the others describe.
    """
    design, posterior = fit.design, fit.posterior
    found = {"mu": design.mu[0].logpdf(np.asarray(posterior["mu"]))}
    if design.beta:
        beta = np.asarray(posterior["beta"])
        each = [prior.logpdf(beta[..., i]) for i, prior in enumerate(design.beta)]
        found["beta"] = np.sum(each, axis=0)
    for name in dict.fromkeys(scalar.name for scalar in design.scalars):
        drawn = np.asarray(posterior[name])
        drawn = drawn.reshape(*drawn.shape[:2], -1)
        priors = [design.scalars[place].prior for place in design.places(name)]
        each = [prior.logpdf(drawn[..., i]) for i, prior in enumerate(priors)]
        found[name] = np.sum(each, axis=0)
    return found


def log_likelihood(fit: Fit, asker: str) -> Array:
    """Return the log likelihood of all arms given their rates, dims (chain, draw)."""
    fit.require("theta", asker)
    events = fit.draws["log_likelihood"].to_dataset()["events"]
    found = np.zeros(events.shape[:2])
    for part in arm_slices(found.size, events.shape[-1]):
        found += events[..., part].values.sum(axis=-1)  # `to_numpy` would load Dask
    return found
