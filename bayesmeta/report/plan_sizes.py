"""Sample sizes of a single-arm trial, with each prior: as tables and sentences, and as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayesmeta.planning.plan_priors import ROBUST
from bayesmeta.planning.success import Success
from bayesmeta.planning.trial_size import SampleSize
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.machine import records
from bayesmeta.report.plan_words import NAMES, exact_percent, level, rate

__all__ = ["Sizes"]


@dataclass(frozen=True, eq=False)
class Sizes:
    """The patients that a trial needs, with each prior, and what they are needed for."""

    success: Success
    alternative: float
    alpha: float
    power: float
    found: Mapping[str, SampleSize]

    @property
    def n(self) -> int | None:
        """Patients with the robust prior; None where no number will do."""
        return self.found[ROBUST].n

    @property
    def n_max(self) -> int:
        """Largest number of patients tried."""
        return int(self.found[ROBUST].table["n"].iloc[-1])

    @property
    def table(self) -> pd.DataFrame:
        """All numbers tried, with each prior: `prior` and the columns of `SampleSize.table`."""
        tables = {name: each.table for name, each in self.found.items()}
        return pd.concat(tables, names=["prior", None]).reset_index("prior").reset_index(drop=True)

    def blocks(self) -> Iterator[Block]:
        """Yield the patients with each prior; where none will do with the robust one, what to do."""
        yield Table(
            f"Patients   that keep a type-I error of {level(self.alpha)} (one-sided) at a true rate of "
            f"{rate(self.success.null_value)} and have a power of {level(self.power)} at {rate(self.alternative)}",
            pd.DataFrame([self._row(name, each) for name, each in self.found.items()]),
        )
        yield Items(
            (
                f"Of 1 to {self.n_max} patients. Both rise and fall with the patients like a saw, as responders are whole "
                "numbers.",
            )
        )
        yield Text("")
        if self.n is None:
            yield Text(
                f"No plan: with the robust prior, no number of patients to {self.n_max} keeps the type-I error and has the "
                "power. Demand a greater certainty in --success, borrow less (--weight), try more patients (--n-max), or "
                "give --n."
            )

    def _row(self, name: str, size: SampleSize) -> dict[str, str]:
        if size.n is None:
            return {"": NAMES[name], "smallest": "none"}
        [row] = size.table[size.table["n"] == size.n].to_dict("records")
        beyond = "fewer" if self.success.direction == "<" else "more"
        return {
            "": NAMES[name],
            "smallest": str(size.n),
            "and all from": "none" if size.n_from is None else str(size.n_from),
            "succeed": f"{row['boundary']} or {beyond}",
            "type-I error": exact_percent(row["type_one_error"]),
            "power": exact_percent(row["power"]),
        }

    def json(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "null": self.success.null_value,
            "alternative": self.alternative,
            "alpha": self.alpha,
            "power": self.power,
            "n_max": self.n_max,
            "smallest": {name: each.n for name, each in self.found.items()},
            "all_from": {name: each.n_from for name, each in self.found.items()},
            "table": records(self.table),
        }
