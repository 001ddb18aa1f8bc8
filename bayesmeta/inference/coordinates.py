"""Between a design and the sampler's coordinates: arrays in, starting points, draws out."""

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln, logit

from bayesmeta.inference.density import DensityData
from bayesmeta.inference.kernels import TAU_SCALE
from bayesmeta.model import Design

__all__ = ["density_data", "size", "starting_point", "translate"]

Array = npt.NDArray[np.float64]


def density_data(design: Design) -> DensityData:
    """Return the arrays that the compiled density needs."""
    arms, spec = design.arms, design.spec
    events, n = arms.events.astype(np.float64), arms.n.astype(np.float64)
    tau = spec.study_effects.tau
    kernels = [spec.mu.kernel, *(prior.kernel for prior in design.beta)]
    if tau is not None:
        kernels.append(tau.kernel)
    study = arms.study_index
    means = _study_means(design.matrix, n, study)
    centre = design.matrix.mean(axis=0)
    log_odds, information = _empirical(
        np.bincount(study, weights=events), np.bincount(study, weights=n)
    )
    return DensityData(
        events=events,
        n=n,
        study=study.astype(np.float64),
        log_coefficient=gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1),
        deviation=design.matrix - means[study],
        study_mean=means - centre,
        centre=centre,
        log_odds=log_odds,
        information=information,
        priors=np.array([[*kernel] for kernel in kernels], dtype=np.float64),
        tau_bounds=np.array(tau.support if tau is not None else (0.0, np.inf)),
    )


def size(data: DensityData) -> int:
    """Return the number of coordinates."""
    studies = data.log_odds.size if _has_effects(data) else -1
    return 1 + data.centre.size + 1 + studies


def starting_point(data: DensityData, rng: np.random.Generator) -> Array:
    """Return a point near the data from which a chain may start, different for each call."""
    rate = (data.events.sum() + 0.5) / (data.n.sum() + 1)
    point = rng.normal(scale=0.3, size=size(data))
    point[0] += logit(rate)
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
    place = 1 + data.centre.size
    beta = points[..., 1:place]
    found = {"mu": points[..., 0] - beta @ data.centre}
    if beta.size:
        found["beta"] = beta
    level = points[..., :1] + beta @ data.study_mean.T
    if _has_effects(data):
        tau = _tau(data.tau_bounds, points[..., place])
        u = _effects(data, tau[..., None], level, points[..., place + 1 :])
        found |= {"tau": tau, "u": u}
        level = level + u
    return found | {"theta": level[..., data.study.astype(np.int64)] + beta @ data.deviation.T}


def _has_effects(data: DensityData) -> bool:
    return len(data.priors) > 1 + data.centre.size


def _effects(data: DensityData, tau: Array, means: Array, z: Array) -> Array:
    """Return the study effects u that z stands for; see `density`."""
    rest = 1 / (1 + tau**2 * data.information)
    return np.asarray((1 - rest) * (data.log_odds - means) + tau * np.sqrt(rest) * z)


def _tau(bounds: Array, x: Array) -> Array:
    low, high = bounds
    if np.isinf(high):
        return np.asarray(TAU_SCALE * np.exp(x - np.logaddexp(0, -x) ** 2 / 2))
    return np.asarray(low + (high - low) * expit(x))


def _study_means(matrix: Array, n: Array, study: npt.NDArray[np.int64]) -> Array:
    """Return each study's mean covariates, weighted by patients."""
    # Half a patient each keeps a study without patients defined.
    weights = (np.arange(study.max() + 1)[:, None] == study) * (n + 0.5)
    return np.asarray(weights @ matrix / weights.sum(axis=1, keepdims=True))


def _empirical(events: Array, n: Array) -> tuple[Array, Array]:
    """Return each study's log-odds and the information on it, with half a patient more each way."""
    responders, others = events + 0.5, n - events + 0.5
    return np.log(responders / others), np.where(n > 0, responders * others / (n + 1), 0.0)
