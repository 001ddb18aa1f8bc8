"""A two-arm trial whose control borrows from history: which counts succeed, and how probably."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import SettingsError
from bayesmeta.planning.analysis_priors import AnalysisPrior, belief, check_analysis_prior
from bayesmeta.planning.arguments import (
    check_distribution,
    check_mixture,
    check_patients,
    check_rates,
    check_width,
)
from bayesmeta.planning.certainty import Certainty, Trial
from bayesmeta.planning.counts import binomial_pmf, posteriors
from bayesmeta.planning.design_prior import (
    BayesianCharacteristics,
    alternative_of,
    two_arm_design,
)
from bayesmeta.planning.difference import Betas, difference_above
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.single_arm import CountDistribution
from bayesmeta.planning.success import Success, as_success

ROUNDING = 1e-12
"""How far beyond 0 or 1 a sum of two rates may be by rounding."""


@dataclass(frozen=True)
class TwoArmTrial(Trial):
    """A trial of a treated and a control arm, decided on the difference of their rates.

    Posterior probabilities of differences are computed by quadrature, all else by enumeration of
    both arms' counts; nothing is simulated.

    Parameters
    ----------
    n_treated, n_control : int
        Patients of each arm; no patients of control where history alone serves as one.
    prior_treated, prior_control : BetaMixture or SamPrior
        Distributions of the rates that the analysis starts from.
    success : Success or str
        Such as ``"P(rate - control > 0.1) > 0.9"``.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or `success` is not on the difference.

    Examples
    --------
    >>> from bayesmeta.planning.mixtures import BetaMixture
    >>> vague, history = BetaMixture([1], a=[1], b=[1]), BetaMixture([1], a=[10], b=[30])
    >>> trial = TwoArmTrial(24, 6, vague, history, "P(rate - control > 0) > 0.95")
    >>> trial.boundary["smallest"].tolist()
    [10, 11, 11, 12, 12, 13, 14]

    References
    ----------
    Schmidli, Gsteiger, Roychoudhury, O'Hagan, Spiegelhalter & Neuenschwander 2014,
    doi:10.1111/biom.12242.
    """

    n_treated: int
    n_control: int
    prior_treated: AnalysisPrior
    prior_control: AnalysisPrior
    success: Success

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_treated", check_patients("n_treated", self.n_treated))
        object.__setattr__(self, "n_control", check_patients("n_control", self.n_control, least=0))
        check_analysis_prior("prior_treated", self.prior_treated)
        check_analysis_prior("prior_control", self.prior_control)
        check_width("prior_treated", self.prior_treated)
        check_width("prior_control", self.prior_control)
        object.__setattr__(self, "success", as_success(self.success))
        if not self.success.of_two_arms:
            raise SettingsError(
                f"`success` of two arms is on their difference, such as P(rate - control > 0) > 0.9; got {self.success}."
            )

    @property
    def boundary(self) -> pd.DataFrame:
        """Smallest and largest number of treated responders that succeeds, for each of control.

        Missing where none does. All numbers between succeed, too.
        """
        first = self.successes.argmax(axis=1)
        last = self.n_treated - self.successes[:, ::-1].argmax(axis=1)
        index = pd.RangeIndex(self.n_control + 1, name="control_events")
        table = pd.DataFrame({"smallest": first, "largest": last}, index=index, dtype="Int64")
        table.loc[~self.successes.any(axis=1)] = pd.NA
        return table

    def operating_characteristics(
        self, rates: npt.ArrayLike, controls: npt.ArrayLike
    ) -> pd.DataFrame:
        """Return the probability of success for every pair of true rates of the two arms.

        The table has columns `rate`, `control` (probabilities) and `success`, the probability of it.
        """
        true, other = check_rates("rates", rates), check_rates("controls", controls)
        treated, control = binomial_pmf(self.n_treated, true), binomial_pmf(self.n_control, other)
        success = np.clip(control @ self.successes @ treated.T, 0, 1)
        return pd.DataFrame(
            {
                "rate": np.tile(true, len(other)),
                "control": np.repeat(other, len(true)),
                "success": success.ravel(),
            }
        )

    def type_one_error(self, controls: npt.ArrayLike) -> pd.DataFrame:
        """Return the probability of success where the true difference is that of the null.

        That is the threshold of the most certain condition. `controls` are true rates (probability)
        of the control arm; the table has columns `rate`, `control` and `success`.
        """
        other = check_rates("controls", controls)
        null = self.success.null_value
        check_rates("controls + difference", _sum(other, null))
        return self._along(null, other)

    def threshold_errors(self, controls: npt.ArrayLike) -> pd.DataFrame:
        """Return the probability of success where the true difference is a threshold.

        `controls` are true rates (probability) of the control arm; those that leave no room for a
        difference are left out of it. The table has columns `threshold`, "null" or "decision value",
        `difference`, `rate`, `control` and `success`, which is the type-I error at the null.
        """
        other = check_rates("controls", controls)
        tables = [
            self._along(each.value, other).assign(threshold=each.name, difference=each.value)
            for each in self.success.thresholds
        ]
        columns = ["threshold", "difference", "rate", "control", "success"]
        return pd.concat(tables, ignore_index=True)[columns]

    def certainty_for(self, alpha: float, controls: npt.ArrayLike) -> Certainty:
        """Return the smallest certainty of the most certain condition that keeps the type-I error.

        `alpha` is the largest error allowed at any of the true rates `controls`; one-sided.
        """
        table = self.type_one_error(controls)
        treated = binomial_pmf(self.n_treated, table["rate"].to_numpy())
        control = binomial_pmf(self.n_control, table["control"].to_numpy())

        def largest(met: Flags) -> float:
            return float(((control @ met) * treated).sum(axis=1).max())

        return self._certainty_for(alpha, largest)

    def probability_of_success(
        self,
        distribution_treated: CountDistribution | None = None,
        distribution_control: CountDistribution | None = None,
    ) -> float:
        """Return the probability of success before the trial.

        What is believed of each rate is a BetaMixture or the distribution of a prediction; the
        prior of the analysis where None.
        """
        treated = (
            belief(self.prior_treated) if distribution_treated is None else distribution_treated
        )
        control = (
            belief(self.prior_control) if distribution_control is None else distribution_control
        )
        check_distribution("distribution_treated", treated)
        check_distribution("distribution_control", control)
        # No patients of control have one count, 0, whatever is believed of their rate.
        counts = control.pmf(self.n_control) if self.n_control else np.ones(1)
        return min(float(counts @ self.successes @ treated.pmf(self.n_treated)), 1.0)

    def bayesian_characteristics(
        self,
        design_treated: BetaMixture | None = None,
        design_control: BetaMixture | None = None,
        *,
        alternative: float | None = None,
    ) -> BayesianCharacteristics:
        """Return P(success), P(difference <= null | success), P(difference > alternative | failure).

        They are averaged over design priors of the two rates, which are independent; the priors of
        the analysis where None. The null is that of `success`; `alternative`, a difference, is the
        farthest of its thresholds where None. See `SingleArmTrial.bayesian_characteristics`.
        """
        treated = belief(self.prior_treated) if design_treated is None else design_treated
        control = belief(self.prior_control) if design_control is None else design_control
        check_mixture("design_treated", treated)
        check_mixture("design_control", control)
        check_width("design_treated", treated)
        check_width("design_control", control)
        other = alternative_of(self.success, alternative)
        arms = (treated, self.n_treated), (control, self.n_control)
        return two_arm_design(*arms, self.success, other).characteristics(self.successes)

    @cached_property
    def _probabilities(self) -> list[Array]:
        treated = Betas(*posteriors(self.prior_treated, self.n_treated))
        control = Betas(*posteriors(self.prior_control, self.n_control))
        above = [
            difference_above(treated, control, each.threshold) for each in self.success.conditions
        ]
        pairs = zip(above, self.success.conditions, strict=True)
        return [found if each.direction == ">" else 1 - found for found, each in pairs]

    def _along(self, difference: float, controls: Array) -> pd.DataFrame:
        """Return the probability of success where the true difference is this one."""
        true = _sum(controls, difference)
        there = (true >= 0) & (true <= 1)
        treated = binomial_pmf(self.n_treated, true[there])
        control = binomial_pmf(self.n_control, controls[there])
        success = np.clip(((control @ self.successes) * treated).sum(axis=1), 0, 1)
        return pd.DataFrame({"rate": true[there], "control": controls[there], "success": success})


def _sum(controls: Array, difference: float) -> Array:
    """Return rates a difference above others; 0.9 and 0.1 make 1, and not a little more."""
    true = controls + difference
    within = np.clip(true, 0, 1)
    return np.where(np.abs(true - within) < ROUNDING, within, true)
