"""`prior_grid`: tau, the rates and a probability under other priors, each by a fit of its own."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import pandas as pd

from bayesmeta.errors import SamplingError, SettingsError
from bayesmeta.estimates.arguments import check_ci_prob, check_family
from bayesmeta.estimates.posterior import (
    check_posterior,
    has_draws,
    is_reliable,
    outcomes_of,
    rates_at,
)
from bayesmeta.estimates.precision import Distribution, Estimate
from bayesmeta.estimates.prediction import Probability
from bayesmeta.inference.exact import QuadratureFit
from bayesmeta.inference.result import Fit
from bayesmeta.model import LKJ, ModelSpec
from bayesmeta.model.coding import Profile
from bayesmeta.priors import Prior
from bayesmeta.sensitivity.changed_priors import (
    changes_of,
    checked_lists,
    fitted_again,
    not_lists,
    own_priors,
    prior_text,
    with_prior,
)
from bayesmeta.sensitivity.decisions import EventKeywords, NewStudyEvent, asked_question
from bayesmeta.sensitivity.prior_rows import (
    NO_FIT,
    NOTHING,
    QUANTITIES,
    USUAL_OF_TAU,
    numbers_of,
    scaled_priors,
)

__all__ = ["prior_grid", "usual_priors"]

Row = dict[str, Any]


def prior_grid(
    fit: Fit | QuadratureFit,
    *,
    profile: Profile | None = None,
    priors: Mapping[str, Sequence[Prior | LKJ | None]] | None = None,
    together: bool = False,
    ci_prob: float = 0.95,
    **question: Unpack[EventKeywords],
) -> pd.DataFrame:
    """Return estimates under other priors, by fitting again with each.

    Parameters
    ----------
    fit : Fit, QuadratureFit
        The fit to start from; a QuadratureFit is fitted again without Monte-Carlo error.
    profile : mapping, optional
        Covariate values that the rates are for; what is left out stands at the reference
        level or the centre.
    priors : mapping, optional
        Priors to try by parameter: ``{"tau": [HalfNormal(1), HalfCauchy(0.5)], "mu": [...]}``; of
        `beta`, for all coefficients; of a Fit, for all outcomes, and ``"correlation"``, of which
        None stands for independent effects. The usual ones where None.
    together : bool
        Try every combination; else change one parameter's prior at a time, the others being the
        model's own. Not of a Fit.
    ci_prob : float
        Probability of the equal-tailed intervals.
    **question
        An event whose probability is given, too, as in `Prediction.probability`: ``rate_above=0.3``, or
        ``events_at_least=12, n=40``. Not of a Fit.

    Returns
    -------
    DataFrame
        One row per fit, the model's own priors first; of a Fit, one per fit and `outcome`, which
        is a column more. Columns are

        - changed: the parameters whose prior is another, empty in the first row; own: whether the
          priors are the model's own;
        - prior_mu, prior_tau, ...: the priors;
        - ok: whether the draws passed their diagnostics, see `diagnose`;
        - tau (that the profile has, scale of the link), typical, mean, new_study (rates,
          probability): posterior medians, with their interval in tau_lower, tau_upper, ...; NaN of
          a model without tau, and of a fit that could not be made;
        - probability: of the question, if there is one;
        - mcse_...: Monte-Carlo standard error of each of these.

    Raises
    ------
    SettingsError
        If `priors` names no parameter of the model, the question is not one event, or something asked
        has no effect on a Fit.
    SpecError
        If a parameter can't have a prior given for it.
    ProfileError
        If the profile can't be coded.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> others = {"tau": [bm.HalfNormal(0.5), bm.HalfCauchy(0.5)]}
    >>> bm.prior_grid(exact, priors=others, rate_above=0.1)["probability"].round(2).tolist()
    [0.84, 0.88, 0.86]
    """
    check_posterior(fit)
    check_ci_prob(ci_prob)
    if has_draws(fit) and outcomes_of(fit):
        return _nested(fit, profile, priors, ci_prob, together=together, question=question)
    check_family(fit, "prior_grid")
    asked = asked_question(question)
    tried = usual_priors(fit.spec) if priors is None else _checked(priors)
    # Every model is made before the first fit: a prior that can't be is found at once.
    models = [
        (changed, _with_priors(fit.spec, changed))
        for changed in [{}, *changes_of(own_priors(fit.spec), tried, together=together)]
    ]
    return pd.DataFrame(
        [
            {
                "changed": ", ".join(changed),
                "own": not changed,
                **{f"prior_{name}": prior_text(prior) for name, prior in own_priors(spec).items()},
                **_numbers(_fitted(fit, spec, own=not changed), profile, ci_prob, asked),
            }
            for changed, spec in models
        ]
    )


def _nested(
    fit: Fit,
    profile: Profile | None,
    priors: Mapping[str, Sequence[Prior | LKJ | None]] | None,
    ci_prob: float,
    *,
    together: bool,
    question: Mapping[str, Any],
) -> pd.DataFrame:
    from bayesmeta.sensitivity.nested_prior_grid import nested_prior_grid

    for name in (*(["together"] if together else []), *question):
        raise SettingsError(f"`{name}` has no effect on nested outcomes. Leave it out.")
    return nested_prior_grid(fit, profile=profile, priors=priors, ci_prob=ci_prob)


def usual_priors(spec: ModelSpec) -> dict[str, tuple[Any, ...]]:
    """Return the priors of mu, beta and tau that are tried where none are named.

    Families and scales of tau; of mu and beta, the link's own prior, narrower and wider; of coefficients
    that have priors of their own, as those of numbers have, these.
    """
    found = {**scaled_priors(spec.link, spec.beta), "tau": USUAL_OF_TAU}
    return {name: priors for name, priors in found.items() if name in own_priors(spec)}


def _checked(priors: object) -> Mapping[str, Sequence[Prior]]:
    found = checked_lists(priors)
    if not all(isinstance(one, Prior) for each in found.values() for one in each):
        raise not_lists(priors)
    return found


def _with_priors(spec: ModelSpec, changed: Mapping[str, Prior]) -> ModelSpec:
    for name, prior in changed.items():
        spec = with_prior(spec, name, prior)
    return spec


def _fitted(fit: Fit | QuadratureFit, spec: ModelSpec, *, own: bool) -> Fit | QuadratureFit | None:
    """Return the fit with these priors; None where the sampler could not go on."""
    if own:
        return fit
    try:
        return fitted_again(fit, spec)
    except SamplingError:
        return None


def _numbers(
    fit: Fit | QuadratureFit | None,
    profile: Profile | None,
    ci_prob: float,
    question: NewStudyEvent | None,
) -> Row:
    """Return the numbers of one fit with their Monte-Carlo errors."""
    distributions = NO_FIT if fit is None else distributions_of(fit, profile)
    more = {}
    if question is not None:
        more["probability"] = NOTHING if fit is None else _estimate(question.of(fit, profile))
    return {"ok": fit is not None and is_reliable(fit), **numbers_of(distributions, ci_prob, more)}


def distributions_of(
    fit: Fit | QuadratureFit, profile: Profile | None
) -> dict[str, Distribution | None]:
    """Return the posterior of tau and of the rates of a profile; None of a model without tau."""
    rates = rates_at(fit, profile)
    return {name: rates.distribution(name) for name in QUANTITIES}


def _estimate(probability: Probability) -> Estimate:
    return Estimate(float(probability), probability.mcse)
