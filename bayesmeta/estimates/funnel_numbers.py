"""Every number of a funnel plot: arms by size, and the limits within which they are expected.

The quantiles of a count are whole numbers, which would let the limits jump with every patient more:
between two numbers of responders they are interpolated in probability, as Spiegelhalter 2005
(doi:10.1002/sim.1970) proposes; the upper limit as the lower one of patients who do not respond, so
that an arm lies outside exactly if so few responders, or so many, are less probable than the tail.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betainc, betaincc, expit, ndtri

from bayesmeta.arrays import Array, Integers
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.count_distributions import least_counts
from bayesmeta.estimates.forest_table import observed_arms
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_of
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Coding, Profile

ARM, LIMITS = "arm", "limits"
"""What a row of the table is about."""

SIZES = 80
"""Sizes at which the limits are computed, at most."""

BEYOND = 1.15
"""Largest size in multiples of the largest arm's."""


NODES = 400
"""Rates that stand for a distribution of rates, each as probable as the others."""

LEAST = 1e-300
"""Tail probability below which residuals are no longer distinguished, at 37 standard deviations."""

_COLUMNS = ["kind", "study", "arm", "label", "events", "n", "rate", "typical", "chance_lower"]
_COLUMNS += ["chance_upper", "model_lower", "model_upper", "residual", "outside"]


@dataclass(frozen=True, eq=False)
class FunnelNumbers:
    """What a funnel plot shows."""

    table: pd.DataFrame
    typical: float | None
    unknown: tuple[str, ...]
    ci_prob: float


def funnel_numbers(fit: Fit, *, outcome: str | None = None, ci_prob: float = 0.95) -> FunnelNumbers:
    """Return the numbers of a funnel plot: each arm against the prediction at its own covariates.

    Returns
    -------
    FunnelNumbers
        Its `table` has one row per arm with patients and known covariates (kind ``arm``) and, of a
        model without covariates, one for each of some sizes (kind ``limits``), with columns

        - kind, study, arm, label: what the row is for;
        - events, n, rate: responders, patients, and observed rate (probability);
        - typical: posterior median of the typical rate (probability) at the arm's covariates;
        - chance_lower, chance_upper: limits (probability) for an arm of this size if its true rate is
          that typical rate;
        - model_lower, model_upper: the same if its true rate is that of a new study with its
          covariates, whose distribution has the heterogeneity between studies and what is not
          known of the parameters;
        - residual: the normal quantile of the arm's count in that distribution, 0 at the median;
        - outside: for an arm, the limits it lies outside of: nothing, ``chance`` or ``model``.

    References
    ----------
    Spiegelhalter 2005, doi:10.1002/sim.1970 (limits of proportions).
    Dunn & Smyth 1996, doi:10.1080/10618600.1996.10474708 (quantile residuals).
    """
    drawn = draws_of(fit, outcome)
    check_ci_prob(ci_prob)
    coding = drawn.coding
    arms = observed_arms(drawn.arms).assign(kind=ARM)
    profiles = [_profile(coding, drawn.arms.frame.iloc[at]) for at in arms.index]
    known = np.array([profile is not None for profile in profiles])
    parts = [
        _with_limits(arms.iloc[rows], *_distributions(drawn, profiles[rows[0]]), ci_prob)
        for rows in _alike(coding, profiles)
    ]
    if not coding.columns:
        sizes = pd.DataFrame({"kind": LIMITS, "n": _sizes(int(arms["n"].max()))})
        parts.append(_with_limits(sizes, *_distributions(drawn, None), ci_prob))
    table = _table(parts)
    typical = None if coding.columns else float(table["typical"].iloc[0])
    return FunnelNumbers(table, typical, tuple(arms.loc[~known, "label"]), ci_prob)


def _profile(coding: Coding, row: "pd.Series[Any]") -> Profile | None:
    """Return an arm's own profile; None where one of its numbers is not known."""
    profile = coding.profile_of(row)
    unknown = any(value != value for value in profile.values())  # noqa: PLR0124 - NaN
    return None if unknown else profile


def _alike(coding: Coding, profiles: list[Profile | None]) -> Iterator[list[int]]:
    """Yield the positions of arms that the model cannot tell apart, which share their limits."""
    groups: dict[tuple[bytes, int], list[int]] = {}
    for at, profile in enumerate(profiles):
        if profile is not None:
            key = coding.row(profile).tobytes(), coding.tau_level(profile)
            groups.setdefault(key, []).append(at)
    yield from groups.values()


def _distributions(drawn: OutcomeDraws, profile: Profile | None) -> tuple[float, Array]:
    """Return the typical rate of a profile, and rates that stand for that of a new study."""
    rates = drawn.rates(profile)
    return float(np.median(rates.typical)), representatives(expit(rates.cohort().theta))


def _with_limits(
    rows: pd.DataFrame, typical: float, new_study: Array, ci_prob: float
) -> pd.DataFrame:
    """Return rows of one profile with their limits, and arms with their residuals."""
    n = rows["n"].to_numpy(dtype=np.int64)
    found = rows.assign(typical=typical)
    for distribution, nodes in (("chance", np.array([typical])), ("model", new_study)):
        found[f"{distribution}_lower"], found[f"{distribution}_upper"] = interpolated_limits(
            n, nodes, ci_prob
        )
    if "events" in found:
        events = found["events"].to_numpy(dtype=np.int64)
        found["residual"] = residuals(events, n, new_study)
    return found


def _table(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return all rows, arms in the order of the evidence."""
    whole = pd.concat(parts)
    arms = whole[whole["kind"] == ARM].sort_index()
    table = pd.concat([arms, whole[whole["kind"] == LIMITS]], ignore_index=True)
    table["outside"] = _outside(table)
    text = ["study", "arm", "label"]
    table[text] = table[text].fillna("")
    return table[_COLUMNS].astype({"events": "Int64"})


def _sizes(largest: int) -> Integers:
    """Return sizes from 1 to beyond the largest arm's, even on a square-root scale."""
    roots = np.linspace(1, np.sqrt(BEYOND * largest + 1), SIZES)
    return np.unique(np.round(roots**2).astype(np.int64))


def _outside(table: pd.DataFrame) -> "npt.NDArray[np.str_]":
    """Return the widest limits that each row's rate lies outside of."""
    beyond = {
        distribution: (table["rate"] < table[f"{distribution}_lower"])
        | (table["rate"] > table[f"{distribution}_upper"])
        for distribution in ("chance", "model")
    }
    return np.where(beyond["model"], "model", np.where(beyond["chance"], "chance", ""))


def representatives(rates: Array) -> Array:
    """Return at most `NODES` rates (probability) that stand for many: the middles of even shares."""
    if rates.size <= NODES:
        return rates.ravel()
    return np.asarray(np.quantile(rates, (np.arange(NODES) + 0.5) / NODES))


def interpolated_limits(n: Integers, rates: Array, ci_prob: float) -> tuple[Array, Array]:
    """Return the lower and upper limit of the observed rate (probability) of arms of each size."""
    tail = (1 - ci_prob) / 2
    return _lower(n, rates, tail), 1 - _lower(n, 1 - rates, tail)


def residuals(events: Integers, n: Integers, rates: Array) -> Array:
    """Return how far counts lie in the tails of their predictions, as normal quantiles.

    An arm with a tail probability of 2.5% has a residual of 1.96, negative in the lower tail; one whose
    count is the median of its prediction has 0. So an arm lies outside its limits exactly if
    its residual lies beyond the quantile of the tail (the quantile residuals of Dunn & Smyth 1996,
    doi:10.1080/10618600.1996.10474708, not randomised).
    """
    upto = _cumulative(events, n, rates)
    some, size = np.maximum(events, 1)[:, None], n[:, None]
    tails = betainc(some, size - some + 1, rates).mean(axis=1)
    from_on = np.where(events > 0, tails, 1.0)
    nearer = ndtri(np.maximum(np.minimum(upto, from_on), LEAST))
    return np.asarray(np.where(upto < from_on, 1.0, -1.0) * np.minimum(nearer, 0.0) + 0.0)


def _lower(n: Integers, rates: Array, tail: float) -> Array:
    """Return the interpolated quantile at a lower tail of the observed rate."""
    events = least_counts(lambda count: _cumulative(count, n, rates), n, tail)
    upto = _cumulative(events, n, rates)
    before = np.where(events > 0, _cumulative(np.maximum(events - 1, 0), n, rates), 0.0)
    excess = (upto - tail) / np.maximum(upto - before, np.finfo(np.float64).tiny)
    return np.asarray(np.clip((events - excess) / n, 0.0, 1.0))


def _cumulative(events: Integers, n: Integers, rates: Array) -> Array:
    """Return the probability of at most so many responders of n, averaged over the rates."""
    # bdtr is wrong by 0.002 for ten million patients.
    k = np.minimum(events, n - 1)[:, None]
    below = betaincc(k + 1, n[:, None] - k, rates).mean(axis=1)
    return np.where(events < n, below, 1.0)
