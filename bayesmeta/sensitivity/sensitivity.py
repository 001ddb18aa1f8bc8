"""`sensitivity`: whether answers depend on the priors, by three means in one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Unpack

import pandas as pd

from bayesmeta.deprecated import Renamed
from bayesmeta.errors import counted
from bayesmeta.estimates.arguments import check_ci_prob, check_family
from bayesmeta.estimates.events import Event, EventKeywords, asked_event
from bayesmeta.estimates.posterior import asked_time, check_draws, checked_outcome
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.priors import Prior
from bayesmeta.sensitivity.changed_priors import own_priors
from bayesmeta.sensitivity.power_scaling import power_scaling
from bayesmeta.sensitivity.prior_grid import prior_grid
from bayesmeta.sensitivity.tipping_point import TippingPoint, check_decision, tipping_point
from bayesmeta.shown import Shown

TIPPED = ("tau", "mu", "beta")
"""Parameters of which a tipping point of the prior is sought, as far as the model has them."""


ESTIMATES = ("typical", "new_study")
"""What other priors are judged by: of survival, the medians."""


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity(Shown):
    """How far a fit depends on its priors.

    Made by `sensitivity`.

    Parameters
    ----------
    profile : str
        What the rates are for.
    ci_prob : float
        Probability of the intervals in `priors`.
    scaling : DataFrame
        Sensitivity of each estimate to priors and likelihood; see `power_scaling`.
    priors : DataFrame
        Estimates under other priors; see `prior_grid`.
    tipping_points : tuple of TippingPoint
        Where the decision changes with the priors of tau, mu and beta; see `tipping_point`. Empty
        where no certainty was asked for.
    question : Event or None
        The event whose probability is among the numbers of `priors`, if one was asked for.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> fit = bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=few)
    >>> found = bm.sensitivity(fit, priors={"mu": [bm.Normal(0, 0.5)]})
    >>> found.changes[["prior_mu", "typical", "overlap"]].round(1)
                  prior_mu  typical  overlap
    0  StudentT(3, 0, 1.5)      0.2      1.0
    1       Normal(0, 0.5)      0.2      0.8
    >>> bool((found.scaling["likelihood"] > found.scaling["prior"]).all())
    True
    """

    shown = "scaling"

    profile: str
    ci_prob: float
    scaling: pd.DataFrame
    priors: pd.DataFrame
    tipping_points: tuple[TippingPoint, ...]
    question: Event | None = None

    flips = Renamed("tipping_points")

    @property
    def time(self) -> float | None:
        """Months at which survival is told; None of response rates."""
        return float(self.priors["time"].iloc[0]) if "time" in self.priors else None

    @property
    def changes(self) -> pd.DataFrame:
        """The rows of `priors`, with how far each is from that of the model's own priors.

        Columns more: `change`, of the typical rate (probability), or median (months), and `overlap`,
        what the intervals of a new study share as a part of both together, from 0 to 1; NaN of a fit
        that could not be made.
        """
        typical, new = (f"{name}{'' if self.time is None else '_median'}" for name in ESTIMATES)
        table = self.priors.reset_index(drop=True)
        own = table[table["own"]].iloc[0]
        lower, upper = table[f"{new}_lower"], table[f"{new}_upper"]
        low, high = own[f"{new}_lower"], own[f"{new}_upper"]
        shared = (upper.clip(upper=high) - lower.clip(lower=low)).clip(lower=0.0)
        together = upper.clip(lower=high) - lower.clip(upper=low)
        return table.assign(change=table[typical] - own[typical], overlap=shared / together)

    @property
    def ok(self) -> bool:
        """Whether the draws of every fit passed their diagnostics."""
        return bool(self.priors["ok"].all()) and all(one.ok for one in self.tipping_points)

    def __repr__(self) -> str:
        diagnosed = int((self.scaling["diagnosis"] != "").sum())
        found = sum(one.exists for one in self.tipping_points)
        tipping = f", {counted(found, 'tipping point')}" if self.tipping_points else ""
        return (
            f"Sensitivity({self.profile}: {diagnosed} of {len(self.scaling)} estimates with a diagnosis, "
            f"{len(self.priors)} priors tried{tipping})"
        )


def sensitivity(
    fit: Fit,
    *,
    profile: Profile | None = None,
    outcome: str | None = None,
    priors: Mapping[str, Sequence[Prior]] | None = None,
    certainty: float | None = None,
    ci_prob: float = 0.95,
    time: float | None = None,
    **event: Unpack[EventKeywords],
) -> Sensitivity:
    """Return how far the estimates of a fit, and a decision, depend on the priors.

    Three means: power-scaling of the draws (`power_scaling`), fits under other priors (`prior_grid`),
    and the scales of the priors of tau, mu and beta at which a decision changes (`tipping_point`).

    Parameters
    ----------
    fit : Fit
        Posterior draws, with those of arms.
    profile : mapping, optional
        Covariate values that the rates are for; others stand at the reference or the centre.
    outcome : str, optional
        Of several outcomes, the one that is asked about.
    priors : mapping, optional
        Priors to try by parameter; the usual ones where None. See `prior_grid`.
    certainty : float, optional
        Probability that the decision demands of the question, above 0.5 and below 1; where None,
        no tipping points are sought.
    ci_prob : float
        Probability of the equal-tailed intervals.
    time : float, optional
        Months at which survival is told, of fits of survival only; 12 where None.
    **event
        An event or none: ``rate_above=0.3``, ``events_at_least=12, n=40`` or ``event="rate > 0.3"``.

    Returns
    -------
    Sensitivity
        With the tables `scaling` and `priors`, and the `tipping_points`.

    Raises
    ------
    SettingsError
        If an argument is out of its range or would have no effect, `outcome` is none of several, or
        the fit kept no draws of arms.
    SpecError
        If a parameter cannot have a prior given for it.
    ProfileError
        If the profile cannot be coded.

    References
    ----------
    Kallioinen, Paananen, Bürkner & Vehtari 2024, doi:10.1007/s11222-023-10366-5.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> found = bm.sensitivity(fit, priors={"tau": [bm.HalfNormal(0.5)]}, rate_above=0.1)
    >>> found.priors["prior_tau"].tolist(), bool((found.priors["probability"] > 0.8).all())
    (['HalfNormal(1)', 'HalfNormal(0.5)'], True)
    """
    check_draws(fit, survival=True)
    of = checked_outcome(fit, outcome)
    check_family(fit, "sensitivity")
    check_ci_prob(ci_prob)
    months = asked_time(fit, time)
    asked = asked_event(event, months, words_of_outcome(fit.arms))
    check_decision(certainty, asked)
    scaling = power_scaling(fit, profile=profile, outcome=outcome, time=time)
    grid = prior_grid(
        fit, profile=profile, outcome=outcome, priors=priors, ci_prob=ci_prob, time=time, **event
    )
    label = profile_label(fit.coding, profile)
    label = f"{of}, {label}" if of else label
    if certainty is None:
        return Sensitivity(label, ci_prob, scaling, grid, (), asked)
    points = [
        tipping_point(
            fit,
            certainty=certainty,
            parameter=name,
            profile=profile,
            outcome=outcome,
            time=time,
            **event,
        )
        for name in TIPPED
        if name in own_priors(fit.spec, fit.arms)
    ]
    return Sensitivity(label, ci_prob, scaling, grid, tuple(points), asked)
