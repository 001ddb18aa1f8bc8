"""What is integrated over the effect of one study: its logarithm, in compiled code; values alone.

The sampler's density has derivatives, too, and sums over patients for the beta-binomial; integrals
need neither.
"""

from math import exp, lgamma, log, log1p, pi
from typing import NamedTuple

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.density.effects import LOG_ROOT_TWO_PI, NORMAL, log_distribution
from bayesmeta.inference.density.likelihoods import log_rates

LOGIT, BINOMIAL = 0, 0
SMALLEST_RHO = 1e-14
"""Overdispersion below which a beta-binomial is a binomial to every digit."""
ASYMPTOTIC = 12.0
"""Argument from which Stirling's series of three terms is exact to 1e-12."""


@compiled
def log_arm(  # noqa: PLR0917
    likelihood: int, link: int, events: float, n: float, theta: float, rho: float
) -> float:
    """Return the log likelihood of `events` of `n` at linear predictor theta.

    `likelihood` and `link` are the codes of their classes; `rho` is the overdispersion of a
    beta-binomial.
    """
    others = n - events
    if link == LOGIT:
        soft = log1p(exp(-abs(theta)))
        log_rate, log_rest = (-soft, -theta - soft) if theta > 0 else (theta - soft, -soft)
    else:
        log_rate, log_rest = log_rates(link, theta)[:2]
    if likelihood != BINOMIAL and rho > SMALLEST_RHO:
        size = (1 - rho) / rho
        value = _log_rising(events, size, log_rate) + _log_rising(others, size, log_rest)
        return value - _log_rising(n, size, 0.0)
    value = 0.0
    # Nothing is added for no responders or no others, whatever their logarithm.
    if events > 0:
        value += events * log_rate
    if others > 0:
        value += others * log_rest
    return value


@compiled
def _log_rising(count: float, size: float, log_share: float) -> float:
    """Return the log of a (a + 1) ... (a + count - 1) with a = size exp(log_share).

    A difference of log gamma functions would cancel for large a, and its first factor, by itself,
    cannot underflow.
    """
    if count == 0:
        return 0.0
    a = size * exp(log_share) + 1
    value, left, product = log(size) + log_share, count - 1, 1.0
    while left > 0 and a < ASYMPTOTIC:
        product *= a
        a += 1
        left -= 1
    value += log(product)
    if left == 0:
        return value
    end = a + left
    value += (a - 0.5) * log1p(left / a) + left * (log(end) - 1)
    return value + _correction(end) - _correction(a)


@compiled
def _correction(x: float) -> float:
    """Return what Stirling's formula lacks of the log gamma function."""
    y = 1 / (x * x)
    return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x


STUDENT = 1
"""Code of a distribution whose constant is computed once: it takes longer than all the rest."""

MANY = 100.0
"""Degrees of freedom from which the constant of a Student t distribution is had from its series."""


class StudyArms(NamedTuple):
    """The arms of one study. `level` and `information` only say where to look."""

    eta: Array
    """Linear predictor of each arm without effects, shape (arm,)."""
    events: Array
    """Responders, shape (arm,)."""
    n: Array
    """Patients, shape (arm,)."""
    spread: Array
    """Standard deviation of each arm's own normal perturbation, shape (arm,)."""
    level: Array
    """Empirical linear predictor of each arm, shape (arm,)."""
    information: Array
    """Information on it, the inverse of its variance, shape (arm,)."""


class Kind(NamedTuple):
    """How events follow from a linear predictor."""

    likelihood: int
    """Code of the likelihood's class."""
    link: int
    """Code of the link's class."""
    rho: float
    """Overdispersion of a beta-binomial."""


class Distribution(NamedTuple):
    """A distribution of study effects, on the scale of the link."""

    code: int
    """Code of its class."""
    tau: float
    """Its scale."""
    own: float
    """Its own parameter."""
    fixed: float
    """Its fixed number."""
    constant: float
    """What the log density at scale 1 lacks: all that does not depend on the effect."""


class Study(NamedTuple):
    """What is integrated over: arms, each `shift` above its linear predictor, and a distribution."""

    arms: StudyArms
    shift: float
    kind: Kind
    distribution: Distribution


@compiled
def _constant_of_student(nu: float) -> float:
    """Return the log density at zero of a Student t distribution with scale 1."""
    if nu < MANY:
        return lgamma((nu + 1) / 2) - lgamma(nu / 2) - 0.5 * log(nu * pi)
    # The log gamma functions would cancel (Abramowitz & Stegun 6.1.47).
    y = 1 / (nu * nu)
    series = (-1 / 4 + y * (1 / 24 - y * (1 / 20 - y * 17 / 112))) / nu
    return series - LOG_ROOT_TWO_PI


@compiled
def distribution_of(code: int, tau: float, own: float, fixed: float) -> Distribution:
    """Return a distribution with its constant."""
    constant = -log(tau)
    if code == NORMAL:
        constant -= LOG_ROOT_TWO_PI
    if code == STUDENT:
        constant += _constant_of_student(own)
    return Distribution(code, tau, own, fixed, constant)


@compiled
def log_effect(u: float, study: Study) -> float:
    """Return the log density of the study effect at `u`."""
    code, tau, own, fixed, constant = study.distribution
    x = u / tau
    if code == NORMAL:
        return constant - 0.5 * x * x
    if code == STUDENT:
        return constant - 0.5 * (own + 1) * log1p(x * x / own)
    return constant + log_distribution(code, x, own, fixed)[0]


@compiled
def log_arm_at(i: int, u: float, study: Study) -> float:
    """Return the log likelihood of arm `i` at effect `u`, its perturbation left out."""
    arms, kind = study.arms, study.kind
    theta = arms.eta[i] + study.shift + u
    return log_arm(kind.likelihood, kind.link, arms.events[i], arms.n[i], theta, kind.rho)


@compiled
def log_arms(u: float, study: Study) -> float:
    """Return the log likelihood of all arms at effect `u`, their perturbations left out."""
    total = 0.0
    for i in range(study.arms.eta.size):
        total += log_arm_at(i, u, study)
    return total


@compiled
def log_integrand(u: float, study: Study) -> float:
    """Return the log likelihood of the arms and the log density of the effect together."""
    return log_arms(u, study) + log_effect(u, study)
