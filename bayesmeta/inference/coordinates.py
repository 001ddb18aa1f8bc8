"""Between a design and the sampler's coordinates: arrays in, starting points, draws out."""

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln, logit

from bayesmeta.inference.density import DensityData
from bayesmeta.model import Design

__all__ = ["density_data", "size", "starting_point", "translate"]

Array = npt.NDArray[np.float64]

TYPICAL_TAU = 0.4
"""Heterogeneity (log-odds) for which the partial non-centring is tuned; geometry only."""


def density_data(design: Design) -> DensityData:
    """Return the arrays that the compiled density needs."""
    arms, spec = design.arms, design.spec
    events, n = arms.events.astype(np.float64), arms.n.astype(np.float64)
    centre = design.matrix.mean(axis=0)
    centred = design.matrix - centre
    tau = spec.study_effects.tau
    study = arms.study_index
    members = _membership(study) if tau is not None else np.zeros((0, len(arms)))
    kernels = [spec.mu.kernel, *(prior.kernel for prior in design.beta)]
    if tau is not None:
        kernels.append(tau.kernel)
    return DensityData(
        events=events,
        n=n,
        study=study.astype(np.float64),
        log_coefficient=gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1),
        centred=np.ascontiguousarray(centred),
        study_mean=_study_means(members, n, centred),
        centre=centre,
        weight=_weights(members, events, n),
        priors=np.array([[*kernel] for kernel in kernels], dtype=np.float64),
        tau_bounds=np.array(tau.support if tau is not None else (0.0, np.inf)),
    )


def size(data: DensityData) -> int:
    """Return the number of coordinates."""
    studies = data.weight.size
    return 1 + data.centre.size + (1 + studies if studies else 0)


def starting_point(data: DensityData, rng: np.random.Generator) -> Array:
    """Return a point near the data from which a chain may start, different for each call."""
    rate = (data.events.sum() + 0.5) / (data.n.sum() + 1)
    mu = float(logit(rate)) + rng.normal(scale=0.5)
    point = np.zeros(size(data))
    point[0] = mu
    covariates = data.centre.size
    point[1 : 1 + covariates] = rng.normal(scale=0.3, size=covariates)
    if data.weight.size:
        point[1 + covariates] = _start_of_tau(data.tau_bounds, rng)
        # u = 0 stands at z = w M.
        means = mu + data.study_mean @ point[1 : 1 + covariates]
        point[2 + covariates :] = data.weight * means + rng.normal(scale=0.3, size=data.weight.size)
    return point


def translate(data: DensityData, points: Array) -> dict[str, Array]:
    """Return the model's variables at points in the sampler's coordinates.

    Parameters
    ----------
    data : DensityData
        Model and evidence.
    points : array
        Shape (..., coordinates).

    Returns
    -------
    dict
        `mu`, and where the model has them `beta`, `tau` and `u`, and `theta`; all log-odds, shape
        (...) and (..., covariate, study or arm).
    """
    covariates = data.centre.size
    mu, beta = points[..., 0], points[..., 1 : 1 + covariates]
    theta = mu[..., None] + beta @ data.centred.T
    found = {"mu": mu - beta @ data.centre}
    if covariates:
        found["beta"] = beta
    if data.weight.size:
        tau = _tau(data.tau_bounds, points[..., 1 + covariates])
        mean = mu[..., None] + beta @ data.study_mean.T
        gap = points[..., 2 + covariates :] - data.weight * mean
        u = tau[..., None] ** (1 - data.weight) * gap
        found |= {"tau": tau, "u": u}
        theta = theta + u[..., data.study.astype(np.int64)]
    return found | {"theta": theta}


def _membership(study: npt.NDArray[np.int64]) -> Array:
    """Return 1 where an arm (column) belongs to a study (row)."""
    return (np.arange(study.max() + 1)[:, None] == study).astype(np.float64)


def _study_means(members: Array, n: Array, centred: Array) -> Array:
    """Return each study's mean covariates, weighted by patients."""
    # Half a patient each keeps a study without patients defined.
    weights = members * (n + 0.5)
    return weights @ centred / weights.sum(axis=1, keepdims=True)


def _weights(members: Array, events: Array, n: Array) -> Array:
    """Return how far each study effect is centred: near 1 where the data say more than the law."""
    events, n = members @ events, members @ n
    rate = (events + 0.5) / (n + 1)
    information = n * rate * (1 - rate) * TYPICAL_TAU**2
    return np.asarray(information / (1 + information), dtype=np.float64)


def _start_of_tau(bounds: Array, rng: np.random.Generator) -> float:
    if np.isinf(bounds[1]):
        return float(np.log(TYPICAL_TAU) + rng.normal(scale=0.3))
    return float(rng.normal(scale=0.5))


def _tau(bounds: Array, x: Array) -> Array:
    low, high = bounds
    return low + (np.exp(x) if np.isinf(high) else (high - low) * expit(x))
