"""Rows of `summary`: parameters, and quantities of profiles."""

from collections.abc import Iterator, Sequence

import numpy as np

from bayesmeta.estimates.heterogeneity import i_squared, level_shares
from bayesmeta.estimates.outcome_draws import draws_by_outcome
from bayesmeta.estimates.posterior import is_survival, outcomes_of
from bayesmeta.estimates.precision import (
    NO_CONVERGENCE,
    Distribution,
    Draws,
    Estimate,
    Row,
    bounds_of,
    labelled_draws,
    with_errors,
)
from bayesmeta.estimates.rates import RateDistribution
from bayesmeta.inference.result import Fit

Parameter = tuple[str, str, str, Distribution]
"""Outcome, quantity, scale and posterior."""

Label = tuple[str, str, str]
"""Quantity, profile and scale."""


def row_of(label: Label, distribution: Distribution, ci_prob: float) -> Row:
    """Return the row of a quantity from its distribution."""
    low, median, high = (distribution.quantile(p) for p in bounds_of(ci_prob))
    found = (distribution.mean(), distribution.sd(), median, low, high)
    return _labelled(label, found) | distribution.convergence()


def cohort_row(distribution: RateDistribution, label: Label, ci_prob: float, n: int) -> Row:
    """Return the row of a new cohort of n: responders, or patients alive."""
    rate, spread = distribution.rate.mean(), distribution.rate.sd().value
    # Binomial variance, averaged over the rates, and the variance of the rates.
    variance = n * rate.value * (1 - rate.value) + n * (n - 1) * spread**2
    low, median, high = distribution.counts(n).quantiles(bounds_of(ci_prob)).astype(float)
    mcse = n * rate.mcse
    # A count moves by whole steps: its quantile has no standard error.
    others = (float(np.sqrt(variance)), median, low, high)
    found = [Estimate(one, np.nan if mcse else 0.0) for one in others]
    return _labelled(label, (Estimate(n * rate.value, mcse), *found)) | NO_CONVERGENCE


def _labelled(label: Label, found: Sequence[Estimate]) -> Row:
    named = dict(zip(("mean", "sd", "median", "lower", "upper"), found, strict=True))
    return dict(zip(("quantity", "profile", "scale"), label, strict=True)) | with_errors(named)


def drawn_parameters(fit: Fit) -> Iterator[Parameter]:
    """Yield the parameters of a model, and of rates the shares of variance."""
    for name, scale in _scales(fit).items():
        if name in fit.posterior:
            variable, own = fit.posterior[name], outcomes_of(fit) and name != "correlation"
            for labels, draws in labelled_draws(variable):
                # The first dim of several outcomes is the outcome; a correlation belongs to none.
                outcome, rest = (labels[0], labels[1:]) if own else ("", labels)
                yield outcome, f"{name}[{', '.join(rest)}]" if rest else name, scale, Draws(draws)
    if is_survival(fit) or not {"tau", "theta"} <= set(fit.posterior):
        return
    for drawn in draws_by_outcome(fit):
        for level, draws in i_squared(drawn).items():
            label = f"i_squared[{level}]" if level else "i_squared"
            yield drawn.outcome, label, "share of variance", Draws(draws)
    for term, draws in level_shares(fit).items():
        yield "", f"level_share[{term}]", "share of variance", Draws(draws)


def _scales(fit: Fit) -> dict[str, str]:
    """Return the scale of each parameter, in the order of the table."""
    link = fit.spec.scale.scale if is_survival(fit) else fit.spec.link.scale
    if outcomes_of(fit):
        return {"mu": link, "beta": link, "tau": link, "correlation": "correlation"}
    own = {scalar.name: scalar.unit or link for scalar in fit.design.scalars}
    if not fit.spec.study_effects.tau_is_sd:
        own["tau"] = f"{link} (scale of the distribution, not sd)"
    return {"mu": link, "beta": link, **own}
