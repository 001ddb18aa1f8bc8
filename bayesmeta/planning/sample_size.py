"""`effective_sample_size`: the number of patients that a prior of a rate is worth."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import betaln, expit, logsumexp

from bayesmeta.errors import SettingsError
from bayesmeta.planning.elir import elir
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.robust import mixture_of

__all__ = ["effective_sample_size"]

Array = npt.NDArray[np.float64]

Method = Literal["elir", "moment", "morita"]

FLATTENED = 100.0
"""How many times less than one patient the vague prior of Morita's method is worth."""

GRID = 2001


def effective_sample_size(prior: BetaMixture | MapPrior, *, method: Method = "elir") -> float:
    """Return the number of patients that a prior of a rate is worth.

    Of a single beta distribution, ``elir`` and ``moment`` give ``a + b``, and ``morita`` about
    that. Of mixtures they differ, as a rule moment < elir < morita.

    Parameters
    ----------
    prior : BetaMixture or MapPrior
        Distribution of the rate.
    method : {"elir", "moment", "morita"}
        ``elir``: the expected ratio of the information of the prior to that of one patient, both
        about the log-odds. It alone is predictively consistent: after n patients, the expected size
        is n more. By quadrature.
        ``moment``: that of the beta distribution with the same mean and standard deviation.
        ``morita``: information of the prior at its mode, less that of a vague prior, over that of
        one patient there, as in equation 9 of Neuenschwander et al.; it depends on one point.

    Raises
    ------
    SettingsError
        If there is no such method; if two components have different `a`, or `b`, of at most 1, so that
        no ``elir`` exists; or if the mode is at 0 or 1, where ``morita`` has no meaning.

    Notes
    -----
    RBesT takes ``elir`` about the rate itself. That is smaller by the prior's density at 0 plus
    that at 1, which are 0 unless a component has ``a`` or ``b`` of 1; a uniform distribution would
    be worth 0 patients that way, and is worth 2 this way.

    ``elir`` is below 0 where components disagree near a rate of 0 or 1 by more than they know, as one
    with ``a`` well below 1 and one with ``a`` just above 1. That is its exact value, and no size: go
    by another method there.

    References
    ----------
    Neuenschwander, Weber, Schmidli & O'Hagan 2020, doi:10.1111/biom.13252.
    Morita, Thall & Müller 2008, doi:10.1111/j.1541-0420.2007.00888.x.

    Examples
    --------
    >>> prior = BetaMixture([0.2, 0.8], a=[1, 10], b=[1, 2])
    >>> [round(effective_sample_size(prior, method=m), 2) for m in ("moment", "elir", "morita")]
    [3.16, 8.05, 8.49]
    """
    if not isinstance(method, str) or method not in _METHODS:
        raise SettingsError(f"`method` must be one of {', '.join(_METHODS)}; got {method!r}.")
    return _METHODS[method](mixture_of(prior))


def _components(prior: BetaMixture, log_rate: Array, log_rest: Array) -> tuple[Array, Array]:
    """Return the log density of the log-odds, and the probability of each component given them."""
    weights, a, b = map(np.array, (prior.weights, prior.a, prior.b))
    terms = np.multiply.outer(log_rate, a) + np.multiply.outer(log_rest, b) - betaln(a, b)
    log_density = logsumexp(terms, axis=1, b=weights)
    return log_density, np.exp(terms - log_density[:, None]) * weights


def _moment(prior: BetaMixture) -> float:
    mean = prior.mean
    return float(mean * (1 - mean) / prior.sd**2 - 1)


def _morita(prior: BetaMixture) -> float:
    """Return the information about the rate at the mode, in patients."""
    mode = _mode(prior)
    a, b = np.array(prior.a), np.array(prior.b)
    _, [belongs] = _components(prior, np.log([mode]), np.log1p([-mode]))
    slope = (a - 1) / mode - (b - 1) / (1 - mode)
    bend = -(a - 1) / mode**2 - (b - 1) / (1 - mode) ** 2
    information = float((belongs @ slope) ** 2 - belongs @ (bend + slope**2))
    vague = (mode / FLATTENED - 1) / mode**2 + ((1 - mode) / FLATTENED - 1) / (1 - mode) ** 2
    response = prior.mean
    patient = response / mode**2 + (1 - response) / (1 - mode) ** 2
    return (information - vague) / patient


def _mode(prior: BetaMixture) -> float:
    """Return the rate of the greatest density."""
    grid = np.unique(
        np.r_[np.linspace(0, 1, GRID), expit(np.linspace(-20, 20, GRID)), _peaks(prior)]
    )
    density = prior.pdf(grid)
    top = int(density.argmax())
    if np.allclose(density, density[top], rtol=1e-9):
        return 0.5
    if not 0 < top < grid.size - 1:
        raise SettingsError(
            f"`method` 'morita' needs a prior whose density is greatest between 0 and 1; got one at {grid[top]:g}. "
            "Use method='elir'."
        )
    found = minimize_scalar(
        lambda rate: -float(prior.log_pdf(rate)),
        bounds=(grid[top - 1], grid[top + 1]),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return float(found.x)


def _peaks(prior: BetaMixture) -> Array:
    """Return the modes of the components, so narrow that the grid may miss them."""
    a, b = np.array(prior.a), np.array(prior.b)
    inside = (np.array(prior.weights) > 0) & (a > 1) & (b > 1)
    return np.asarray((a[inside] - 1) / (a[inside] + b[inside] - 2))


_METHODS: dict[str, Callable[[BetaMixture], float]] = {
    "elir": elir,
    "moment": _moment,
    "morita": _morita,
}
