"""What dossiers tell of a plan, as tables beside those that every plan writes."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.planning.estimation import coverage, estimation_of_difference
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan import Plan
from bayesmeta.planning.plan_priors import SAM
from bayesmeta.planning.two_arm_plan import TwoArmPlan
from bayesmeta.planning.two_arms import TwoArmTrial
from bayesmeta.report.dossier.answering import NotApplicable, Number, Tables, pairs
from bayesmeta.report.dossier.fit_tables import FitFacts
from bayesmeta.report.plan_tables import plan_frames
from bayesmeta.report.plan_text import Sizes
from bayesmeta.report.plan_words import AnyPlan
from bayesmeta.wording import PLAIN, Wording

CI_PROB = 0.95
"""Probability of the intervals of priors."""

DESIGN = "design"
"""Name of the design prior in tables of priors; the analysis does not use it."""

NO_SAM = NotApplicable("The plan compares no self-adapting mixture (SAM) prior.")


@dataclass(frozen=True, eq=False)
class PlanFacts:
    """A plan, the sizes that were looked for, and the fit that its prior is from, as far as known."""

    plan: AnyPlan
    sizes: Sizes | None = None
    fit: FitFacts | None = None
    words: Wording = PLAIN

    @property
    def one_arm(self) -> Plan | None:
        """The plan, if the trial has one arm."""
        return self.plan if isinstance(self.plan, Plan) else None

    @cached_property
    def tables(self) -> Tables:
        """The tables of the plan."""
        own = {
            "design": pairs(dict(self._design())),
            "priors": self._priors(),
            "prior_summary": self._prior_summary(),
            "bayesian_characteristics": pd.DataFrame(
                [{"prior": name, **asdict(one)} for name, one in self.plan.characteristics.items()]
            ),
            "mixture_fit": self.plan.map_prior.table.reset_index(),
            "coverage": self._coverage(),
        }
        if isinstance(self.plan, TwoArmPlan):
            own["difference_estimates"] = _of_difference(self.plan)
        return Tables(plan_frames(self.plan, self.sizes) | own)

    @property
    def arm_column(self) -> str:
        """The column of the true rates of the arm that borrows."""
        return "rate" if self.one_arm is not None else "control"

    @property
    def arm_rates(self) -> Array:
        """The true rates (probability) of the arm that borrows."""
        return self.plan.controls if isinstance(self.plan, TwoArmPlan) else self.plan.rates

    def _coverage(self) -> pd.DataFrame:
        """Return how often the interval of the arm that borrows holds its true rate, by prior."""
        plan = self.plan
        n = plan.trial.n_control if isinstance(plan, TwoArmPlan) else plan.trial.n
        found = {
            name: coverage(prior, n, self.arm_rates, ci_prob=CI_PROB)
            for name, prior in plan.priors.items()
        }
        table = pd.concat(found, names=["prior", None]).reset_index("prior")
        return table.rename(columns={"rate": self.arm_column}).reset_index(drop=True)

    @property
    def outcome(self) -> str:
        """The outcome of the evidence, as people write it; empty where it has no name."""
        if self.fit is None:
            return ""
        [name] = self.fit.outcomes or [self.fit.fit.arms.selection.get("outcome") or ""]
        return self.words.outcome(str(name))

    def _design(self) -> Iterator[tuple[str, Any]]:
        plan, vague = self.plan, self.plan.compared.vague
        if self.outcome:
            yield "outcome", self.outcome
        yield "success rule", str(plan.trial.success)
        if self.one_arm is not None:
            yield "patients", self.one_arm.trial.n
        else:
            yield "patients in the treated arm", plan.trial.n_treated  # type: ignore[union-attr]
            yield "patients in the control arm", plan.trial.n_control  # type: ignore[union-attr]
        yield "weight of the vague component", plan.robust
        yield "mean of the vague component", vague.mean
        yield "size of the vague component", vague.a[0] + vague.b[0]
        sam = plan.compared.sam
        if sam is not None:
            yield "difference of the SAM prior", sam.delta
            yield "prior odds of the SAM prior", sam.prior_odds

    def _priors(self) -> pd.DataFrame:
        rows = [
            {"prior": name, "component": i, "weight": weight, "a": a, "b": b}
            for name, prior in self._mixtures.items()
            for i, (weight, a, b) in enumerate(
                zip(prior.weights, prior.a, prior.b, strict=True), start=1
            )
        ]
        return pd.DataFrame([*rows, *self._sam_components()])

    def _sam_components(self) -> Iterator[dict[str, Any]]:
        """Yield the components of the SAM prior, whose weights depend on the data."""
        sam = self.plan.compared.sam
        if sam is not None:
            for i, (a, b) in enumerate(zip(sam.a, sam.b, strict=True), start=1):
                yield {"prior": SAM, "component": i, "weight": float("nan"), "a": a, "b": b}

    def _prior_summary(self) -> pd.DataFrame:
        rows = []
        for name, prior in self._mixtures.items():
            low, high = prior.interval(CI_PROB)
            row = {"prior": name, "mean": prior.mean, "sd": prior.sd, "lower": low, "upper": high}
            rows.append(row)
        return pd.DataFrame(rows)

    @property
    def _mixtures(self) -> dict[str, BetaMixture]:
        """The priors that are one distribution, and the design prior where one was given."""
        compared = self.plan.compared
        design = {} if compared.design is None else {DESIGN: compared.design}
        return {**compared.fixed, **design}

    def components(self, prior: str, mixture: BetaMixture) -> list[Number]:
        """Return weight and parameters of each component of a prior, from the table of priors."""
        return [
            self.tables.number(
                f"component {i}, {column}", "priors", column, prior=prior, component=i
            )
            for i in range(1, len(mixture.weights) + 1)
            for column in ("weight", "a", "b")
        ]


def _of_difference(plan: TwoArmPlan) -> pd.DataFrame:
    """Return the properties of the posterior mean of the difference, by prior of the control."""

    def table(trial: TwoArmTrial) -> pd.DataFrame:
        treated = (trial.prior_treated, trial.n_treated)
        control = (trial.prior_control, trial.n_control)
        return estimation_of_difference(treated, control, plan.rates, plan.controls)

    return plan.by_prior(table)
