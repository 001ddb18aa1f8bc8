"""Powers of the likelihood of arms: how evidence that is less sure counts for less.

The likelihood of an arm is taken to a power from 0 (left out) to 1 (as it is). That of a binomial count
is then the likelihood of ``power * events`` of ``power * n``, whose coefficient is to that power, too.

Ibrahim & Chen 2000, doi:10.1214/ss/1009212673 (power priors).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import gammaln

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.evidence import Arms
from bayesmeta.model.likelihoods import Binomial
from bayesmeta.model.links import Link

if TYPE_CHECKING:
    from bayesmeta.model.design import Design


def weighted_to_pymc(link: Link, arms: Arms, theta: Any, weights: Array) -> None:
    """Create the observed `events` of arms whose likelihoods are to a power, inside a PyMC model."""
    import pymc as pm

    def log_power(events: Any, theta: Any, n: Any, power: Any) -> Any:
        return power * Binomial(link).log_mass(events, theta, n)

    given = {"logp": log_power, "observed": arms.events, "dims": "arm", "dtype": "int64"}
    pm.CustomDist("events", theta, arms.n, weights, **given)


def weighted_counts(arms: Arms, weights: Array | None) -> tuple[Array, Array, Array]:
    """Return responders, patients and log binomial coefficients by weight, each of shape (arm,)."""
    events, n = arms.events, arms.n
    coefficients = gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1)
    powers = np.ones(len(arms)) if weights is None else weights
    return powers * events, powers * n, powers * coefficients


def check_weights(design: "Design", what: str) -> None:
    """Raise unless likelihoods of arms may be to a power; `what` asks for it."""
    if reason := why_no_weights(design):
        raise SettingsError(
            f"{what} is not available for {design.spec.name}: {reason}. Leave it out."
        )


def why_no_weights(design: "Design") -> str:
    """Return why likelihoods of arms may not be to a power; empty if they may."""
    likelihood = design.spec.likelihood
    if not isinstance(likelihood, Binomial):
        return (
            f"a {likelihood.words} likelihood to a power is not that of fewer patients, since patients of an arm are "
            "correlated"
        )
    if design.totals.arm.size:
        return "totals over levels have a likelihood of their own"
    return ""
