"""The numbers behind the figure of a prediction: bars of counts and the density of the rate."""

from itertools import pairwise

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Integers
from bayesmeta.estimates.count_distributions import range_step
from bayesmeta.estimates.prediction import Prediction

EVENTS, RATE = "events", "rate"

BIN_WIDTHS = tuple(
    float(f"{digit}e{power}") for power in range(-2, -10, -1) for digit in (2, 1, 0.5)
)
"""Widths (probability) that the bars of a density may have."""

FEWEST_RANGES = 20
"""Ranges of counts across the window, at least, of a cohort whose counts are not listed one by one."""

FEWEST_BINS = 40
"""Bars across the window, at least, as far as the widths allow."""

TAIL = 0.001
"""Probability on either side of the window, at most, of the rate and of the counts."""

WIDE = 0.6
"""Width of the window from which on all rates are shown."""


def prediction_window(
    prediction: Prediction, rate_above: float | None, events_at_least: int | None
) -> tuple[float, float]:
    """Return the rates between which nearly all of a prediction lies, and thresholds asked for."""
    counts = prediction.counts.quantiles([TAIL, 1 - TAIL]) / prediction.n
    rates = [prediction.distribution.rate.quantile(p).value for p in (TAIL, 1 - TAIL)]
    asked = [] if rate_above is None else [rate_above]
    asked += [] if events_at_least is None else [events_at_least / prediction.n]
    low, high = min(*counts, *rates, *asked), max(*counts, *rates, *asked)
    if high - low > WIDE:
        return 0.0, 1.0
    spare = max(0.05 * (high - low), 1 / prediction.n)
    return max(float(low - spare), 0.0), min(float(high + spare), 1.0)


def responder_table(
    prediction: Prediction, ci_prob: float, events_at_least: int | None
) -> pd.DataFrame:
    """Return the probability of each number of responders, or range of them, one row each.

    Columns: `kind`, `lower` and `upper` (the first and the last number), `probability`, `inside` (the
    prediction interval) and `asked` (whether at least `events_at_least`).
    """
    bounds = prediction.interval(ci_prob).loc[prediction.names[1], ["lower", "upper"]]
    low, high = bounds.to_numpy(dtype=np.float64)
    events = _firsts(prediction)
    last = np.append(events[1:] - 1, prediction.n)
    return pd.DataFrame(
        {
            "kind": EVENTS,
            "lower": events.astype(float),
            "upper": last.astype(float),
            "probability": np.diff(prediction.counts.at_most(last), prepend=0.0),
            "inside": (last >= low) & (events <= high),
            "asked": np.zeros(len(events), dtype=bool)
            if events_at_least is None
            else events >= events_at_least,
        }
    )


def _firsts(prediction: Prediction) -> Integers:
    """Return the first number of each range: even ones, with one range for what lies beyond."""
    step = range_step(prediction.n)
    if step == 1:
        return np.arange(prediction.n + 1)
    low, high = prediction.counts.quantiles([TAIL, 1 - TAIL])
    while step > 1 and (high - low) < FEWEST_RANGES * step:
        step //= 10
    spare = max(step, int(high - low) // 10)
    first = max(low - spare, 0) // step * step
    inner = np.arange(first, min(high + spare + 2 * step, prediction.n + 1), step)
    return inner if first == 0 else np.append(0, inner)


def rate_table(
    prediction: Prediction,
    ci_prob: float,
    rate_above: float | None,
    window: tuple[float, float],
) -> pd.DataFrame:
    """Return the probability of the cohort's true rate in each of many bins, one row each.

    Columns as of `responder_table`, `lower` and `upper` being the edges of a bin (probability), and
    `density`. A bin that an end of the interval or the threshold cuts is two rows of one density.
    """
    edges = _edges(window)
    above = np.array([prediction.distribution.above(float(edge)).value for edge in edges])
    # A distribution on draws may have a rate that is 0 to the last digit, which is not above it.
    above[edges <= 0], above[edges >= 1] = 1.0, 0.0
    density = -np.diff(above) / np.diff(edges)
    low, high = prediction.interval(ci_prob).loc[prediction.names[0], ["lower", "upper"]]
    cuts = [low, high] if rate_above is None else [low, high, rate_above]
    ends = np.unique([*edges, *(cut for cut in cuts if edges[0] < cut < edges[-1])])
    rows = []
    for start, end in pairwise(ends.tolist()):
        middle = (start + end) / 2
        own = density[np.searchsorted(edges, middle) - 1]
        rows.append(
            {
                "kind": RATE,
                "lower": start,
                "upper": end,
                "probability": own * (end - start),
                "inside": low <= middle <= high,
                "asked": rate_above is not None and middle > rate_above,
                "density": own,
            }
        )
    return pd.DataFrame(rows)


def _edges(window: tuple[float, float]) -> Array:
    """Return the edges of bins of an even width that cover the window."""
    low, high = window
    width = next(
        (each for each in BIN_WIDTHS if (high - low) / each >= FEWEST_BINS), BIN_WIDTHS[-1]
    )
    first, last = np.floor(low / width + 1e-9), np.ceil(high / width - 1e-9)
    return np.asarray(np.arange(first, last + 1) * width)
