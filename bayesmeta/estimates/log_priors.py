"""Log densities of the priors and the likelihood, draw by draw, and how tau moves with them."""

from collections.abc import Sequence

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.estimates.nested_rates import cholesky_draws
from bayesmeta.inference.blocks import arm_slices
from bayesmeta.inference.result import Fit
from bayesmeta.priors import Prior

SENSITIVE = 0.05
"""Sensitivity from which on an estimate counts as moved by a part of the model."""

POWERS = (0.99, 1.01)
"""Powers between which the change is measured."""


def log_priors(fit: Fit, outcome: str = "") -> dict[str, Array]:
    """Return the log prior of each parameter that has one of its own, dims (chain, draw).

    `mu`, `beta` (all coefficients together), `tau` (all its levels), and the parameters of other
    parts, as far as the model has them; of several outcomes those of all together, or of `outcome`
    alone, and the `correlation` of their effects. Effects of studies and arms are not among them:
    their distribution is what `tau` and the others describe.
    """
    design, outcomes = fit.design, fit.design.outcomes
    priors: dict[str, Sequence[Prior]] = {"mu": design.mu}
    if design.beta:
        priors["beta"] = design.beta * len(outcomes)
    for name in dict.fromkeys(scalar.name for scalar in design.scalars):
        priors[name] = [design.scalars[place].prior for place in design.places(name)]
    found = {name: _each(own, np.asarray(fit.posterior[name])) for name, own in priors.items()}
    if outcome:
        level = outcomes.index(outcome)
        found = {name: np.array_split(each, len(outcomes))[level] for name, each in found.items()}
    summed = {name: np.sum(each, axis=0) for name, each in found.items()}
    if "correlation" in fit.posterior and fit.spec.correlation is not None:
        diagonal = np.diagonal(cholesky_draws(fit), axis1=-2, axis2=-1)
        summed["correlation"] = 2 * (fit.spec.correlation.eta - 1) * np.log(diagonal).sum(axis=-1)
    return summed


def _each(priors: Sequence[Prior], drawn: Array) -> Array:
    """Return the log prior of each value, dims (value, chain, draw)."""
    flat = drawn.reshape(*drawn.shape[:2], -1)
    return np.array([prior.logpdf(flat[..., i]) for i, prior in enumerate(priors)])


def log_likelihood(fit: Fit, asker: str) -> Array:
    """Return the log likelihood of all arms given their rates, dims (chain, draw)."""
    fit.require("theta", asker)
    [counts] = fit.draws["log_likelihood"].to_dataset().values()
    found = np.zeros(counts.shape[:2])
    for part in arm_slices(found.size, counts.shape[-1]):
        found += counts[..., part].values.sum(axis=-1)  # `to_numpy` would load Dask
    return found


def tau_scaling(fit: Fit) -> dict[str, tuple[float, float]]:
    """Return how fast each tau moves with all priors together, and with the likelihood.

    The two numbers of `power_scaling` (Kallioinen, Paananen, Bürkner & Vehtari 2024,
    doi:10.1007/s11222-023-10366-5). Powers so near 1 need no smoothing of weights, and so no other
    package. The second is NaN where the first is below `SENSITIVE`, so that it decides nothing, and of
    a fit that kept no draws of arms.
    """
    drawn = fit.posterior["tau"]
    levels = [f"tau[{level}]" for dim in drawn.dims[2:] for level in drawn.indexes[dim]] or ["tau"]
    values = dict(zip(levels, np.asarray(drawn).reshape(-1, len(levels)).T, strict=True))
    prior = np.sum(list(log_priors(fit).values()), axis=0).ravel()
    moved = {label: _sensitivity(tau, prior) for label, tau in values.items()}
    if max(moved.values()) < SENSITIVE or not fit.settings.arm_draws:
        return {label: (found, np.nan) for label, found in moved.items()}
    likelihood = log_likelihood(fit, "`tau_scaling`").ravel()
    return {label: (moved[label], _sensitivity(tau, likelihood)) for label, tau in values.items()}


def _sensitivity(drawn: Array, log_density: Array) -> float:
    """Return the mean gradient of the distance between draws and reweighted draws per doubling."""
    found = []
    for power in POWERS:
        weight = np.exp((power - 1) * (log_density - log_density.mean()))
        distance = float(np.max([_distance(drawn, weight), _distance(-drawn, weight)]))
        found.append(distance / abs(np.log2(power)))
    return float(np.mean(found))


def _distance(drawn: Array, weight: Array) -> float:
    """Return the cumulative Jensen-Shannon distance of draws from the same draws with weights."""
    order = np.argsort(drawn)
    step, size = np.diff(drawn[order]), drawn.size
    own = np.arange(1, size) / size
    other = np.cumsum(weight[order] / weight.sum())[:-1]
    middle = (own + other) / 2
    both = own * np.log2(own / middle) + other * np.log2(other / middle)
    whole = float(step @ (own + other))
    return float(np.sqrt(max(float(step @ both), 0.0) / whole)) if whole else 0.0
