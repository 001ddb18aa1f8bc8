"""The plan of a single-arm trial that borrows from a meta-analysis: all that its protocol asks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.planning.arguments import check_rates
from bayesmeta.planning.borrowing import NO_BORROWING, borrowing
from bayesmeta.planning.conflict import conflict_table
from bayesmeta.planning.design_prior import (
    BayesianCharacteristics,
    alternative_of,
    single_arm_design,
)
from bayesmeta.planning.interim import Interim, interim_of
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan_priors import ComparedPlan, plan_priors
from bayesmeta.planning.single_arm import SingleArmTrial
from bayesmeta.planning.success import Success, as_success
from bayesmeta.rounding import probability_text

STOP_BELOW = 0.1
"""Predictive probability of success below which a trial is futile, where none is given."""

SPREAD = np.arange(1, 10) / 10
"""True rates where none are given, besides the thresholds; tenths of these where all are small."""


@dataclass(frozen=True, eq=False, repr=False)
class Plan(ComparedPlan[SingleArmTrial]):
    """A single-arm trial analysed with the robust version of a MAP prior; made by `plan`.

    Parameters
    ----------
    map_prior : MapPrior
        Prior that a fit predicts of the rate.
    compared : PlanPriors
        The priors compared, and the weights of the vague component.
    trials : dict of str to SingleArmTrial
        The trial with the MAP prior, its robust version and the uniform prior.
    rates : array
        True rates (probability) of the tables.
    interim : Interim or None
        What a look at patients seen so far finds.
    alternative : float
        True rate (probability) that failure should not miss.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> plan = bm.plan(bm.map_prior(exact, components=1), n=40, success="P(rate > 0.2) > 0.9")
    >>> plan
    Plan(P(rate > 0.2) > 0.9: 12 or more of 40 succeed; type-I error 0.088)
    >>> plan.threshold_errors.round(3)
        prior threshold  rate  success
    0     MAP      null   0.2    0.088
    1  robust      null   0.2    0.088
    2    none      null   0.2    0.088
    """

    shown = "operating_characteristics"

    interim: Interim | None
    alternative: float

    def __repr__(self) -> str:
        error = probability_text(self.trial.type_one_error())
        return f"Plan({self.trial.success}: {self.trial.words} succeed; type-I error {error})"

    @cached_property
    def operating_characteristics(self) -> pd.DataFrame:
        """Probability of success by true rate, with the robust prior."""
        return self.trial.operating_characteristics(self.rates)

    @cached_property
    def threshold_errors(self) -> pd.DataFrame:
        """Probability of success, with each prior, where the true rate is a threshold.

        Columns `prior`, `threshold` ("null" or "decision value"), `rate` and `success`; at the null it
        is the type-I error.
        """
        return self.by_prior(lambda trial: trial.threshold_errors)

    @cached_property
    def borrowing(self) -> pd.DataFrame:
        """The trial under each prior; see `bayesmeta.borrowing`. Averaged over the design prior."""
        priors = {name: each for name, each in self.priors.items() if name != NO_BORROWING}
        return borrowing(
            self.trial.n,
            self.trial.success,
            priors,
            rates=self.rates,
            distribution=self.design,
            alternative=self.alternative,
        )

    @property
    def design(self) -> BetaMixture:
        """The design prior: the MAP prior where no other was given."""
        found = self.compared.design
        return self.compared.history if found is None else found

    @cached_property
    def characteristics(self) -> dict[str, BayesianCharacteristics]:
        """Bayesian operating characteristics with each prior, averaged over the design prior."""
        joint = single_arm_design(self.design, self.trial.n, self.trial.success, self.alternative)
        return {name: joint.characteristics(each.successes) for name, each in self.trials.items()}

    @cached_property
    def conflict(self) -> pd.DataFrame:
        """Tail probabilities, under the MAP prior, of every number of responders at the end."""
        return conflict_table(self.compared.history, self.trial.n)

    @property
    def _borrowing_patients(self) -> int:
        return self.trial.n

    def _needed(self, trial: SingleArmTrial, alpha: float) -> dict[str, object]:
        found = trial.certainty_for(alpha)
        succeed = None
        if found.rounded is not None:
            succeed = replace(trial, success=trial.success.with_certainty(found.rounded)).words
        return {
            "alpha": alpha,
            "smallest": found.smallest,
            "rounded": found.rounded,
            "succeed": succeed,
            "type_one_error": found.type_one_error,
            "always": found.always,
        }

    def _weighed(self, prior: BetaMixture) -> dict[str, object]:
        trial = replace(self.trial, prior=prior)
        errors = {
            f"{row.threshold} {row.rate:g}": row.success
            for row in trial.threshold_errors.itertuples()
        }
        expected = trial.probability_of_success(self.design)
        return {"succeed": trial.words, **errors, "expected_success": expected}


def plan(  # noqa: PLR0913 - one argument for each thing asked, all but one by name
    map_prior: MapPrior,
    *,
    n: int,
    success: Success | str,
    robust: float | Sequence[float] = 0.2,
    vague_mean: float = 0.5,
    vague_n: float = 1,
    rates: Sequence[float] | None = None,
    interim: tuple[int, int] | None = None,
    stop_below: float | None = None,
    sam_delta: float | None = None,
    sam_odds: float | None = None,
    design: BetaMixture | None = None,
    alternative: float | None = None,
) -> Plan:
    """Return the plan of a single-arm trial that borrows through a MAP prior.

    Parameters
    ----------
    map_prior : MapPrior
        Prior that a fit predicts of the rate; see `bayesmeta.map_prior`.
    n : int
        Patients of the trial.
    success : Success or str
        Such as ``"P(rate > 0.35) > 0.9"``.
    robust : float or sequence of float
        Share of the vague component; of several, the first is used and `Plan.by_weight` compares.
    vague_mean, vague_n : float
        Mean rate and size (patients) of the vague component; see `robustify`.
    rates : sequence of float, optional
        True rates (probability); tenths and the thresholds of success where None.
    interim : tuple of two int, optional
        Responders and patients seen so far.
    stop_below : float, optional
        Predictive probability of success below which the interim stops the trial; 0.1 where None.
    sam_delta : float, optional
        Clinically significant difference (probability) of a SAM prior, which is compared with the
        others; its vague component is that of the robust prior. See `SamPrior`.
    sam_odds : float, optional
        Its prior odds of no conflict; 1 where None.
    design : BetaMixture, optional
        Design prior: distribution of the true rate over which decisions are averaged; the MAP prior
        where None. The analysis does not use it.
    alternative : float, optional
        True rate (probability) of the power, which failure should not miss; the farthest threshold of
        `success` where None.

    Returns
    -------
    Plan
        Boundary, operating characteristics, probability of success and the rest.

    Raises
    ------
    SettingsError
        If an argument is out of its range or would have no effect.

    See Also
    --------
    plan_two_arms : A trial with a control arm that borrows.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> prior = bm.map_prior(exact, components=1)
    >>> found = bm.plan(prior, n=40, success="P(rate > 0.2) > 0.9", interim=(3, 15))
    >>> found
    Plan(P(rate > 0.2) > 0.9: 12 or more of 40 succeed; type-I error 0.088)
    >>> {name: round(chance, 2) for name, chance in found.interim.success.items()}
    {'MAP': 0.14, 'robust': 0.14, 'none': 0.2}

    A SAM prior beside the others, and decisions averaged over a prior of the design alone:

    >>> found = bm.plan(
    ...     prior,
    ...     n=30,
    ...     success="P(rate > 0.2) > 0.95",
    ...     sam_delta=0.15,
    ...     design=bm.BetaMixture([1], a=[6], b=[14]),
    ... )
    >>> {name: round(each.false_success, 3) for name, each in found.characteristics.items()}
    {'MAP': 0.004, 'robust': 0.004, 'SAM': 0.009, 'none': 0.009}
    """
    compared = plan_priors(
        map_prior,
        robust,
        mean=vague_mean,
        n=vague_n,
        sam_delta=sam_delta,
        sam_odds=sam_odds,
        design=design,
    )
    success = as_success(success)
    if stop_below is not None and interim is None:
        raise SettingsError(
            "`stop_below` has no effect without `interim`, the patients seen. Leave it out, or give both."
        )
    priors = compared.named
    trials = {name: SingleArmTrial(n, prior, success) for name, prior in priors.items()}
    found = _rates(success) if rates is None else check_rates("rates", rates)
    least = STOP_BELOW if stop_below is None else stop_below
    at = None if interim is None else interim_of(trials, compared.history, interim, least)
    return Plan(map_prior, compared, trials, found, at, alternative_of(success, alternative))


def _rates(success: Success) -> Array:
    thresholds = [each.threshold for each in success.conditions]
    # Of rare events tenths of 1 are all alike: the thresholds belong between the rates.
    scale = 10.0 ** min(np.ceil(np.log10(2 * max(thresholds))), 0)
    return np.unique([*np.round(SPREAD * scale, 15), *thresholds])
