"""Where prior and evidence disagree about tau, mu or a rate, as sentences."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bayesmeta.estimates.overlap import share_above
from bayesmeta.estimates.profiles import default_profiles, profile_label
from bayesmeta.inference.result import Fit
from bayesmeta.priors import Prior

__all__ = ["nested_conflicts", "rate_conflicts", "tau_conflict"]

Array = npt.NDArray[np.float64]

UPPER_TAIL = 0.95
"""Probability of the prior of tau below its upper tail."""

MIDDLE = (0.025, 0.975)
"""Probabilities between which the middle of the prior of a rate lies."""

CONFLICT = 0.5
"""Share of the posterior in such a tail above which prior and evidence are said to disagree."""


def tau_conflict(label: str, prior: Prior, draws: Array) -> Iterator[str]:
    """Yield that a tau lies in the upper tail of its prior, where it does."""
    share = share_above(prior, draws, UPPER_TAIL)
    if share > CONFLICT:
        quantile = float(prior.quantile(UPPER_TAIL))
        yield (
            f"Prior and evidence disagree about {label}: {100 * share:.0f}% of its posterior lies above "
            f"{quantile:.2f}, the {100 * UPPER_TAIL:.0f}% quantile of its prior {prior!r}. Studies may "
            f"differ more than the prior lets them: fit again with a wider prior of {label}, and compare."
        )


def rate_conflicts(fit: Fit) -> Iterator[str]:
    """Yield that mu, or a typical rate at another level, lies in a tail of its prior."""
    link, mu = fit.spec.link, np.asarray(fit.posterior["mu"])
    ends = np.asarray(fit.design.mu[0].interval(MIDDLE[1] - MIDDLE[0]))
    yield from _outside("mu", mu, ends, link.rate(ends), prior=f" {fit.design.mu[0]!r}")
    if not fit.coding.names:
        return
    drawn, prior = fit.draws["posterior"], fit.draws["prior"]
    for profile in default_profiles(fit.coding)[1:]:
        row = fit.coding.row(profile)
        theta, expected = (
            np.asarray(one["mu"]) + np.asarray(one["beta"]) @ row for one in (drawn, prior)
        )
        ends = np.quantile(expected, MIDDLE)
        label = f"the typical rate at {profile_label(fit.coding, profile)}"
        yield from _outside(label, theta, ends, link.rate(ends))


def nested_conflicts(fit: Fit) -> Iterator[str]:
    """Yield where prior and evidence disagree about tau or mu of an outcome, or about its rate."""
    link, posterior = fit.spec.link, fit.posterior
    mu, tau = (np.asarray(posterior[name]) for name in ("mu", "tau"))
    for level, outcome in enumerate(fit.outcomes):
        yield from tau_conflict(f"tau of {outcome}", fit.design.tau[level], tau[..., level])
        prior = fit.design.mu[level]
        ends = np.asarray(prior.interval(MIDDLE[1] - MIDDLE[0]))
        label = f"mu of {outcome} (its conditional probability)"
        yield from _outside(label, mu[..., level], ends, link.rate(ends), prior=f" {prior!r}")
    rates, expected = (
        np.cumprod(link.rate(np.asarray(fit.draws[name]["mu"])), axis=-1)
        for name in ("posterior", "prior")
    )
    # The outermost rate is its ratio.
    for level, outcome in list(enumerate(fit.outcomes))[1:]:
        ends = np.quantile(expected[..., level], MIDDLE)
        yield from _outside(f"the typical rate of {outcome}", rates[..., level], ends, ends)


def _outside(
    label: str, draws: Array, ends: Array, rates: Array, *, prior: str = ""
) -> Iterator[str]:
    """Yield that most of a posterior lies beyond an end of its prior's middle."""
    sides = (("below", draws < ends[0], rates[0]), ("above", draws > ends[1], rates[1]))
    for side, beyond, rate in sides:
        share = float(beyond.mean())
        if share > CONFLICT:
            yield (
                f"Prior and evidence disagree about {label}: {100 * share:.0f}% of its posterior lies {side} a rate of "
                f"{100 * rate:.2g}%, where its prior{prior} has 2.5%. Fit again with a wider prior, and compare."
            )
