"""Contrasts of arms of one study, and how those of different studies disagree with them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.estimates.identifiability import within_shares
from bayesmeta.estimates.outcome_draws import OutcomeDraws
from bayesmeta.estimates.precision import (
    Row,
    bounds_of,
    exponential,
    mean_of,
    quantile_of,
    with_errors,
)
from bayesmeta.estimates.profiles import Pair
from bayesmeta.model.coding import Profile


def within_contrasts(
    drawn: OutcomeDraws,
    profiles: Mapping[str, Profile],
    pairs: Sequence[Pair],
    *,
    log_odds: Mapping[str, Array],
    ci_prob: float,
) -> Iterator[Row]:
    """Yield each pair's contrast within studies, and its conflict with that of the typical rates.

    It is that of an arm at one level and an arm at the other in a study whose mean is the latter;
    `log_odds` are those of the typical rates of studies at each level.
    """
    coding = drawn.coding
    known = len(coding.names) + len(coding.level_names)
    means = [coding.whole_row(profiles[versus])[: len(coding.origin)] for _, versus in pairs]
    moves = [
        coding.row(profiles[level], mean) - coding.row(profiles[versus])
        for (level, versus), mean in zip(pairs, means, strict=True)
    ]
    compared = ~np.isnan(within_shares(drawn, np.array(moves)[:, :known]))
    for (level, versus), mean, is_known in zip(pairs, means, compared, strict=True):
        arm = drawn.rates(profiles[level], mean).typical_log_odds
        within = arm - log_odds[versus]
        yield _numbers(within, log_odds[level] - arm, ci_prob) | {"within_compared": bool(is_known)}


def _numbers(within: Array, conflict: Array, ci_prob: float) -> Row:
    """Return the estimates of a contrast within studies and of its conflict, with Monte-Carlo errors."""
    low, middle, high = bounds_of(ci_prob)
    bounds = {"": middle, "_lower": low, "_upper": high}
    found = {
        **{
            f"within_odds_ratio{end}": exponential(quantile_of(within, p))
            for end, p in bounds.items()
        },
        **{f"conflict{end}": quantile_of(conflict, p) for end, p in bounds.items()},
        "probability_conflict_above_0": mean_of((conflict > 0).astype(np.float64)),
    }
    return with_errors(found)
