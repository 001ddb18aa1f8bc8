"""How a report of one fit, or the figures of a run, are asked to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bayesmeta.evidence.risk_of_bias import RiskOfBias
from bayesmeta.labels import LabelSource


@dataclass(frozen=True)
class Options:
    """How a report, or the figures of a run, answer a question.

    `per` to `times`, and `judgements`, are as in `write_report`; `scale` and `forest` are arguments of
    `RateScale` and `plots.forest`, `units` those of covariates.
    """

    per: Mapping[str, float] | None = None
    refits: bool = True
    ranks: bool = False
    rates_per: int = 100
    labels: LabelSource = None
    times: float | Sequence[float] | None = None
    scale: Mapping[str, Any] = field(default_factory=dict)
    forest: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    judgements: RiskOfBias | None = None

    @property
    def of_figures(self) -> list[str]:
        """The options of the command `plot` that were given."""
        own = {"unit": self.units or None, "time": self.times, "judgements": self.judgements}
        given = [name for name, value in own.items() if value is not None]
        return [f"--{name}" for name in (*self.scale, *self.forest, *given)]
