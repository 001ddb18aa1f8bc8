"""A single-arm trial: which numbers of responders succeed, and how probable that is."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.planning.analysis_priors import AnalysisPrior, belief, check_analysis_prior
from bayesmeta.planning.arguments import (
    check_distribution,
    check_events,
    check_mixture,
    check_open,
    check_patients,
    check_rates,
)
from bayesmeta.planning.certainty import Certainty, Trial
from bayesmeta.planning.counts import hypergeometric, in_set, posterior_tail
from bayesmeta.planning.design_prior import (
    BayesianCharacteristics,
    alternative_of,
    single_arm_design,
)
from bayesmeta.planning.estimation import estimation
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.success import Success, as_success


class CountDistribution(Protocol):
    """The prior of the rate: a BetaMixture, or a prediction's distribution."""

    def pmf(self, n: int) -> Array:
        """Return the probabilities of 0 to n responders out of n, shape (n + 1,)."""


@dataclass(frozen=True)
class SingleArmTrial(Trial):
    """A trial of n patients that succeeds if its posterior distribution meets conditions.

    Everything is exact: counts are enumerated, nothing is simulated.

    Parameters
    ----------
    n : int
        Patients.
    prior : BetaMixture or SamPrior
        Distribution of the rate that the analysis starts from.
    success : Success or str
        Such as ``"P(rate > 0.35) > 0.9"``.

    Raises
    ------
    SettingsError
        If `n` is not a whole number of at least 1, or `success` cannot be read or is of two arms.

    Examples
    --------
    >>> from bayesmeta.planning.mixtures import BetaMixture
    >>> trial = SingleArmTrial(40, BetaMixture([1], a=[1], b=[1]), "P(rate > 0.35) > 0.9")
    >>> trial.boundary
    18
    >>> print(f"{trial.type_one_error():.3f}")
    0.124

    References
    ----------
    Neuenschwander, Rouyrre, Hollaender, Zuber & Branson 2011, doi:10.1002/sim.3997 (conditions on
    certainty and on the estimate together).
    """

    n: int
    prior: AnalysisPrior
    success: Success

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", check_patients("n", self.n))
        check_analysis_prior("prior", self.prior)
        object.__setattr__(self, "success", as_success(self.success))
        if self.success.of_two_arms:
            raise SettingsError(
                f"`success` of a single arm is on the rate; got {self.success}. For a difference, use TwoArmTrial, or plan_two_arms."
            )

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """Posterior probability of each condition, and `success`, for every number of responders."""
        table = pd.DataFrame(index=pd.RangeIndex(self.n + 1, name="events"))
        for each, found in zip(self.success.conditions, self._probabilities, strict=True):
            table[f"P(rate {each.direction} {each.threshold:.15g})"] = found
        return table.assign(success=self.successes)

    @property
    def boundary(self) -> int | None:
        """Smallest number of responders that succeeds; None where none does, 0 where all do.

        All larger numbers succeed too where the conditions ask for a rate above their thresholds;
        see `monotone`.
        """
        return int(self.successes.argmax()) if self.successes.any() else None

    @property
    def largest(self) -> int | None:
        """Largest number of responders that succeeds; None where none does."""
        return int(np.flatnonzero(self.successes)[-1]) if self.successes.any() else None

    @property
    def monotone(self) -> bool:
        """Whether every number of responders from the boundary on succeeds."""
        return bool((np.diff(self.successes.astype(int)) >= 0).all())

    @property
    def words(self) -> str:
        """Which numbers of responders succeed, such as ``18 or more of 40``."""
        first, last = self.boundary, self.largest
        if first is None:
            return f"none of 0 to {self.n}"
        if not self.successes[first:last].all():
            return f"{self.successes.sum()} numbers from {first} to {last} of {self.n}"
        if (first, last) == (0, self.n):
            return f"all of 0 to {self.n}"
        if last == self.n:
            return f"{first} or more of {self.n}"
        return f"{last} or fewer of {self.n}" if first == 0 else f"{first} to {last} of {self.n}"

    def operating_characteristics(self, rates: npt.ArrayLike) -> pd.DataFrame:
        """Return the probability of success for true rates, in columns `rate` and `success`."""
        true = check_rates("rates", rates)
        return pd.DataFrame({"rate": true, "success": in_set(self.successes, true)})

    def type_one_error(self, null_rate: float | None = None) -> float:
        """Return the probability of success at a true rate that should not succeed.

        It is `null_rate`, or the threshold of the most certain condition where None.
        """
        rate = self.success.null_value if null_rate is None else check_open("null_rate", null_rate)
        return float(in_set(self.successes, np.array([rate]))[0])

    @cached_property
    def threshold_errors(self) -> pd.DataFrame:
        """Probability of success where the true rate is a threshold of the conditions.

        Columns `threshold`, "null" or "decision value"; `rate`; and `success`, which is the type-I
        error at the null.
        """
        table = pd.DataFrame(self.success.thresholds, columns=["threshold", "rate"])
        return table.assign(success=in_set(self.successes, table["rate"].to_numpy()))

    def certainty_for(self, alpha: float) -> Certainty:
        """Return the smallest certainty of the most certain condition that keeps the type-I error.

        `alpha` is the largest error allowed at the null value; one-sided.
        """
        null = np.array([self.success.null_value])
        return self._certainty_for(alpha, lambda met: float(in_set(met, null)[0]))

    def probability_of_success(
        self, distribution: CountDistribution | None = None, *, events: int = 0, n: int = 0
    ) -> float:
        """Return the probability of success at the end, before the trial or at an interim.

        It is averaged over what `distribution`, a BetaMixture or that of a prediction (the prior of
        the analysis where None), says after `events` responders of the `n` patients seen so far; see
        Spiegelhalter, Freedman & Blackburn 1986, doi:10.1016/0197-2456(86)90003-6.
        """
        events, n = check_events(events, n, self.n)
        distribution = (
            belief(self.prior, events=events, n=n) if distribution is None else distribution
        )
        check_distribution("distribution", distribution)
        return min(
            float(count_distribution_after(distribution, self.n, events, n) @ self.successes), 1.0
        )

    def bayesian_characteristics(
        self, design: BetaMixture | None = None, *, alternative: float | None = None
    ) -> BayesianCharacteristics:
        """Return P(success), P(rate <= null | success) and P(rate > alternative | failure).

        They are averaged over the design prior, the prior of the analysis where None. The null is
        that of `success`; `alternative` is the farthest of its thresholds where None.

        Examples
        --------
        >>> from bayesmeta.planning.mixtures import BetaMixture
        >>> trial = SingleArmTrial(40, BetaMixture([1], a=[1], b=[1]), "P(rate > 0.35) > 0.9")
        >>> found = trial.bayesian_characteristics(BetaMixture([1], a=[12], b=[18]))
        >>> round(found.success, 3), round(found.false_success, 3), round(found.missed, 3)
        (0.368, 0.038, 0.555)

        References
        ----------
        O'Hagan, Stevens & Campbell 2005, doi:10.1002/pst.175 (assurance).
        Best, Ajimi, Neuenschwander, Saint-Hilary & Wandel 2023, doi:10.48550/arXiv.2309.02141.
        """
        design = belief(self.prior) if design is None else design
        check_mixture("design", design)
        other = alternative_of(self.success, alternative)
        joint = single_arm_design(design, self.n, self.success, other)
        return joint.characteristics(self.successes)

    def estimation(self, rates: npt.ArrayLike) -> pd.DataFrame:
        """Return the properties of the posterior mean as an estimate of true rates.

        Columns `rate`; `bias` and `mse`, the mean error and the mean squared error (probability);
        and `ess`, the mean of the posterior's effective sample size (by moments) less n: what the
        prior is worth in patients once the data are in, which is less where they conflict.
        """
        return estimation(self.prior, self.n, check_rates("rates", rates))

    @cached_property
    def _probabilities(self) -> list[Array]:
        return [
            posterior_tail(self.prior, self.n, each.threshold, above=each.direction == ">")
            for each in self.success.conditions
        ]


def count_distribution_after(
    distribution: CountDistribution, total: int, events: int, n: int
) -> Array:
    """Return the probabilities of 0 to `total` responders once `events` of the first n are seen."""
    # Patients are exchangeable, so that a distribution of counts is all that is needed.
    joint = distribution.pmf(total) * hypergeometric(total, n, np.array([events]))[:, 0]
    seen = joint.sum()
    if not seen > 0:
        raise SettingsError(
            f"`distribution` holds {events} responders of {n} to be impossible, so that it has no posterior after them."
        )
    return np.asarray(joint / seen)
