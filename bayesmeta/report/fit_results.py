"""Everything that a report of one fit tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from bayesmeta.comparison.leave_one_out import leave_one_study_out
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.comparison.predictive_checks import (
    PosteriorPredictiveCheck,
    posterior_predictive_check,
)
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.contrast_table import Contrasts
from bayesmeta.estimates.contrasts import contrasts_with_reference
from bayesmeta.estimates.events import Event, asked_event
from bayesmeta.estimates.notes import notes
from bayesmeta.estimates.posterior import is_survival, outcomes_of
from bayesmeta.estimates.predict import predict
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.prior_sensitivity import prior_sensitivity
from bayesmeta.estimates.profiles import default_profiles
from bayesmeta.estimates.questions import Question
from bayesmeta.estimates.summary import summary
from bayesmeta.estimates.summary_text import SummaryTable
from bayesmeta.estimates.survival_times import USUAL_TIMES, checked_times
from bayesmeta.estimates.words import with_labels, words_of
from bayesmeta.evidence.judged import judged_studies
from bayesmeta.inference.diagnosis import Diagnostics, diagnose
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.model.default_priors import wide_priors
from bayesmeta.model.limits import why_not_integrated
from bayesmeta.model.publication import why_no_publication
from bayesmeta.report.bias_reasons import why_no_bias
from bayesmeta.report.options import Options
from bayesmeta.sensitivity.bias_sensitivity import BiasSensitivity, bias_sensitivity
from bayesmeta.sensitivity.prior_grid import prior_grid
from bayesmeta.sensitivity.selection import RHO, SMALLEST, Selection, selection
from bayesmeta.sensitivity.sensitivity import Sensitivity, sensitivity
from bayesmeta.wording import Wording

if TYPE_CHECKING:
    from bayesmeta.plots import RateScale


@dataclass(frozen=True, eq=False)
class FitResults:
    """A fit and the answers to be reported, each computed once; what does not apply is None."""

    fit: Fit
    question: Question = field(default_factory=Question)
    options: Options = field(default_factory=Options)

    @property
    def profile(self) -> Profile | None:
        """The covariate values asked for; None where none were."""
        return self.question.profile or None

    @property
    def several(self) -> bool:
        """Whether the outcomes are several, nested ones."""
        return bool(outcomes_of(self.fit))

    @property
    def of_survival(self) -> bool:
        """Whether the fit is of survival, and not of response rates."""
        return is_survival(self.fit)

    @cached_property
    def times(self) -> tuple[float, ...]:
        """Months at which survival is told; none of response rates."""
        asked = self.options.times
        if self.of_survival:
            return checked_times(USUAL_TIMES if asked is None else asked)
        if asked is not None:
            raise SettingsError("`times` has no effect on a fit of response rates. Leave it out.")
        return ()

    @property
    def time(self) -> float | None:
        """The first of these months; None of response rates."""
        return self.times[0] if self.times else None

    @cached_property
    def drawn(self) -> Fit:
        """The fit for figures and predictions, which its labels go with."""
        return with_labels(self.fit, self.options.labels)

    @property
    def scale(self) -> "RateScale":
        """How figures show rates."""
        from bayesmeta.plots import RateScale

        return RateScale(**{"per": self.options.rates_per, **self.options.scale})

    @property
    def words(self) -> Wording:
        """How rates and names are written."""
        return words_of(self.fit, rates_per=self.options.rates_per, labels=self.options.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """The outcomes as figures and tables are asked for them; one needs no name."""
        return outcomes_of(self.fit) or ("",)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes as they are written, outermost first."""
        usual = "Survival" if self.of_survival else "Response"
        selected = self.fit.arms.selection.get("outcome") or usual
        return tuple(self.words.outcome(name or selected) for name in self.names)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Whether the draws may be used."""
        return diagnose(self.fit)

    @cached_property
    def summary(self) -> SummaryTable:
        """Parameters and rates."""
        options = self.options
        return summary(
            self.fit,
            profiles=default_profiles(self.fit.coding, self.profile),
            per=options.per,
            ci_prob=self.question.ci_prob,
            cohort=self.question.cohort,
            rates_per=options.rates_per,
            labels=options.labels,
            times=self.times or None,
        )

    @cached_property
    def prediction(self) -> Prediction:
        """The new cohort; of survival, at the first time."""
        return self.predicted(self.profile)

    def predicted(self, profile: Profile | None, time: float | None = None) -> Prediction:
        """Return the new cohort at a profile; of survival at a time, the first where None."""
        n, seed = self.question.cohort, self.fit.provenance.seed
        months = self.time if time is None else time
        return predict(self.drawn, n=n, profile=profile, time=months, seed=seed)

    @cached_property
    def predictions(self) -> Mapping[str, Prediction]:
        """The new cohort by outcome; of one outcome, which may have no name, by none."""
        found = self.prediction
        if found.outcomes:
            return {outcome: found.of(outcome) for outcome in found.outcomes}
        return {"": found}

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the evidence cannot tell, and which priors are wide."""
        fit = self.fit
        return (*wide_priors(fit.design.beta, fit.spec.scale, fit.coding), *notes(fit))

    @cached_property
    def contrasts(self) -> tuple[Contrasts, ...]:
        """Levels of each factor against its reference, of each outcome, or of survival at each time."""
        return tuple(
            one
            for outcome in self.names
            for time in self.times or (None,)
            for one in contrasts_with_reference(
                self.drawn,
                outcome=outcome or None,
                profile=self.profile,
                ci_prob=self.question.ci_prob,
                time=time,
            )
        )

    @cached_property
    def tau_prior(self) -> pd.DataFrame | None:
        """The interval of a new study with the prior of tau stronger or weaker."""
        fit, question = self.fit, self.question
        if self.several or fit.spec.study_effects.tau is None:
            return None
        return prior_sensitivity(
            fit, profile=self.profile, ci_prob=question.ci_prob, time=self.time
        )

    @cached_property
    def sensitivity(self) -> Sensitivity | None:
        """The sensitivity to priors of one outcome, by refits."""
        question, fit = self.question, self.fit
        if self.several or not self.options.refits or not fit.settings.arm_draws:
            return None
        return sensitivity(
            fit,
            profile=self.profile,
            ci_prob=question.ci_prob,
            time=self.time,
            event=self.event,
        )

    @property
    def event(self) -> Event | None:
        """The event asked about the rate of a new study; of survival, about its survival at a time."""
        return asked_event({"rate_above": self.question.rate_above})

    @cached_property
    def prior_grid(self) -> pd.DataFrame | None:
        """Nested outcomes under other priors, by refits."""
        if not self.several or not self.options.refits:
            return None
        ci_prob = self.question.ci_prob
        return prior_grid(self.fit, profile=self.profile, ci_prob=ci_prob, event=self.event)

    @cached_property
    def selection(self) -> Selection | None:
        """The rates of one outcome if low rates were published far less often, by one refit."""
        if self.several or not self.options.refits:
            return None
        if why_no_publication(self.fit.spec):
            return None
        return selection(
            self.fit,
            smallest=min(SMALLEST),
            rho=max(RHO),
            profile=self.profile,
            ci_prob=self.question.ci_prob,
        )

    @property
    def why_no_bias(self) -> str:
        """Why no models of bias are fitted where judgements are given; empty if they are."""
        judgements = self.options.judgements
        return why_no_bias(self.fit, judgements, refits=self.options.refits) if judgements else ""

    @cached_property
    def bias(self) -> BiasSensitivity | None:
        """The rates of one outcome under models of the risk of bias, by refits."""
        judgements = self.options.judgements
        if judgements is None or self.why_no_bias:
            return None
        return bias_sensitivity(
            self.fit,
            judgements,
            profile=self.profile,
            ci_prob=self.question.ci_prob,
            event=self.event,
        )

    @property
    def informed_studies(self) -> int:
        """How many studies tell anything."""
        arms = self.fit.arms
        return int(arms.frame.loc[arms.informed, "study"].nunique())

    @cached_property
    def left_out(self) -> LeftOut | None:
        """Each study predicted from all others, by refits or PSIS."""
        fit = self.fit
        if not self.options.refits or self.informed_studies < 2:  # noqa: PLR2004
            return None
        if why_not_integrated(fit.spec, fit.arms):
            return None
        return leave_one_study_out(
            fit.spec,
            fit.arms,
            seed=fit.provenance.seed,
            method="psis",
            profile=self.profile,
            ci_prob=self.question.ci_prob,
            time=self.time,
            progress=False,
        )

    @cached_property
    def replicated(self) -> PosteriorPredictiveCheck | None:
        """The posterior predictive check, whose statistics are of the counts of one outcome."""
        fit = self.fit
        if self.several or self.of_survival:
            return None
        if not fit.settings.arm_draws or (fit.arms.n > 0).sum() < 2:  # noqa: PLR2004
            return None
        return posterior_predictive_check(fit, seed=fit.provenance.seed)


def fit_results(
    fit: Fit, question: Question | None = None, options: Options | None = None
) -> FitResults:
    """Return what a report of a fit tells; what can be refused is refused before any refit."""
    found = FitResults(fit, question or Question(), options or Options())
    if found.options.judgements is not None:
        judged_studies(fit.arms, found.options.judgements)
    _ = found.prediction, found.summary
    return found
