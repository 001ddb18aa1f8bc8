"""`effective_sample_size`: the number of patients that a prior of a rate is worth."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from scipy.integrate import tanhsinh
from scipy.optimize import minimize_scalar
from scipy.special import betaln, expit, logsumexp

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.planning.counts import log_rates
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.robust import mixture_of

Method = Literal["elir", "moment", "morita"]

FLATTENED = 100.0
"""How many times less than one patient the vague prior of Morita's method is worth."""

GRID = 2001

REACH = np.array([1, 2, 3, 4, 5, 6, 8, 10, 14], dtype=np.float64)
"""Where the range of integration is cut, in standard deviations from each component's centre
(log-odds): no component is so narrow that the rule overlooks it."""

FADED = 60.0
"""How far below its height (log) the integrand is at the ends of the range."""

TOLERANCE, DECIMALS = 1e-10, 8


def effective_sample_size(prior: BetaMixture | MapPrior, *, method: Method = "elir") -> float:
    """Return the number of patients that a prior of a rate is worth.

    Of a single beta distribution, ``elir`` and ``moment`` give ``a + b``, and ``morita`` about
    that. Of mixtures they differ, as a rule moment < elir < morita.

    Parameters
    ----------
    prior : BetaMixture or MapPrior
        Distribution of the rate.
    method : {"elir", "moment", "morita"}
        ``elir``: the expected ratio of the information of the prior to that of one patient, about
        the log-odds. It alone is predictively consistent: after n patients, it is expected to be n more.
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

    ``elir`` may be below 0 where components disagree near a rate of 0 or 1, as one with ``a`` well
    below 1 and one with ``a`` just above 1. That is its exact value, and no size: use another method.

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


def _elir(prior: BetaMixture) -> float:
    """Return the mean ratio of the prior's information to a patient's, about the log-odds x.

    With rate p, component k has score ``a_k (1 - p) - b_k p`` and information
    ``(a_k + b_k) p (1 - p)``, and one patient has ``p (1 - p)``. So the mean ratio is the mean of
    ``a_k + b_k``, less the mean of

        sum over pairs j < k of  r_j r_k (score_j - score_k)^2 / (p (1 - p))

    with r the probability of each component given x. In this form nothing cancels: all terms are
    positive, and their factors are multiplied by their logs.
    """
    there = np.array(prior.weights) > 0
    weights, a, b = (np.array(each)[there] for each in (prior.weights, *_shapes(prior)))
    for name, values, end in (("a", a, 0), ("b", b, 1)):
        _check_end(name, values, end)
    patients = float(weights @ (a + b))
    if len(weights) == 1:
        return patients
    edges = _edges(a, b)
    found = tanhsinh(
        _disagreement(weights, a, b),
        edges[:-1],
        edges[1:],
        rtol=TOLERANCE,
        atol=TOLERANCE * patients / len(edges),
    )
    return patients - float(found.integral.sum())


def _shapes(prior: BetaMixture) -> list[list[float]]:
    """Return a and b to 12 digits: where they differ by rounding only, they are the same."""
    return [[float(f"{value:.12g}") for value in values] for values in (prior.a, prior.b)]


def _check_end(name: str, values: Array, end: int) -> None:
    """Raise where the mean of the information near an end of the rates is infinite.

    Near a rate of 0 the term of a pair falls as ``p**(a_j + a_k - least a - 1)``: the mean exists
    where every `a` other than the least is above 1.
    """
    low = np.unique(values[values <= 1])
    if low.size > 1:
        raise SettingsError(
            f"`method` 'elir' has no value for this prior: its mean information near a rate of {end} is infinite, since "
            f"components differ in `{name}` where it is at most 1; got {', '.join(f'{value:g}' for value in low)}. "
            f"Give them one `{name}`, or use method='moment'."
        )


def _edges(a: Array, b: Array) -> Array:
    """Return log-odds, rising: at and around the centres of the components, and where all fades."""
    centre, sd = np.log(a / b), np.sqrt(1 / a + 1 / b)
    steps = np.concatenate([-REACH[::-1], [0.0], REACH])
    # Pieces must not be so narrow that nothing lies between their ends.
    cuts = np.unique(np.round(centre + steps[:, None] * sd, DECIMALS))
    ends = cuts[0] - FADED / _fading(a), cuts[-1] + FADED / _fading(b)
    return np.concatenate([ends[:1], cuts, ends[1:]])


def _fading(values: Array) -> float:
    """Return the power of the rate, or of one minus it, at which the pairs' terms fade at its end."""
    others = values[values > values.min()]
    return float(min(others.min(initial=np.inf) - 1, values.min() + 1))


def _disagreement(weights: Array, a: Array, b: Array) -> Callable[[Array], Array]:
    """Return the density of the log-odds times the sum over pairs, as a function of the log-odds."""
    j, k = np.triu_indices(len(weights), 1)
    by_a, by_b = a[j] - a[k], b[j] - b[k]
    with np.errstate(divide="ignore"):
        log_a, log_b = np.log(np.abs(by_a)), np.log(np.abs(by_b))
    constant = np.log(weights) - betaln(a, b)

    def at(log_odds: Array) -> Array:
        x = log_odds[..., None]
        log_rate, log_rest = log_rates(x)
        terms = constant + a * log_rate + b * log_rest
        half = (terms[..., j] + terms[..., k] - logsumexp(terms, axis=-1, keepdims=True)) / 2
        # (score_j - score_k) / sqrt(p (1 - p)) = by_a exp(-x / 2) - by_b exp(x / 2).
        low = np.sign(by_a) * np.exp(log_a + half - x / 2)
        high = np.sign(by_b) * np.exp(log_b + half + x / 2)
        return np.asarray(((low - high) ** 2).sum(axis=-1))

    return at


_METHODS: dict[str, Callable[[BetaMixture], float]] = {
    "elir": _elir,
    "moment": _moment,
    "morita": _morita,
}
