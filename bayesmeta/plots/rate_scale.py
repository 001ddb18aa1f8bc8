"""How figures show rates: in percent or per so many patients, and on which kind of axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_number
from bayesmeta.plots.ticks import decimals_of

__all__ = ["Kind", "RateScale"]

Kind = Literal["auto", "whole", "zoom", "logit"]
"""Kinds of axes."""

PERCENT = 100
UNITS = {PERCENT: "%", 1_000: "per 1,000", 10_000: "per 10,000", 100_000: "per 100,000"}
"""What rates may be counted per, and how that is written."""


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
    per: int = PERCENT
    limits: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Check what was asked."""
        for name, valid in (("axis", get_args(Kind)), ("per", tuple(UNITS))):
            if getattr(self, name) not in valid:
                raise SettingsError(
                    f"`{name}` must be one of {', '.join(map(str, valid))}; got {getattr(self, name)!r}."
                )
        if self.limits is not None:
            _check_limits(self.limits, self.axis)

    @property
    def unit(self) -> str:
        """What rates are counted per, in words."""
        return UNITS[self.per]

    @property
    def suffix(self) -> str:
        """What follows a rate in a sentence."""
        return "%" if self.per == PERCENT else f" {self.unit}"

    @property
    def points(self) -> str:
        """What differences of rates are counted in."""
        return "points" if self.per == PERCENT else self.unit

    def label(self, what: str) -> str:
        """Return what an axis or a column shows, with its unit."""
        return f"{what} (%)" if self.per == PERCENT else f"{what} {self.unit}"

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
        # Adding 0 makes a negative zero positive.
        rounded = round(self.per * float(rate), places) + 0.0
        return f"{rounded:,.{places}f}".replace("-", "\N{MINUS SIGN}")

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
