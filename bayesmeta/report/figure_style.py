"""How the figures of a saved run are to look, as the command `plot` is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayesmeta.plots import RateScale

__all__ = ["FigureStyle"]


@dataclass(frozen=True, eq=False)
class FigureStyle:
    """How figures are to look.

    Parameters
    ----------
    scale : mapping
        How rates are shown: arguments of `bayesmeta.plots.RateScale`.
    forest : mapping
        Further arguments of `bayesmeta.plots.forest`.
    units : mapping
        Units of numeric covariates, by name.
    """

    scale: Mapping[str, Any] = field(default_factory=dict)
    forest: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> list[str]:
        """The options of the command that were given."""
        names = {"per": "rates-per"}
        given = [names.get(name, name) for name in (*self.scale, *self.forest)]
        return [f"--{name}" for name in (*given, *(["unit"] if self.units else []))]

    @property
    def per(self) -> int:
        """What rates are counted per; 100 is percent."""
        return int(self.scale.get("per", 100))

    @property
    def rates(self) -> "RateScale":
        """How rates are shown."""
        from bayesmeta.plots import RateScale

        return RateScale(**self.scale)
