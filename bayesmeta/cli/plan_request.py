"""What the command `bayesmeta plan` is asked: its options, and which of them go together."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayesmeta.cli.options import check_no_effect
from bayesmeta.cli.output import check_page
from bayesmeta.cli.parsing import parsed_interim, parsed_mixture, parsed_rates
from bayesmeta.errors import SettingsError

if TYPE_CHECKING:
    import bayesmeta as bm
    from bayesmeta.report.plan_text import Sizes

WEIGHT = 0.2
"""Weight of the vague component where none is given."""

POWER, ALPHA, N_MAX = 0.8, 0.05, 200
"""What a sample size is to keep, and the largest tried, where not given."""


@dataclass(frozen=True)
class PlanRequest:
    """The options of a plan, as they were given; None where one was not."""

    success: Annotated[
        str,
        typer.Option(
            help='Success rule, such as "P(rate > 0.35) > 0.9", or with two arms "P(rate - control > 0) > 0.95". '
            "Join conditions by and.",
        ),
    ]
    n: Annotated[
        int | None,
        typer.Option(
            "--n",
            help="Number of patients in the trial, or in its treated arm. Not needed with --alternative.",
        ),
    ] = None
    weight: Annotated[
        list[float] | None,
        typer.Option(
            help="Weight of the vague component of the robust prior. Default: 0.2. May be repeated: the plan uses the "
            "first, and a table compares all.",
        ),
    ] = None
    vague_mean: Annotated[float, typer.Option(help="Mean of the vague component.")] = 0.5
    vague_n: Annotated[
        float,
        typer.Option(
            help="Effective sample size of the vague component. With mean 0.5, 1 is uniform."
        ),
    ] = 1.0
    rates: Annotated[
        str | None,
        typer.Option(help="True rates for the operating characteristics, such as 0.2,0.35."),
    ] = None
    control_n: Annotated[
        int | None,
        typer.Option(
            help="Number of patients in the control arm, whose prior is that of the run; 0 for historical controls only."
        ),
    ] = None
    control_rates: Annotated[
        str | None,
        typer.Option(
            help="True control rates for the operating characteristics, separated by commas."
        ),
    ] = None
    alternative: Annotated[
        float | None,
        typer.Option(
            help="Find the smallest sample size with the required power at this true rate, which failure should not miss."
        ),
    ] = None
    power: Annotated[
        float | None,
        typer.Option(help="Required power at --alternative. Default: 0.8.", show_default=False),
    ] = None
    alpha: Annotated[
        float | None,
        typer.Option(help="Largest one-sided type-I error with --alternative. Default: 0.05."),
    ] = None
    n_max: Annotated[
        int | None,
        typer.Option(help="Largest sample size considered with --alternative. Default: 200."),
    ] = None
    interim: Annotated[
        str | None,
        typer.Option(help="Responders and patients at the interim analysis, such as 8/20."),
    ] = None
    stop_below: Annotated[
        float | None,
        typer.Option(
            help="Stop for futility if the predictive probability of success is below this."
        ),
    ] = None
    sam_delta: Annotated[
        float | None,
        typer.Option(
            help="Compare a self-adapting mixture (SAM) prior with this clinically significant difference of rates, such as "
            "0.15."
        ),
    ] = None
    sam_odds: Annotated[
        float | None,
        typer.Option(
            help="Prior odds of no conflict of the SAM prior. Default: 1.", show_default=False
        ),
    ] = None
    design: Annotated[
        str | None,
        typer.Option(
            help='Design prior of the true rate, such as "Beta(8, 22)" or "0.7 Beta(8, 22) + 0.3 Beta(1, 1)"; with two '
            "arms, of the treated rate. Decisions are averaged over it; the analysis does not use it. Default: the MAP "
            "prior; with two arms, uniform.",
            show_default=False,
        ),
    ] = None

    @cached_property
    def rule(self) -> "bm.Success":
        """The success rule."""
        import bayesmeta as bm

        return bm.parse_success(self.success)

    @cached_property
    def looks(self) -> dict[str, Any]:
        """The arguments of `plan` about an interim analysis."""
        return {"interim": parsed_interim(self.interim), "stop_below": self.stop_below}

    @cached_property
    def true_rates(self) -> tuple[list[float] | None, list[float] | None]:
        """The true rates of the treated and of the control arm."""
        return (
            parsed_rates("--rates", self.rates),
            parsed_rates("--control-rates", self.control_rates),
        )

    @cached_property
    def design_prior(self) -> "bm.BetaMixture | None":
        """The design prior."""
        return parsed_mixture("--design", self.design)

    def check(self) -> None:
        """Raise unless each option can be read, and they go together."""
        _ = self.true_rates, self.looks, self.design_prior
        if self.sam_delta is None:
            self._check_no_effect("without --sam-delta", "sam_odds")
        if self.rule.of_two_arms:
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

    def check_interactive(self, page: Path, *, force: bool) -> None:
        """Raise unless an interactive page can show the plan, and stand where it is to."""
        if self.rule.of_two_arms:
            raise SettingsError(
                "`--interactive` is of one arm; `--success` is on rate - control, so that the trial has two, with a "
                "boundary for each number of control responders. Leave it out."
            )
        check_no_effect("--interim", self.interim, "on an interactive page, which has no looks")
        where = "on an interactive page, which compares the MAP, the robust and the uniform prior"
        self._check_no_effect(where, "sam_delta")
        where = "on an interactive page, which averages over its MAP prior"
        self._check_no_effect(where, "design")
        check_page(page, force=force)

    def start(self, sizes: "Sizes | None") -> dict[str, Any]:
        """Return the arguments of `write_interactive` about the plan that the page starts with."""
        found = self.n if self.n is not None or sizes is None else sizes.n
        return {
            # Where no number of patients will do, the largest that was tried.
            "n": sizes.n_max if found is None and sizes is not None else found,
            "success": self.rule,
            "rates": self.true_rates[0],
            **(self._vague | {"robust": self._vague["robust"][0]}),
        }

    def sizes(self, prior: "bm.MapPrior") -> "Sizes | None":
        """Return the patients needed with each prior; None where they were not asked for."""
        if self.alternative is None:
            return None
        from bayesmeta.planning.plan_priors import plan_priors
        from bayesmeta.planning.trial_size import smallest_n
        from bayesmeta.report.plan_text import Sizes

        alpha = ALPHA if self.alpha is None else self.alpha
        power = POWER if self.power is None else self.power
        priors = plan_priors(
            prior,
            self.weight or [WEIGHT],
            mean=self.vague_mean,
            n=self.vague_n,
            sam_delta=self.sam_delta,
            sam_odds=self.sam_odds,
        ).named
        found = {
            name: smallest_n(
                self.rule,
                each,
                alternative=self.alternative,
                alpha=alpha,
                power=power,
                n_max=N_MAX if self.n_max is None else self.n_max,
            )
            for name, each in priors.items()
        }
        return Sizes(self.rule, self.alternative, alpha, power, found)

    def plan(self, prior: "bm.MapPrior", sizes: "Sizes | None") -> "bm.Plan | bm.TwoArmPlan | None":
        """Return the plan; None where the patients were to be found, and no number will do."""
        import bayesmeta as bm

        n = self.n if self.n is not None or sizes is None else sizes.n
        if n is None:
            return None
        rates, controls = self.true_rates
        asked: dict[str, Any] = {"n": n, "success": self.rule, "rates": rates, **self._borrowed}
        if self.control_n is None:
            return bm.plan(prior, **asked, **self.looks, alternative=self.alternative)
        return bm.plan_two_arms(prior, **asked, n_control=self.control_n, controls=controls)

    @property
    def _vague(self) -> dict[str, Any]:
        return {
            "robust": self.weight or [WEIGHT],
            "vague_mean": self.vague_mean,
            "vague_n": self.vague_n,
        }

    @property
    def _borrowed(self) -> dict[str, Any]:
        return self._vague | {
            "sam_delta": self.sam_delta,
            "sam_odds": self.sam_odds,
            "design": self.design_prior,
        }

    def _check_no_effect(self, where: str, *names: str) -> None:
        for name in names:
            check_no_effect(f"--{name.replace('_', '-')}", getattr(self, name), where)

    def _check_patients(self) -> None:
        if self.n is None:
            raise SettingsError(
                "`--n`, the number of patients in the trial, is missing. Give it; or give --alternative, the true rate "
                "at which the trial is to have its power, to find it."
            )

    def _check_both_arms(self) -> None:
        for option, value in (("--n", self.n), ("--control-n", self.control_n)):
            if value is None:
                raise SettingsError(
                    f"`{option}` is missing: `--success` is on rate - control, so that the trial has two arms. Give the "
                    "patients of both, such as --n 40 --control-n 20."
                )
