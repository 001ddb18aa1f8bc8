"""`tipping_point`: how much wider or narrower a prior must be for a decision to be another."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Unpack

import pandas as pd

from bayesmeta.deprecated import Renamed
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_family
from bayesmeta.estimates.events import Event, EventKeywords, asked_event
from bayesmeta.estimates.posterior import (
    AnyFit,
    asked_time,
    check_posterior,
    checked_outcome,
    is_reliable,
    rates_at,
)
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.inference.exact import QuadratureFit
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.numeric import is_number
from bayesmeta.priors import Prior
from bayesmeta.sensitivity.changed_priors import (
    check_parameter,
    own_priors,
    prior_text,
    refitted,
    with_scaled_prior,
)
from bayesmeta.sensitivity.crossing import Crossing, Point, find_crossing
from bayesmeta.shown import Shown

DOUBLINGS = (-3, -2, -1, 0, 1, 2, 3)
"""Powers of two at which the prior's scale is looked at first: an eighth to eight times as wide."""

SURE = 1.96
"""Standard errors to either side that make an interval of 95%."""


@dataclass(frozen=True, eq=False, repr=False)
class TippingPoint(Shown):
    """Where a decision changes as one prior becomes wider or narrower.

    Made by `tipping_point`.

    Parameters
    ----------
    question : Event
        The event.
    certainty : float
        Probability that the decision demands of it.
    profile : str
        What the event is about.
    parameter : str
        Whose prior is changed.
    prior : Prior or mapping
        The model's own prior of it.
    crossing : Crossing or None
        Where the probability crosses `certainty`, in doublings of the scale; None where it does not.
    trials : DataFrame
        One row per fit, in order of the factor: `factor`, `prior`, `probability`, `mcse`, `ok`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("common_effect"), arms, method="quadrature")
    >>> found = bm.tipping_point(exact, rate_above=0.2, certainty=0.9, parameter="mu")
    >>> found.exists, found.open_at_own
    (True, False)
    >>> found.bracket[["factor", "probability"]].round(2)
       factor  probability
    7    0.25          0.9
    8    0.25          0.9
    """

    shown = "trials"

    question: Event
    certainty: float
    profile: str
    parameter: str
    prior: "Prior | Mapping[str, Prior]"
    crossing: Crossing | None
    trials: pd.DataFrame

    flips = Renamed("exists")

    @property
    def exists(self) -> bool:
        """Whether the decision changes between an eighth of the prior's scale and eight times it."""
        return self.crossing is not None

    @property
    def factor(self) -> float:
        """Scale of the prior at the tipping point, as a multiple of its own; NaN where there is none."""
        return math.nan if self.crossing is None else 2**self.crossing.x

    @property
    def factor_interval(self) -> tuple[float, float]:
        """The 95% interval of `factor` from Monte-Carlo error alone; NaN where there is none."""
        if self.crossing is None:
            return math.nan, math.nan
        reach = SURE * self.crossing.error
        return 2 ** (self.crossing.x - reach), 2 ** (self.crossing.x + reach)

    @property
    def bracket(self) -> pd.DataFrame:
        """The two nearest trials that are clearly on different sides of it; else no rows."""
        if self.crossing is None:
            return self.trials.iloc[:0]
        ends = [2**point.x for point in (self.crossing.low, self.crossing.high)]
        return self.trials[self.trials["factor"].isin(ends)]

    @property
    def open_at_own(self) -> bool:
        """Whether Monte-Carlo error leaves open what the decision is under the model's own prior."""
        [own] = self.trials[self.trials["factor"] == 1].to_dict("records")
        return Point(0.0, own["probability"], own["mcse"]).side(self.certainty) == 0

    @property
    def ok(self) -> bool:
        """Whether the draws of every trial passed their diagnostics."""
        return bool(self.trials["ok"].all())

    def __repr__(self) -> str:
        own = self.trials.loc[self.trials["factor"] == 1, "probability"].item()
        head = f"TippingPoint({self.question} = {own:.3f}, prior of {self.parameter} {prior_text(self.prior)}: "
        if self.crossing is None:
            low, high = self.trials["factor"].iloc[[0, -1]]
            return (
                f"{head}{self.certainty:g} is not crossed at {low:g} to {high:g} times its scale)"
            )
        low, high = self.factor_interval
        interval = f", {low:.2f} to {high:.2f}" if low < high else ""
        return f"{head}crosses {self.certainty:g} at {self.factor:.2f} times its scale{interval})"


def tipping_point(
    fit: Fit | QuadratureFit,
    *,
    certainty: float,
    parameter: str = "tau",
    profile: Profile | None = None,
    outcome: str | None = None,
    time: float | None = None,
    **event: Unpack[EventKeywords],
) -> TippingPoint:
    """Return at which scale of a prior the probability of an event crosses a required certainty.

    A decision that needs P(rate > 0.3) to be 0.9 may depend on the prior. Its scale is changed
    (`Prior.scaled`) from an eighth to eight times what it is, and the model fitted again at each:
    first at every doubling, then between the two nearest to the model's own on different sides
    of the certainty, as closely as Monte-Carlo error allows.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        The fit to start from; a QuadratureFit is fitted again without Monte-Carlo error.
    certainty : float
        Probability that the decision demands, above 0.5 and below 1.
    parameter : str
        Whose prior is changed: `tau`, `mu`, `beta` (all coefficients), or another of the model.
    profile : mapping, optional
        Covariate values that the event is about; others stand at the reference or the centre.
    outcome : str, optional
        Of nested outcomes, the one that the event is about.
    time : float, optional
        Months, of fits of survival only: the rate is the survival at this time, 12 where None, and
        responders are patients alive.
    **event
        The event: ``rate_above=0.3``, ``events_at_least=12, n=40`` or ``event="rate > 0.3"``.

    Returns
    -------
    TippingPoint
        With `exists`, `factor` and its `factor_interval`, the `bracket` of two fits around it with their
        probabilities, and all `trials`. A decision that does not change is an answer, too: `exists` is
        False. A difference smaller than the Monte-Carlo error does not count.

    Raises
    ------
    SettingsError
        If `certainty` is not between 0.5 and 1, the event is not one, `outcome` is not an outcome of
        the fit, the model has no prior of `parameter`, or `time` is no time or has no effect.
    SpecError
        If that prior has no scale.
    ProfileError
        If the profile cannot be coded.
    SamplingError
        If the sampler cannot go on under one of the priors.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> found = bm.tipping_point(exact, rate_above=0.1, certainty=0.85)
    >>> found.exists, round(found.factor, 2)
    (True, 0.8)
    """
    check_posterior(fit, survival=True)
    check_family(fit, "tipping_point")
    check_certainty(certainty)
    months = asked_time(fit, time)
    asked = asked_event(event, months, words_of_outcome(fit.arms))
    if asked is None:
        raise SettingsError("`tipping_point` needs a question. Give one, such as rate_above=0.3.")
    check_parameter(fit.spec, fit.arms, parameter)
    own = own_priors(fit.spec, fit.arms)[parameter]
    of = checked_outcome(fit, outcome)

    def at(doublings: float) -> Point:
        spec = with_scaled_prior(fit.spec, parameter, own, 2**doublings)
        again = refitted(fit, spec) if doublings else fit
        found = asked.of(rates_at(again, profile, outcome, time=months).cohort())
        return Point(doublings, float(found), found.mcse, is_reliable(again))

    crossing, points = find_crossing(at, [at(x) for x in DOUBLINGS], certainty, near=0.0)
    label = profile_label(fit.coding, profile)
    if of:
        label = f"{of}, {label}"
    table = pd.DataFrame([_row(fit, parameter, own, point) for point in points])
    return TippingPoint(asked, certainty, label, parameter, own, crossing, table)


def _row(fit: AnyFit, parameter: str, own: Any, point: Point) -> dict[str, Any]:
    spec = with_scaled_prior(fit.spec, parameter, own, 2**point.x)
    scaled = own_priors(spec, fit.arms)[parameter]
    return {
        "factor": 2**point.x,
        "prior": prior_text(scaled),
        "probability": point.value,
        "mcse": point.error,
        "ok": point.ok,
    }


def check_certainty(certainty: object) -> None:
    """Raise unless `certainty` is a probability above one half and below 1."""
    if not is_number(certainty) or not 0.5 < certainty < 1:  # noqa: PLR2004
        raise SettingsError(
            f"`certainty` must lie above 0.5 and below 1; got {certainty!r}. Write 90% as 0.9; "
            "instead of a certainty below 0.5, ask for the opposite event (rate_below for rate_above)."
        )


def check_decision(certainty: object, asked: Event | None) -> None:
    """Raise unless a certainty, where one is asked for, is that of an event."""
    if certainty is None:
        return
    check_certainty(certainty)
    if asked is None:
        raise SettingsError(
            "`certainty` has no effect without a question. Give one, such as rate_above=0.3."
        )
