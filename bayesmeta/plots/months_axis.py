"""Months in figures: a log axis of medians, and an axis of time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis

from bayesmeta.plots.ticks import kept_apart, round_ticks, tick_texts

TICKS = (12, 6, 24, 3, 1, 60, 120, 2, 36, 48, 18, 9, 4, 0.5, 0.25, 240, 480, 0.1, 1200)
"""Months that may be labelled, those that come first before those that give way."""

APART = 0.3
"""Least distance of labels in inches."""

FARTHEST = 6.0
"""How many times the greatest and the least estimate the axis reaches, at most."""

SPARE = 1.1
"""How many times the greatest number the axis reaches, at least."""

YEAR_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
"""Months between ticks of an axis of time."""

ARROW: dict[str, Any] = {"s": 24.0, "clip_on": False, "linewidth": 0}


@dataclass(frozen=True)
class MonthsAxis:
    """A log axis of months between two ends."""

    ends: tuple[float, float]
    label: str

    @property
    def note(self) -> str:
        """What a reader has to know of it: nothing."""
        return ""

    def places(self, months: Any) -> Any:
        """Return where months lie on the axis; those beyond its ends lie at them."""
        return np.clip(np.asarray(months, dtype=np.float64), *self.ends)

    def marks(self, months: Any) -> Any:
        """Return where the marks of months lie: NaN beyond the ends."""
        found = np.asarray(months, dtype=np.float64)
        return np.where((found >= self.ends[0]) & (found <= self.ends[1]), found, np.nan)

    def put_on(self, axis: Axis, inches: float) -> None:
        """Give a horizontal axis of so many inches its scale, ends and ticks."""
        low, high = self.ends
        axis.axes.set(xscale="log", xlim=self.ends)
        inside = [tick for tick in TICKS if low <= tick <= high]
        ticks = sorted(kept_apart(inside, np.log, APART / inches * np.log(high / low)))
        axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.set_ticks([], minor=True)

    def draw_arrows(self, graph: Axes, rows: pd.DataFrame, colour: str) -> None:
        """Draw an arrowhead at each end of the axis that an interval, `lower` to `upper`, passes."""
        low, high = self.ends
        for beyond, end, marker in (
            (rows["lower"] < low, low, "<"),
            (rows["upper"] > high, high, ">"),
        ):
            y = rows.loc[beyond, "y"]
            graph.scatter([end] * len(y), y, marker=marker, color=colour, zorder=5, **ARROW)


def months_axis(months: Any, estimates: Any, label: str) -> MonthsAxis:
    """Return the axis of a figure that shows these months, some of which are estimates."""
    known, middles = (np.asarray(each, dtype=np.float64).ravel() for each in (months, estimates))
    known, middles = known[np.isfinite(known)], middles[np.isfinite(middles)]
    low = max(known.min() / SPARE, middles.min() / FARTHEST)
    high = min(known.max() * SPARE, middles.max() * FARTHEST)
    return MonthsAxis((float(low), float(high)), label)


def put_time(axis: Axis, until: float) -> None:
    """Give a horizontal axis of time, from 0 to so many months, its ends and ticks."""
    axis.axes.set_xlim(0, until)
    step = next((one for one in YEAR_STEPS if 4 <= until / one <= 9), None)  # noqa: PLR2004
    ticks = round_ticks(0, until, 6) if step is None else np.arange(0, until + 1e-9, step).tolist()
    axis.set_ticks(ticks, tick_texts(ticks))
