"""The rates of nested outcomes under other priors, each by a joint fit of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from bayesmeta.comparison.nested.fits import joint_fit
from bayesmeta.errors import SamplingError, SettingsError, nearest
from bayesmeta.estimates.nested.rates import nested_rates
from bayesmeta.estimates.precision import Distribution, Draws
from bayesmeta.inference.diagnosis import diagnose
from bayesmeta.inference.result import Fit
from bayesmeta.model import LKJ, Design, ModelSpec, model_hash
from bayesmeta.model.coding import Profile
from bayesmeta.priors import Prior
from bayesmeta.sensitivity.changed_priors import STREAM_BYTES, changes_of, checked_lists, prior_text
from bayesmeta.sensitivity.prior_rows import NO_FIT, USUAL_OF_TAU, numbers_of, scaled_priors

__all__ = ["nested_prior_grid", "usual_nested_priors"]

USUAL_CORRELATIONS = (None, LKJ(1), LKJ(10))
"""Independent effects, any correlation as likely, and correlations near to none."""

type Tried = Mapping[str, Sequence[Prior | LKJ | None]]


def nested_prior_grid(
    fit: Fit, *, profile: Profile | None, priors: Tried | None, ci_prob: float
) -> pd.DataFrame:
    """Return the estimates of each outcome under other priors; see `bayesmeta.prior_grid`.

    Raises
    ------
    SettingsError
        If `priors` names no parameter of the model, or gives no list of priors for it.
    SpecError
        If a parameter can't have a prior given for it.
    ProfileError
        If the profile can't be coded.
    """
    fit.coding.row(profile)
    own = _own_priors(fit.spec)
    tried = usual_nested_priors(fit.spec) if priors is None else _checked(priors, own)
    # Every model is made before the first fit: a prior that can't be is found at once.
    changes: list[dict[str, Any]] = [{}, *changes_of(own, tried, together=False)]
    specs = [(changed, replace(fit.spec, **changed)) for changed in changes]
    return pd.DataFrame(
        [
            {
                "outcome": outcome,
                "changed": ", ".join(changed),
                "own": not changed,
                **{f"prior_{name}": _text(prior) for name, prior in _own_priors(spec).items()},
                **numbers,
            }
            for changed, spec in specs
            for outcome, numbers in _numbers(fit, spec, profile, ci_prob, own=not changed).items()
        ]
    )


def usual_nested_priors(spec: ModelSpec) -> Tried:
    """Return the priors of mu, beta, tau and the correlations that are tried where none are named."""
    found = {
        **scaled_priors(spec.link, spec.beta),
        "tau": USUAL_OF_TAU,
        "correlation": USUAL_CORRELATIONS,
    }
    return {name: priors for name, priors in found.items() if name in _own_priors(spec)}


def _own_priors(spec: ModelSpec) -> dict[str, Any]:
    names = ("mu", *(("beta",) if spec.covariates.parsed.terms else ()), "tau", "correlation")
    return {name: getattr(spec, name) for name in names}


def _text(prior: Any) -> str:
    if prior is None:
        return "none"
    return repr(prior) if isinstance(prior, LKJ) else prior_text(prior)


def _checked(priors: object, own: Mapping[str, object]) -> Tried:
    """Return what is to be tried, after checking that it gives a list for each parameter there is."""
    found = checked_lists(priors)
    for name in found:
        if name not in own:
            raise SettingsError(f"The model has no prior of '{name}'. {nearest(str(name), own)}")
    return found


def _numbers(
    fit: Fit, spec: ModelSpec, profile: Profile | None, ci_prob: float, *, own: bool
) -> dict[str, dict[str, Any]]:
    """Return the numbers of each outcome from a fit with these priors."""
    found, ok = (fit, diagnose(fit).ok) if own else _fitted_again(fit, spec)
    if found is None:
        return {one: numbers_of(dict(NO_FIT), ci_prob) | {"ok": False} for one in fit.outcomes}
    return {
        outcome: {"ok": ok, **numbers_of(distributions, ci_prob)}
        for outcome, distributions in _distributions(found, profile).items()
    }


def _fitted_again(fit: Fit, spec: ModelSpec) -> tuple[Fit | None, bool]:
    """Return the joint fit with other priors; its stream follows from the model alone."""
    stream = int(model_hash(spec)[:STREAM_BYTES], 16)
    design = Design(spec, fit.arms, fit.coding)
    try:
        return joint_fit(
            design,
            fit.provenance.seed,
            replace(fit.settings, arm_draws=False),
            (*fit.provenance.stream, stream),
        )
    except SamplingError:
        return None, False


def _distributions(fit: Fit, profile: Profile | None) -> dict[str, dict[str, Distribution | None]]:
    """Return, of each outcome, the posterior of its ratio's tau and of its rates."""
    rates = nested_rates(fit, profile)
    typical, mean = rates.typical, rates.mean
    return {
        outcome: {
            "tau": Draws(rates.tau[..., level]),
            "typical": Draws(typical[..., level]),
            "mean": Draws(mean[..., level]),
            "new_study": rates.distribution(outcome).rate,
        }
        for level, outcome in enumerate(fit.outcomes)
    }
