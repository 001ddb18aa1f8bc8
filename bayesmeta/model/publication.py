"""How the publication of a study depends on its size and its effect: the selection model for counts.

For a study of n patients with standardised effect z::

    P(published | z) = Phi((a + rho z) / sqrt(1 - rho**2)),  a = a0 + a1 sqrt(n)

so that P(published) = Phi(a) over all z. The intercept and the slope follow from the probabilities for
the smallest and the largest study. Evidence says nearly nothing about rho, which is given.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import STUDY
from bayesmeta.model.limits import refuse_several
from bayesmeta.model.links import log_normal_cdf
from bayesmeta.model.spec import ModelSpec
from bayesmeta.numeric import is_number

CERTAIN = 40.0
"""Probit of a probability of 1."""


@dataclass(frozen=True)
class Publication:
    """The probability that a study is published, by its size and its effect.

    Parameters
    ----------
    smallest, largest : float
        Probability that a study as small as the smallest, and as large as the largest, is published.
        Where all studies are of one size, `smallest` is that of each.
    rho : float
        Correlation between the standardised effect and the propensity to publish; above 0, studies
        with high rates are published more often.

    Raises
    ------
    SettingsError
        If a probability is not above 0 and below 1, `smallest` exceeds `largest`, or `rho` does not lie
        between -1 and 1.

    References
    ----------
    Copas & Shi 2000, doi:10.1093/biostatistics/1.3.247.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> found = bm.Publication(smallest=0.5, largest=0.99, rho=0.9)
    >>> found.probabilities([16, 64, 256]).round(2).tolist()
    [0.5, 0.78, 0.99]
    >>> round(found.unpublished([16, 64, 256]), 1)
    1.3
    """

    smallest: float
    largest: float
    rho: float

    def __post_init__(self) -> None:
        for name in ("smallest", "largest"):
            check_probability(name, getattr(self, name))
        if self.smallest > self.largest:
            raise SettingsError(
                f"`smallest` must not exceed `largest`; got {self.smallest:g} and {self.largest:g}. A larger study is "
                "published at least as often."
            )
        if not is_number(self.rho) or not -1 < self.rho < 1:
            raise SettingsError(
                f"`rho` must lie above -1 and below 1; got {self.rho!r}. Take 0.9 for strong selection."
            )

    def intercepts(self, n: Any) -> Array:
        """Return the probit of the probability of publication of studies of `n` patients."""
        root = np.sqrt(np.asarray(n, dtype=np.float64))
        some = root > 0
        if not some.any():
            return np.full(root.shape, CERTAIN)
        low, high = ndtri(self.smallest), ndtri(self.largest)
        least, reach = root[some].min(), np.ptp(root[some])
        slope = (high - low) / reach if reach > 0 else 0.0
        # Studies without patients tell nothing, nor does it matter that they are known.
        return np.where(some, low + slope * (root - least), CERTAIN)

    def probabilities(self, n: Any) -> Array:
        """Return the probability of publication of studies of `n` patients."""
        return np.asarray(ndtr(self.intercepts(n)))

    def unpublished(self, n: Any) -> float:
        """Return how many studies are expected unpublished beside published ones of `n` patients."""
        a = self.intercepts(n)
        return float((ndtr(-a) / ndtr(a)).sum())

    def of(self, n: Array) -> Array:
        """Return intercept and slope of the probit in the standardised effect, and log P(published).

        Shape (study, 3).
        """
        a, root = self.intercepts(n), sqrt(1 - self.rho**2)
        return np.column_stack([a / root, np.full(a.size, self.rho / root), log_ndtr(a)])


def check_probability(name: str, value: object) -> None:
    """Raise unless a value is a probability above 0 and below 1."""
    if not is_number(value) or not 0 < value < 1:
        raise SettingsError(
            f"`{name}` must be a probability above 0 and below 1; got {value!r}. Write 50% as 0.5."
        )


def publication_to_pymc(published: Array, z: Any) -> None:
    """Add to a model the probability of publication given the effects, over that of any effect."""
    import pymc as pm
    import pytensor.tensor as pt

    at = published[:, 0] + published[:, 1] * z
    pm.Potential("published", pt.sum(log_normal_cdf(at) - published[:, 2]))


def check_publication(spec: ModelSpec, arms: Arms, what: str) -> None:
    """Raise unless the publication of studies can be modelled beside a model; `what` asks for it."""
    refuse_several(arms, what)
    if reason := why_no_publication(spec):
        raise SettingsError(
            f"{what} is not available for {spec.name}: {reason}. Fit a model with NormalEffects, without slopes by "
            "study."
        )


def why_no_publication(spec: ModelSpec) -> str:
    """Return why the publication of studies cannot be modelled beside a model; empty if it can."""
    effects = spec.study_effects
    if spec.covariates.elicited:
        return "studies have elicited biases, which the probability of publication would depend on, too"
    if spec.curve is not None:
        return "the selection model is of counts of responders, and the model is of survival"
    if not effects.pools or effects.tau is None:
        return f"effects of studies do not come from one distribution ({effects.name})"
    by_study = any(STUDY in term.columns for term in spec.covariates.parsed.levels)
    if not effects.is_normal or by_study:
        found = "slopes by study" if by_study else f"{effects.name} study effects"
        return (
            "the probability of publication of a study of n patients has a closed form for normal study effects "
            f"alone, and the model has {found}"
        )
    return ""
