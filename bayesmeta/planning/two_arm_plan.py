"""The plan of a two-arm trial whose control borrows from a meta-analysis."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError, listed
from bayesmeta.planning.arguments import check_rates, check_width
from bayesmeta.planning.conflict import conflict_table
from bayesmeta.planning.design_prior import (
    BayesianCharacteristics,
    alternative_of,
    two_arm_design,
)
from bayesmeta.planning.estimation import estimation
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan_priors import ComparedPlan, plan_priors
from bayesmeta.planning.robust import VAGUE
from bayesmeta.planning.success import NULL, Success, as_success
from bayesmeta.planning.two_arms import TwoArmTrial

SPREAD = np.arange(1, 10) / 10
"""True rates of either arm where none are given."""

CI_PROB = 0.95
"""Probability of the interval within which the MAP prior expects the control rate."""

POINTS = 41
"""True control rates within it, among which the largest type-I error is looked for."""


@dataclass(frozen=True, eq=False, repr=False)
class TwoArmPlan(ComparedPlan[TwoArmTrial]):
    """A two-arm trial whose control has the robust version of a MAP prior; made by `plan_two_arms`.

    Parameters
    ----------
    map_prior : MapPrior
        Prior that a fit predicts of the control rate.
    compared : PlanPriors
        The priors of the control compared, and the weights of the vague component.
    trials : dict of str to TwoArmTrial
        The trial with the MAP prior, its robust version and the uniform prior.
    rates, controls : array
        True rates (probability) of the treated and of the control arm.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> prior = bm.map_prior(exact, components=1)
    >>> plan = bm.plan_two_arms(prior, n=30, n_control=15, success="P(rate - control > 0) > 0.95")
    >>> plan
    TwoArmPlan(P(rate - control > 0) > 0.95: 30 treated, 15 controls)
    >>> plan.effective_sizes.round(1)
            MAP  robust
    method
    elir    8.3     5.6
    moment  8.3     3.7
    morita  8.3     6.7
    """

    shown = "largest_errors"

    controls: Array

    def __repr__(self) -> str:
        trial = self.trial
        return f"TwoArmPlan({trial.success}: {trial.n_treated} treated, {trial.n_control} controls)"

    @cached_property
    def threshold_errors(self) -> pd.DataFrame:
        """Probability of success, with each prior, where the true difference is a threshold.

        Columns `prior`, `threshold` ("null" or "decision value"), `difference`, `rate`, `control` and
        `success`; at the null it is the type-I error.
        """
        return self.by_prior(lambda trial: trial.threshold_errors(self.controls))

    @cached_property
    def expected_controls(self) -> Array:
        """True control rates within the MAP prior's 95% interval, which leave room for the null."""
        null = self.trial.success.null_value
        interval = self.compared.history.interval(CI_PROB)
        low, high = np.clip(interval, max(0.0, -null), min(1.0, 1 - null))
        return np.linspace(low, high, POINTS)

    @cached_property
    def largest_errors(self) -> pd.DataFrame:
        """Largest type-I error with each prior, and the true control rate at which it is.

        Columns `prior`; `controls`, "listed" for `controls`, "expected" for `expected_controls`;
        `control` and `success`.
        """
        return self.by_prior(self._largest)

    @cached_property
    def operating_characteristics(self) -> pd.DataFrame:
        """Probability of success, with each prior, for every pair of true rates.

        Columns `prior`, `rate`, `control` and `success`.
        """
        return self.by_prior(
            lambda trial: trial.operating_characteristics(self.rates, self.controls)
        )

    @cached_property
    def conflict(self) -> pd.DataFrame | None:
        """Tail probabilities, under the MAP prior, of control responders; None without patients."""
        n = self.trial.n_control
        return conflict_table(self.compared.history, n) if n else None

    @cached_property
    def characteristics(self) -> dict[str, BayesianCharacteristics]:
        """Bayesian operating characteristics with each prior of the control.

        Averaged over the design prior of the treated rate, uniform where none was given, and over the
        MAP prior of the control rate. The alternative is the farthest threshold of `success`.
        """
        trial, design = self.trial, self.compared.design
        treated = VAGUE if design is None else design
        joint = two_arm_design(
            (treated, trial.n_treated),
            (self.compared.history, trial.n_control),
            trial.success,
            alternative_of(trial.success, None),
        )
        return {name: joint.characteristics(each.successes) for name, each in self.trials.items()}

    @cached_property
    def borrowing(self) -> pd.DataFrame:
        """The trial under each prior of the control, one row per prior and true control rate.

        Columns `prior`, `control`; `type_one_error`, missing where the rate leaves no room for the
        null; `bias`, `mse` and `ess` of the posterior mean of the control rate, as those of
        `SingleArmTrial.estimation`. Of the prior: `expected_success`, `false_success` and `missed`, see
        `characteristics`.
        """
        return pd.concat(map(self._borrowed, self.trials), ignore_index=True)

    def _borrowed(self, name: str) -> pd.DataFrame:
        trial, found = self.trials[name], self.characteristics[name]
        table = estimation(trial.prior_control, trial.n_control, self.controls)
        table = table.rename(columns={"rate": "control"})
        errors = trial.threshold_errors(self.controls)
        null = errors[errors["threshold"] == NULL].set_index("control")["success"]
        return pd.DataFrame(
            {
                "prior": name,
                "control": table.pop("control"),
                "type_one_error": null.reindex(self.controls).to_numpy(),
                **table,
                "expected_success": found.success,
                "false_success": found.false_success,
                "missed": found.missed,
            }
        )

    def _largest(self, trial: TwoArmTrial) -> pd.DataFrame:
        null = trial.success.null_value
        there = (self.controls + null >= 0) & (self.controls + null <= 1)
        sets = {"listed": self.controls[there], "expected": self.expected_controls}
        rows = []
        for name, controls in sets.items():
            errors = trial.type_one_error(controls)
            row = errors.iloc[int(errors["success"].argmax())]
            rows.append({"controls": name, "control": row["control"], "success": row["success"]})
        return pd.DataFrame(rows)

    @property
    def _borrowing_patients(self) -> int:
        return self.trial.n_control

    def _needed(self, trial: TwoArmTrial, alpha: float) -> dict[str, object]:
        return asdict(trial.certainty_for(alpha, self.expected_controls))

    def _weighed(self, prior: BetaMixture) -> dict[str, object]:
        errors = self._largest(replace(self.trial, prior_control=prior))
        return dict(zip(errors["controls"], errors["success"], strict=True))


def plan_two_arms(  # noqa: PLR0913 - one argument for each thing asked, all but one by name
    map_prior: MapPrior,
    *,
    n: int,
    n_control: int,
    success: Success | str,
    robust: float | Sequence[float] = 0.2,
    vague_mean: float = 0.5,
    vague_n: float = 1,
    rates: Sequence[float] | None = None,
    controls: Sequence[float] | None = None,
    sam_delta: float | None = None,
    sam_odds: float | None = None,
    design: BetaMixture | None = None,
) -> TwoArmPlan:
    """Return the plan of a two-arm trial whose control borrows through a MAP prior.

    The treated arm borrows nothing: its prior is uniform.

    Parameters
    ----------
    map_prior : MapPrior
        Prior that a fit predicts of the control rate; see `bayesmeta.map_prior`.
    n, n_control : int
        Patients of the treated and of the control arm; 0 of control where history alone serves.
    success : Success or str
        Such as ``"P(rate - control > 0) > 0.95"``.
    robust : float or sequence of float
        Share of the vague component; of several, the first is used and `TwoArmPlan.by_weight` compares.
    vague_mean, vague_n : float
        Mean rate and size (patients) of the vague component; see `robustify`.
    rates, controls : sequence of float, optional
        True rates (probability) of the treated and of the control arm; tenths where None.
    sam_delta : float, optional
        Clinically significant difference (probability) of a SAM prior of the control, which is
        compared with the others; its vague component is that of the robust prior. See `SamPrior`.
    sam_odds : float, optional
        Its prior odds of no conflict; 1 where None.
    design : BetaMixture, optional
        Design prior of the treated rate, over which decisions are averaged; uniform where None. That
        of the control rate is the MAP prior.

    Returns
    -------
    TwoArmPlan
        Type-I errors, operating characteristics and the rest.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or `success` is not on the difference.

    References
    ----------
    Schmidli, Gsteiger, Roychoudhury, O'Hagan, Spiegelhalter & Neuenschwander 2014,
    doi:10.1111/biom.12242.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> prior = bm.map_prior(exact, components=1)
    >>> found = bm.plan_two_arms(prior, n=30, n_control=15, success="P(rate - control > 0) > 0.95")
    >>> found
    TwoArmPlan(P(rate - control > 0) > 0.95: 30 treated, 15 controls)
    >>> found.trial.boundary["smallest"].tolist()[:5]
    [7, 9, 11, 13, 15]
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
    if sam_delta is not None and n_control == 0:
        raise SettingsError(
            "`sam_delta` has no effect without control patients, whose responders set the weight of history. Leave it "
            "out, or give `n_control`."
        )
    if design is not None:
        check_width("design", design)
    success = as_success(success)
    trials = {
        name: TwoArmTrial(n, n_control, VAGUE, prior, success)
        for name, prior in compared.named.items()
    }
    treated = SPREAD if rates is None else check_rates("rates", rates)
    control = SPREAD if controls is None else check_rates("controls", controls)
    _check_room(control, success)
    return TwoArmPlan(map_prior, compared, trials, treated, control)


def _check_room(controls: Array, success: Success) -> None:
    """Raise unless the treated arm can differ by the null value from some rate of control."""
    null = success.null_value
    if not ((controls + null >= 0) & (controls + null <= 1)).any():
        raise SettingsError(
            f"`controls` must hold a rate to which {null:g}, the difference at the null, can be added; got "
            f"{listed(controls)}. Add one of which that is a rate from 0 to 1."
        )
