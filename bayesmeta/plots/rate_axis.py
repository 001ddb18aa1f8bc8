"""Rates in figures: how they are written, and their axis, chosen by the rates that it shows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from matplotlib.axis import Axis
from scipy.special import expit, logit

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_number
from bayesmeta.plots.ticks import (
    decimals_of,
    kept_apart,
    number_text,
    round_ticks,
    tick_texts,
)
from bayesmeta.rounding import BASES, Rates

Kind = Literal["auto", "whole", "zoom", "logit"]
"""Kinds of axes."""

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
class RateScale:
    """How a figure shows rates.

    Parameters
    ----------
    axis : str
        ``"whole"`` from 0 to 100%; ``"zoom"`` as far as the rates go; ``"logit"`` on a scale of
        log-odds, labelled with rates; ``"auto"`` chooses by the rates: whole if they range over 30
        percentage points or more, else zoomed; of log-odds if they would crowd at one end.
    per : int
        What rates are counted per: 100 (percent), 1000, 10000 or 100000.
    limits : tuple of float, optional
        Ends of the axis as rates (probability); by the rates where None. What lies beyond is cut off.

    Raises
    ------
    SettingsError
        If `axis` or `per` is another, or `limits` are no two rates, the lower first.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.plots.RateScale(per=1000, axis="zoom")
    RateScale(axis='zoom', per=1000, limits=None)
    """

    axis: Kind = "auto"
    per: int = 100
    limits: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Check what was asked."""
        for name, valid in (("axis", get_args(Kind)), ("per", BASES)):
            if getattr(self, name) not in valid:
                raise SettingsError(
                    f"`{name}` must be one of {', '.join(map(str, valid))}; got {getattr(self, name)!r}."
                )
        if self.limits is not None:
            _check_limits(self.limits, self.axis)

    @property
    def rates(self) -> Rates:
        """How rates are written in text."""
        return Rates(int(self.per))

    @property
    def unit(self) -> str:
        """What rates are counted per, in words."""
        return self.suffix.strip()

    @property
    def suffix(self) -> str:
        """What follows a rate in a sentence."""
        return self.rates.per_text or "%"

    def label(self, what: str) -> str:
        """Return what an axis or a column shows, with its unit."""
        return f"{what}{self.rates.per_text or ' (%)'}"

    def places(self, width: float, least: float = 1.0) -> int:
        """Return the decimals of rates in the unit, by the width of their interval (probability).

        A least rate that would be written as 0 gets up to two more.
        """
        found = decimals_of(self.per * width)
        while 0 < self.per * least < 0.5 / 10**found and found < decimals_of(self.per * width) + 2:
            found += 1
        return found

    def text(self, rate: float, places: int) -> str:
        """Return a rate (probability) in the unit, with so many decimals."""
        return number_text(self.per * float(rate), places, thousands=True)

    def texts(self, *rates: Any) -> list[str]:
        """Return rates (probability) in the unit, with the decimals that their range asks for."""
        known = [float(rate) for rate in rates if math.isfinite(rate)]
        places = self.places(max(known) - min(known), min(known)) if known else 1
        return [self.text(rate, places) for rate in rates]


def _check_limits(limits: object, axis: Kind) -> None:
    pair = isinstance(limits, Sequence) and len(limits) == 2 and all(map(is_number, limits))  # noqa: PLR2004
    if not pair or not 0 <= limits[0] < limits[1] <= 1:  # type: ignore[index]
        raise SettingsError(
            f"`limits` must be two rates from 0 to 1, the lower first; got {limits!r}. "
            "Write 0 to 40% as (0, 0.4)."
        )
    if axis == "logit" and not 0 < limits[0] < limits[1] < 1:  # type: ignore[index]
        raise SettingsError(
            f"`limits` of a logit axis must lie between 0 and 1, which have no log-odds; got {limits!r}."
        )


@dataclass(frozen=True)
class RateAxis:
    """An axis of rates between two ends (probability), where asked with distances of log-odds."""

    scale: RateScale
    ends: tuple[float, float]
    by_odds: bool
    what: str = "Rate"

    @property
    def label(self) -> str:
        """What it shows, with the unit."""
        return self.scale.label(self.what)

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
        """Return the rates on the axis whose labels keep apart."""
        low, high = logit(np.array(self.ends))
        inside = [rate for rate in rates if low <= logit(rate) <= high]
        return kept_apart(inside, logit, APART / inches * (high - low))


def rate_axis(scale: RateScale, rates: Any, estimates: Any, what: str = "Rate") -> RateAxis:
    """Return the axis of a figure that shows these rates (probability), some of which are estimates."""
    known, middles = _known(rates), _known(estimates)
    ends = scale.limits or _linear_ends(scale, known)
    if scale.limits or scale.axis != "auto":
        by_odds = scale.axis == "logit"
    else:
        by_odds = _crowded(middles, ends)
    if by_odds and not scale.limits:
        ends = _odds_ends(known, middles)
    return RateAxis(scale, ends, by_odds, what)


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
    """Return whether half of the estimates, 0 and 1 aside, are too near an end to be distinguished."""
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
