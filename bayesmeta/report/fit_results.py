"""Everything that a report of one fit tells, computed before a word is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from bayesmeta.comparison.leave_one_out import leave_one_study_out
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.comparison.posterior_predictive import (
    PosteriorPredictiveCheck,
    posterior_predictive_check,
)
from bayesmeta.estimates.contrasts import Contrasts, contrasts_with_reference
from bayesmeta.estimates.identifiability import notes
from bayesmeta.estimates.predict import predict
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.prior_sensitivity import prior_sensitivity
from bayesmeta.estimates.profiles import default_profiles
from bayesmeta.estimates.summary import summary
from bayesmeta.estimates.summary_table import SummaryTable
from bayesmeta.estimates.words import with_labels
from bayesmeta.inference.diagnosis import Diagnostics, diagnose
from bayesmeta.inference.result import Fit
from bayesmeta.label_files import LabelSource
from bayesmeta.model.coding import Profile
from bayesmeta.model.default_priors import wide_priors
from bayesmeta.sensitivity.sensitivity import Sensitivity, sensitivity
from bayesmeta.wording import Wording

if TYPE_CHECKING:
    from bayesmeta.plots import RateScale

__all__ = ["FitResults", "ReportRequest", "fit_results", "studies_with_patients"]


@dataclass(frozen=True)
class ReportRequest:
    """What a report is asked.

    Parameters
    ----------
    profile : mapping or None
        Covariate values of the new cohort; what is left out stands at the reference level or the
        centre.
    per : mapping or None
        Units for odds ratios of numbers beside those per 1.
    cohort : int
        Patients of the new cohort.
    ci_prob : float
        Probability of all intervals.
    rate_above : float or None
        Rate (probability) of which the report says how probably the true rate lies above it.
    refits : bool
        Whether the model is fitted again, under other priors and without each study.
    ranks : bool
        Whether ranks of levels are shown though some are compared between studies only.
    rates_per : {100, 1000, 10000, 100000}
        Patients that rates are written per; 100 for percent.
    labels : Labels, mapping, path or None
        Labels of levels and outcomes, in place of those that model and evidence have.
    """

    profile: Profile | None = None
    per: Mapping[str, float] | None = None
    cohort: int = 40
    ci_prob: float = 0.95
    rate_above: float | None = None
    refits: bool = True
    ranks: bool = False
    rates_per: int = 100
    labels: LabelSource = None


@dataclass(frozen=True, eq=False)
class FitResults:
    """A fit and the answers to be reported; what does not apply, or was not asked for, is None."""

    fit: Fit
    asked: ReportRequest
    diagnostics: Diagnostics
    summary: SummaryTable
    prediction: Prediction
    notes: tuple[str, ...]
    contrasts: tuple[Contrasts, ...]
    tau_prior: pd.DataFrame | None
    sensitivity: Sensitivity | None
    left_out: LeftOut | None
    replicated: PosteriorPredictiveCheck | None

    @property
    def drawn(self) -> Fit:
        """The fit for figures, which its labels go with."""
        return with_labels(self.fit, self.asked.labels)

    @property
    def scale(self) -> "RateScale":
        """How figures show rates."""
        from bayesmeta.plots import RateScale

        return RateScale(per=self.asked.rates_per)

    @property
    def words(self) -> Wording:
        """How rates and names are written."""
        return self.summary.words


def fit_results(fit: Fit, asked: ReportRequest) -> FitResults:
    """Return what a report of a fit tells.

    Raises
    ------
    SettingsError
        If something asked is out of its range, or the fit is of a PyMC model of one's own.
    ProfileError
        If the profile can't be coded.
    """
    # What can be refused is refused before the refits rather than after them.
    drawn = with_labels(fit, asked.labels)
    prediction = predict(drawn, n=asked.cohort, profile=asked.profile, seed=fit.provenance.seed)
    if asked.rate_above is not None:
        prediction.probability(rate_above=asked.rate_above)
    profiles = default_profiles(fit.coding, asked.profile)
    found = summary(
        fit,
        profiles=profiles,
        per=asked.per,
        ci_prob=asked.ci_prob,
        cohort=asked.cohort,
        rates_per=asked.rates_per,
        labels=asked.labels,
    )
    with_tau = fit.spec.study_effects.tau is not None
    several = studies_with_patients(fit) > 1
    return FitResults(
        fit=fit,
        asked=asked,
        diagnostics=diagnose(fit),
        summary=found,
        prediction=prediction,
        notes=(
            *wide_priors(fit.design.beta, fit.spec.link, fit.coding),
            *notes(fit),
        ),
        contrasts=contrasts_with_reference(drawn, profile=asked.profile, ci_prob=asked.ci_prob),
        tau_prior=_tau_prior(fit, asked) if with_tau else None,
        sensitivity=_sensitivity(fit, asked) if asked.refits and fit.settings.arm_draws else None,
        left_out=_left_out(fit, asked) if asked.refits and several else None,
        replicated=_replicated(fit),
    )


def studies_with_patients(fit: Fit) -> int:
    """Return how many studies tell anything."""
    return int(fit.arms.frame.loc[fit.arms.n > 0, "study"].nunique())


def _replicated(fit: Fit) -> PosteriorPredictiveCheck | None:
    if not fit.settings.arm_draws or (fit.arms.n > 0).sum() < 2:  # noqa: PLR2004
        return None
    return posterior_predictive_check(fit, seed=fit.provenance.seed)


def _tau_prior(fit: Fit, asked: ReportRequest) -> pd.DataFrame:
    return prior_sensitivity(fit, profile=asked.profile, ci_prob=asked.ci_prob)


def _sensitivity(fit: Fit, asked: ReportRequest) -> Sensitivity:
    if asked.rate_above is None:
        return sensitivity(fit, profile=asked.profile, ci_prob=asked.ci_prob)
    return sensitivity(
        fit, profile=asked.profile, ci_prob=asked.ci_prob, rate_above=asked.rate_above
    )


def _left_out(fit: Fit, asked: ReportRequest) -> LeftOut:
    return leave_one_study_out(
        fit.spec,
        fit.arms,
        seed=fit.provenance.seed,
        method="psis",
        profile=asked.profile,
        ci_prob=asked.ci_prob,
        progress=False,
    )
