"""The axis of rates of a figure, chosen by the rates that it shows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axis import Axis
from scipy.special import expit, logit

from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.ticks import round_ticks, tick_texts

__all__ = ["RateAxis", "rate_axis"]

Array = npt.NDArray[np.float64]

WHOLE = 0.3
"""Range of rates (probability) from which on an axis reaches from 0 to 1."""

SPARE, NEAR = 0.05, 0.5
"""Of the range of the rates: what is left free at an end, and how near 0 or 1 is for it to end there."""

CROWDED = 0.05
"""Share of an axis; if half of the estimates lie in it at one end, the axis is of log-odds."""

FARTHEST = 4.0
"""How far an axis of log-odds reaches beyond the estimates."""

APART = 0.4
"""Least distance of labels in inches."""

FEWEST_TICKS = 3
"""Ticks of an axis of log-odds below which evenly spaced rates are labelled instead."""

NO_RATE = 1e-12
"""Rate that stands for 0 where log-odds are taken."""


@dataclass(frozen=True)
class RateAxis:
    """An axis of rates between two ends (probability), where asked with distances of log-odds."""

    scale: RateScale
    ends: tuple[float, float]
    by_odds: bool

    @property
    def limits(self) -> tuple[float, float]:
        """Its ends in the unit of the scale."""
        low, high = self.ends
        return self.scale.per * low, self.scale.per * high

    @property
    def note(self) -> str:
        """What a reader has to know of it; nothing of an axis of distances in rates."""
        if not self.by_odds:
            return ""
        return "The axis of rates is of log-odds; rates of 0 and 100%, which have none, stand at its ends."

    def places(self, rates: Any) -> Any:
        """Return where rates (probability) lie on the axis; those beyond its ends lie at them."""
        return self.scale.per * np.clip(np.asarray(rates, dtype=np.float64), *self.ends)

    def marks(self, rates: Any) -> Any:
        """Return where the marks of rates lie: NaN beyond the ends, but for 0 and 1 by log-odds."""
        found = np.asarray(rates, dtype=np.float64)
        shown = (found >= self.ends[0]) & (found <= self.ends[1])
        if self.by_odds:
            shown |= (found == 0) | (found == 1)
        return np.where(shown, self.places(found), np.nan)

    def ticks(self, inches: float) -> list[float]:
        """Return round ticks in the unit of the scale, for an axis of so many inches."""
        if self.by_odds:
            return self._odds_ticks(inches)
        return round_ticks(*self.limits, max(2, min(6, int(inches / APART))))

    def put_on(self, axis: Axis, inches: float, *, room: float = 0.0) -> None:
        """Give an axis of so many inches its scale, ends and ticks; `room`, a share, is left free."""
        graph = axis.axes
        side = "x" if axis is graph.xaxis else "y"
        if self.by_odds:
            functions = (self._log_odds, self._rates)
            getattr(graph, f"set_{side}scale")("function", functions=functions)
        low, high = self._log_odds(self.limits) if self.by_odds else np.array(self.limits)
        beyond = room * (high - low)
        ends = np.array([low - beyond, high + beyond])
        getattr(graph, f"set_{side}lim")(*(self._rates(ends) if self.by_odds else ends))
        ticks = self.ticks(inches)
        axis.set_ticks(ticks, self.tick_texts(ticks))
        axis.set_ticks([], minor=True)

    def tick_texts(self, ticks: list[float]) -> list[str]:
        """Return the labels of ticks; by log-odds each has its own decimals."""
        return [f"{tick:,.10g}" for tick in ticks] if self.by_odds else tick_texts(ticks)

    def _log_odds(self, places: Any) -> Any:
        return logit(np.clip(np.asarray(places) / self.scale.per, NO_RATE, 1 - NO_RATE))

    def _rates(self, values: Any) -> Any:
        return self.scale.per * expit(np.asarray(values))

    def _odds_ticks(self, inches: float) -> list[float]:
        """Return round rates as far apart as labels need; powers of ten come first."""
        shown = self._apart(_round_rates(), inches)
        if len(shown) < FEWEST_TICKS:
            even = round_ticks(*self.limits, FEWEST_TICKS + 1)
            rates = [tick / self.scale.per for tick in even]
            shown = self._apart([rate for rate in rates if 0 < rate < 1], inches)
        return [round(self.scale.per * rate, 12) for rate in sorted(shown)]

    def _apart(self, rates: list[float], inches: float) -> list[float]:
        """Return those rates, the first first, whose labels keep apart."""
        low, high = logit(np.array(self.ends))
        apart = APART / inches * (high - low)
        shown: list[float] = []
        for rate in rates:
            place = logit(rate)
            if low <= place <= high and all(abs(place - logit(one)) >= apart for one in shown):
                shown.append(rate)
        return shown


def rate_axis(scale: RateScale, rates: Any, estimates: Any) -> RateAxis:
    """Return the axis of a figure that shows these rates (probability), some of which are estimates."""
    known, middles = _known(rates), _known(estimates)
    ends = scale.limits or _linear_ends(scale, known)
    if scale.limits or scale.axis != "auto":
        by_odds = scale.axis == "logit"
    else:
        by_odds = _crowded(middles, ends)
    if by_odds and not scale.limits:
        ends = _odds_ends(known, middles)
    return RateAxis(scale, ends, by_odds)


def _known(rates: Any) -> Array:
    found = np.asarray(rates, dtype=np.float64).ravel()
    return found[np.isfinite(found)]


def _linear_ends(scale: RateScale, rates: Array) -> tuple[float, float]:
    low, high = (float(rates.min()), float(rates.max())) if rates.size else (0.0, 1.0)
    width = high - low
    if scale.axis == "whole" or (scale.axis == "auto" and width >= WHOLE) or not width:
        return 0.0, 1.0
    start = 0.0 if low <= NEAR * width else low - SPARE * width
    end = 1.0 if 1 - high <= NEAR * width else high + SPARE * width
    return start, end


def _crowded(estimates: Array, ends: tuple[float, float]) -> bool:
    """Return whether half of the estimates, 0 and 1 aside, are too near an end to be told apart."""
    inner = estimates[(estimates > 0) & (estimates < 1)]
    if not inner.size:
        return False
    middle = (float(np.median(inner)) - ends[0]) / (ends[1] - ends[0])
    return not CROWDED <= middle <= 1 - CROWDED


def _odds_ends(rates: Array, estimates: Array) -> tuple[float, float]:
    """Return ends that hold the rates, but lie not too far from the estimates."""
    middles = estimates[(estimates > 0) & (estimates < 1)]
    inner = np.concatenate([rates[(rates > 0) & (rates < 1)], middles])
    odds, near = logit(inner), logit(middles if middles.size else inner)
    low = max(odds.min(), near.min() - FARTHEST)
    high = min(odds.max(), near.max() + FARTHEST)
    spare = SPARE * (high - low or 1.0)
    return float(expit(low - spare)), float(expit(high + spare))


def _round_rates() -> list[float]:
    """Return rates that may be labelled, those that come first before those that give way."""
    found: list[float] = []
    for factor in (1, 5, 2):
        small = [factor * 10.0**power for power in range(-9, 0)]
        found += [*small, *(1 - rate for rate in small)]
    return found
