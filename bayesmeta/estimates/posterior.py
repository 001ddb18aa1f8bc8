"""What answers ask of a fit, whatever it holds: draws of one outcome or of several, or a quadrature.

Only this module asks what kind a fit is, and only `outcomes_of` how many outcomes it has.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.nested_rates import OutcomeRates, nested_rates
from bayesmeta.estimates.precision import Distribution
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.estimates.profile_survival import SurvivalAt, profile_survival
from bayesmeta.estimates.rates import RateDistribution, RatesByQuadrature
from bayesmeta.estimates.survival_times import time_of
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.inference.diagnosis import diagnose
from bayesmeta.inference.exact import QuadratureFit
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.model.limits import refuse_several

if TYPE_CHECKING:
    from typing_extensions import TypeIs

AnyFit = Fit | QuadratureFit

QUANTITIES = ("tau", "typical", "mean", "new_study")
"""What is known of one outcome at one profile."""

QUANTITIES_OF_SURVIVAL = {
    "tau": "tau",
    "typical_median": "typical_median",
    "new_study_median": "new_study_median",
    "typical_survival": "typical",
    "mean_survival": "mean",
    "new_study_survival": "new_study",
}
"""The same of survival, by the names that tables have for them."""


class ProfileRates(Protocol):
    """The posterior of the rates of one outcome at one profile."""

    def distribution(self, quantity: str) -> Distribution | None:
        """Return the posterior of one of `QUANTITIES`; None of a tau that the model lacks."""

    def cohort(self, study: str | None = None) -> RateDistribution:
        """Return the distribution of the true rate of a new study, or of a further cohort of one."""


def outcomes_of(fit: AnyFit) -> tuple[str, ...]:
    """Return the outcomes among which an answer must choose; none where there is one."""
    return fit.arms.outcomes if len(fit.arms.outcomes) > 1 else ()


def named_outcomes(arms: Arms) -> tuple[str, ...]:
    """Return the outcomes as rows name them: the only one has no name."""
    return arms.outcomes if len(arms.outcomes) > 1 else ("",)


def posterior_of(
    fit: Any, profile: Profile | None, mean: Array | None = None, time: float | None = None
) -> Mapping[str, ProfileRates]:
    """Return the rates of a profile by outcome; the name of the only one is empty.

    `mean` is that of the study which the profile is an arm of (see `Coding.row`). Of a fit of survival,
    rates are the survival at a `time` in months.
    """
    if time is not None:
        return {"": SurvivalAt(profile_survival(fit, profile, mean), time)}
    outcomes = outcomes_of(fit)
    if outcomes:
        rates = nested_rates(fit, profile, mean)
        return {outcome: OutcomeRates(rates, outcome) for outcome in outcomes}
    if has_draws(fit):
        return {"": profile_rates(fit, profile, mean)}
    return {"": RatesByQuadrature(fit, profile)}


def rates_at(
    fit: AnyFit,
    profile: Profile | None,
    outcome: str | None = None,
    mean: Array | None = None,
    *,
    time: float | None = None,
) -> ProfileRates:
    """Return the rates of a profile and an outcome, which must be named where there are several."""
    named = checked_outcome(fit, outcome)
    return posterior_of(fit, profile, mean, time)[named]


def quantities_of(fit: AnyFit) -> Mapping[str, str]:
    """Return what is known at one profile, by the names that tables have for it."""
    return QUANTITIES_OF_SURVIVAL if is_survival(fit) else {name: name for name in QUANTITIES}


def asked_time(fit: AnyFit, time: object) -> float | None:
    """Return the months at which survival is asked about, 12 where None; None of response rates.

    Raises
    ------
    SettingsError
        If it is no time, or the fit is of response rates and has none.
    """
    return time_of(time, survival=is_survival(fit))


def checked_outcome(fit: AnyFit, outcome: str | None) -> str:
    """Return the outcome asked for; empty where there is one, whose name may be left out."""
    outcomes = outcomes_of(fit)
    if not outcomes:
        [only] = fit.arms.outcomes
        if outcome and outcome != only:
            there = f"'{only}', the only outcome of the fit" if only else "left out: there is one"
            raise SettingsError(f"`outcome` must be {there}; got {outcome!r}. Leave it out.")
        return ""
    if outcome not in outcomes:
        got = "it is missing" if outcome is None else f"got {outcome!r}"
        raise SettingsError(
            f"`outcome` must be one of {', '.join(outcomes)}, the nested outcomes of the fit; {got}."
        )
    return outcome


def has_draws(fit: object) -> "TypeIs[Fit]":
    """Return whether a posterior is known by draws of its parameters."""
    # The one place that asks: a quadrature is the one posterior without draws.
    return isinstance(fit, Fit)


def is_reliable(fit: AnyFit) -> bool:
    """Return whether a posterior may be used: one without draws may."""
    return not has_draws(fit) or diagnose(fit).ok


def is_survival(fit: AnyFit) -> bool:
    """Return whether a fit is of survival, and not of response rates."""
    # A PyMC model of the user's own has no curve.
    return getattr(fit.spec, "curve", None) is not None


def check_posterior(fit: object, *, survival: bool = False) -> None:
    """Raise unless `fit` is a posterior, of rates unless the answer is of survival, too."""
    # The arguments of users may be anything.
    if not isinstance(fit, AnyFit):
        raise SettingsError(
            f"`fit` must be a Fit or QuadratureFit; got {type(fit).__name__}. Make one by bm.fit."
        )
    _check_rates(fit, survival=survival)


def _check_rates(fit: AnyFit, *, survival: bool) -> None:
    if not survival and is_survival(fit):
        raise SettingsError(
            f"This answer is of response rates; it is not available for survival, of which '{fit.spec.name}' is a model. "
            "Ask for `summary`, `predict` or `contrast` of it, or for `plots.survival_forest` or `plots.survival_curve`."
        )


def check_no_bias(fit: AnyFit, what: str) -> None:
    """Raise if studies have elicited biases already; `what` is not available then."""
    # The covariates of a PyMC model of the user's own are not known.
    covariates = getattr(fit.spec, "covariates", None)
    if (covariates and covariates.elicited) if has_draws(fit) else fit.bias:
        raise SettingsError(
            f"{what} is not available for a fit with biases: give the fit that `bias_adjusted` started from."
        )


def check_draws(fit: object, *, survival: bool = False) -> None:
    """Raise unless `fit` has draws, of rates unless the answer is of survival, too."""
    if not has_draws(fit):
        raise SettingsError(
            f"`fit` must be a Fit, which has draws; got {type(fit).__name__}. Make one by bm.fit, with "
            'method="nuts".'
        )
    _check_rates(fit, survival=survival)


def survival_arms_of(fit: object) -> SurvivalArms:
    """Return the arms of a fit of survival; raise unless it is one, and has draws."""
    check_draws(fit, survival=True)
    arms = fit.arms  # type: ignore[attr-defined]  # checked above
    if not isinstance(arms, SurvivalArms):
        raise SettingsError(
            f"`fit` must be of survival; {fit.spec.name} is a model of response rates. "  # type: ignore[attr-defined]
            "Fit a ModelSpec with a `curve`, such as WeibullSurvival(), to arms of read_survival."
        )
    return arms


def check_one_outcome(fit: Any, what: str) -> None:
    """Raise unless `fit` has draws, or if `what` is not available for its several outcomes."""
    check_draws(fit)
    refuse_several(fit.arms, what)
