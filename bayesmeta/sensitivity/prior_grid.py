"""`prior_grid`: tau, the rates and a probability under other priors, each by a refit."""

from collections.abc import Mapping, Sequence
from functools import partial, reduce
from typing import Any, Unpack

import pandas as pd

from bayesmeta.estimates.arguments import check_ci_prob, check_family
from bayesmeta.estimates.events import EventKeywords, asked_event
from bayesmeta.estimates.posterior import (
    asked_time,
    check_posterior,
    checked_outcome,
    named_outcomes,
)
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.evidence import Arms
from bayesmeta.inference.exact import QuadratureFit
from bayesmeta.inference.result import Fit
from bayesmeta.model import LKJ, ModelSpec
from bayesmeta.model.coding import Profile
from bayesmeta.model.curves import LOG_SHAPE, PRECISION, TAU_SHAPE
from bayesmeta.priors import Beta, HalfCauchy, HalfNormal, HalfStudentT, LogNormal, Prior
from bayesmeta.sensitivity.changed_priors import (
    changes_of,
    checked_lists,
    own_priors,
    prior_text,
    refitted,
    with_prior,
)
from bayesmeta.sensitivity.refit_rows import At, refit_rows


def prior_grid(
    fit: Fit | QuadratureFit,
    *,
    profile: Profile | None = None,
    outcome: str | None = None,
    priors: Mapping[str, Sequence[Prior | LKJ | None]] | None = None,
    together: bool = False,
    ci_prob: float = 0.95,
    time: float | None = None,
    **event: Unpack[EventKeywords],
) -> pd.DataFrame:
    """Return estimates under other priors, by fitting again with each.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        The fit to start from; a QuadratureFit is fitted again without Monte-Carlo error.
    profile : mapping, optional
        Covariate values that the rates are for; others stand at the reference or the centre.
    outcome : str, optional
        Of several outcomes, the one whose rows are returned; all where None.
    priors : mapping, optional
        Priors to try by parameter: ``{"tau": [HalfNormal(1), HalfCauchy(0.5)], "mu": [...]}``; of
        `beta`, for all coefficients; of several outcomes, for all of them, and ``"correlation"``, of
        which None stands for independent effects. The usual ones where None.
    together : bool
        Try every combination; else change one parameter's prior at a time, the others being the
        model's own.
    ci_prob : float
        Probability of the equal-tailed intervals.
    time : float, optional
        Months at which survival is told, of fits of survival only; 12 where None.
    **event
        An event whose probability is given, too, as in `Prediction.probability`: ``rate_above=0.3``,
        ``events_at_least=12, n=40`` or ``event="rate > 0.3"``; of several outcomes, that of each.

    Returns
    -------
    DataFrame
        One row per fit, the model's own priors first; of several outcomes, one per fit and `outcome`,
        which is a column more. Columns are

        - changed: the parameters whose prior is another, empty in the first row; own: whether the
          priors are the model's own;
        - prior_mu, prior_tau, ...: the priors;
        - ok: whether the draws passed their diagnostics, see `diagnose`;
        - tau (that the profile has, scale of the link), typical, mean, new_study (rates,
          probability): posterior medians, with their interval in tau_lower, tau_upper, ...; NaN of
          a model without tau, and of a fit that could not be made; of survival typical_median and
          new_study_median (months), and typical_survival, mean_survival and new_study_survival
          (probability) at `time`, which is a column more, in place of the rates;
        - probability: of the event, if there is one;
        - ``mcse_...``: Monte-Carlo standard error of each of these.

    Raises
    ------
    SettingsError
        If `priors` names no parameter of the model, the event is not one, or `time` is no time or has
        no effect.
    SpecError
        If a parameter cannot have a prior given for it.
    ProfileError
        If the profile cannot be coded.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> others = {"tau": [bm.HalfNormal(0.5), bm.HalfCauchy(0.5)]}
    >>> bm.prior_grid(exact, priors=others, rate_above=0.1)["probability"].round(2).tolist()
    [0.84, 0.88, 0.86]
    """
    check_posterior(fit, survival=True)
    check_ci_prob(ci_prob)
    check_family(fit, "prior_grid")
    months = asked_time(fit, time)
    asked = asked_event(event, months, words_of_outcome(fit.arms))
    own = own_priors(fit.spec, fit.arms)
    at = At(profile, ci_prob, asked, months)
    wanted = named_outcomes(fit.arms) if outcome is None else (checked_outcome(fit, outcome),)
    fit.coding.resolved(profile)
    tried = (
        usual_priors(fit.spec, fit.arms)
        if priors is None
        else checked_lists(fit.spec, fit.arms, priors)
    )
    changes = [{}, *changes_of(own, tried, together=together)]
    # Every model is made before the first fit: a prior that cannot be is found at once.
    models = [
        (changed, reduce(lambda spec, one: with_prior(spec, *one), changed.items(), fit.spec))
        for changed in changes
    ]
    return pd.DataFrame(
        [
            {
                **({"outcome": of} if of else {}),
                **({} if months is None else {"time": months}),
                "changed": ", ".join(changed),
                "own": not changed,
                **{
                    f"prior_{name}": prior_text(prior)
                    for name, prior in own_priors(spec, fit.arms).items()
                },
                **numbers,
            }
            for changed, spec in models
            for of, numbers in refit_rows(
                partial(refitted, fit, spec) if changed else lambda: fit, fit, at
            )
            if of in wanted
        ]
    )


USUAL = {
    "tau": (
        HalfNormal(0.25),
        HalfNormal(0.5),
        HalfNormal(1),
        HalfCauchy(0.5),
        HalfStudentT(3, 0.5),
        LogNormal(-1, 1),
    ),
    "correlation": (None, LKJ(1), LKJ(10)),
    PRECISION: (Beta(1, 1), Beta(2, 2), Beta(6, 2)),
}
"""Of tau, from moderate to large heterogeneity, light and heavy tails, and one that excludes none at
all; of correlations, independent effects, any correlation as likely, and correlations near to none; of
the retention, any share of the patients as likely, about a half, and about three quarters."""

USUAL_FACTORS = {
    "mu": (2 / 3, 1, 5 / 3),
    "beta": (1 / 2, 1, 2),
    LOG_SHAPE: (1 / 2, 1, 2),
    TAU_SHAPE: (1 / 2, 1, 2),
}
"""Scales as multiples of those of the link or curve: of the logit, scales of 1, 1.5 and 2.5 for mu."""


def usual_priors(spec: ModelSpec, arms: Arms) -> dict[str, tuple[Any, ...]]:
    """Return the priors of parameters of the model that are tried where none are named."""
    beta = spec.beta if isinstance(spec.beta, Mapping) else spec.scale.beta
    curve = {} if spec.curve is None else type(spec.curve)().parameters
    found: dict[str, tuple[Any, ...]] = {
        name: tuple(_scaled(prior, factor) for factor in USUAL_FACTORS[name])
        for name, prior in {"mu": spec.scale.mu, "beta": beta, **curve}.items()
        if name in USUAL_FACTORS
    }
    own = own_priors(spec, arms)
    return {name: priors for name, priors in (found | USUAL).items() if name in own}


def _scaled(prior: "Prior | Mapping[str, Prior]", factor: float) -> Any:
    if isinstance(prior, Prior):
        return prior.scaled(factor)
    return {label: one.scaled(factor) for label, one in prior.items()}
