"""What the command `bayesmeta plan` was asked for: which options go together, and what they ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bayesmeta.cli.output import check_no_effect
from bayesmeta.errors import SettingsError
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.plan import Plan, plan
from bayesmeta.planning.plan_priors import plan_priors
from bayesmeta.planning.success import Success
from bayesmeta.planning.trial_size import smallest_n
from bayesmeta.planning.two_arm_plan import TwoArmPlan, plan_two_arms
from bayesmeta.report.plan_sizes import Sizes

__all__ = ["PlanRequest"]

WEIGHT = 0.2
"""Weight of the vague component where none is given."""

POWER, ALPHA, N_MAX = 0.8, 0.05, 200
"""What a sample size is to keep, and the largest tried, where not given."""


@dataclass(frozen=True)
class PlanRequest:
    """Options of a plan, as they were given; None where one was not."""

    success: Success
    n: int | None
    weight: Sequence[float] | None
    vague_mean: float
    vague_n: float
    rates: Sequence[float] | None
    control_n: int | None
    control_rates: Sequence[float] | None
    alternative: float | None
    power: float | None
    alpha: float | None
    n_max: int | None
    interim: tuple[int, int] | None
    stop_below: float | None

    def check(self) -> None:
        """Raise unless the options go together."""
        if self.success.of_two_arms:
            where = "on a trial of two arms, whose --success is on rate - control"
            self._check_no_effect(
                where, "alternative", "power", "alpha", "n_max", "interim", "stop_below"
            )
            self._check_both_arms()
            return
        where = "on a trial of one arm, whose --success is on the rate"
        self._check_no_effect(where, "control_n", "control_rates")
        if self.alternative is None:
            self._check_no_effect("without --alternative", "power", "alpha", "n_max")
            self._check_patients()

    def sizes(self, prior: MapPrior) -> Sizes | None:
        """Return the patients needed with each prior; None where they were not asked for."""
        if self.alternative is None:
            return None
        alpha = ALPHA if self.alpha is None else self.alpha
        power = POWER if self.power is None else self.power
        priors = plan_priors(
            prior, self._borrowed["robust"], mean=self.vague_mean, n=self.vague_n
        ).named
        found = {
            name: smallest_n(
                self.success,
                each,
                alternative=self.alternative,
                alpha=alpha,
                power=power,
                n_max=N_MAX if self.n_max is None else self.n_max,
            )
            for name, each in priors.items()
        }
        return Sizes(self.success, self.alternative, alpha, power, found)

    def plan(self, prior: MapPrior, sizes: Sizes | None) -> Plan | TwoArmPlan | None:
        """Return the plan; None where the patients were to be found, and no number will do."""
        n = self.n if self.n is not None or sizes is None else sizes.n
        if n is None:
            return None
        asked: dict[str, Any] = {"n": n, "success": self.success, "rates": self.rates}
        if self.control_n is None:
            looks: dict[str, Any] = {"interim": self.interim, "stop_below": self.stop_below}
            return plan(prior, **asked, **self._borrowed, **looks)
        arms: dict[str, Any] = {"n_control": self.control_n, "controls": self.control_rates}
        return plan_two_arms(prior, **asked, **self._borrowed, **arms)

    @property
    def _borrowed(self) -> dict[str, Any]:
        weights = self.weight or [WEIGHT]
        return {"robust": weights, "vague_mean": self.vague_mean, "vague_n": self.vague_n}

    def _check_no_effect(self, where: str, *names: str) -> None:
        for name in names:
            check_no_effect(f"--{name.replace('_', '-')}", getattr(self, name), where)

    def _check_patients(self) -> None:
        if self.n is None:
            raise SettingsError(
                "`--n`, the patients of the trial, is missing. Give it, or give --alternative, the true rate at which the "
                "trial shall have its power, to find it."
            )

    def _check_both_arms(self) -> None:
        for option, value in (("--n", self.n), ("--control-n", self.control_n)):
            if value is None:
                raise SettingsError(
                    f"`{option}` is missing: `--success` is on rate - control, so that the trial has two arms. Give the "
                    "patients of both, such as --n 40 --control-n 20."
                )
