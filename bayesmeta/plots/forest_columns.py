"""The columns of a forest plot: which there are, what stands above them, and their text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.forest_table import ARM, NEW_STUDY, ForestNumbers
from bayesmeta.model.values import value_text
from bayesmeta.plots.lettering import printable, shortened
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.wording import Wording

__all__ = ["COLUMNS", "Column", "columns_of", "evidence_columns"]

Row = Mapping[Any, Any]

COLUMNS = ("events", "observed", "model", "weight")
"""Those of every forest plot, from the left; the graph stands after the first."""

LONGEST = 1.6
"""Width in inches of text from the evidence, at most."""


@dataclass(frozen=True)
class Column:
    """A column of text: two lines above it, the text of a row, and whether it is left of the graph."""

    heading: tuple[str, str]
    text: Callable[[Row], str]
    left: bool = False


def evidence_columns(columns: Sequence[str]) -> list[str]:
    """Return which of the columns asked for are the evidence's.

    Raises
    ------
    SettingsError
        If a column is named twice, or `columns` is text.
    """
    if isinstance(columns, str) or len(set(columns)) < len(columns):
        raise SettingsError(
            f"`columns` must list names, each once; got {columns!r}. Write [{', '.join(map(repr, COLUMNS))}]."
        )
    return [name for name in columns if name not in COLUMNS]


def columns_of(
    numbers: ForestNumbers, scale: RateScale, columns: Sequence[str], words: Wording
) -> list[Column]:
    """Return the columns asked for; those left of the graph come first."""
    sure, unit = f"{100 * numbers.ci_prob:g}%", scale.unit
    places = _places(numbers.table, scale)
    own = {
        "events": Column(("Responders", "/ patients"), _counts, left=True),
        "observed": Column(("Observed", f"{unit} ({sure} CI)"), lambda row: _observed(row, scale, places)),
        "model": Column(("Model", f"{unit} ({sure} CrI)"), lambda row: _model(row, scale, places)),
        "weight": Column(("Weight", "%"), _weight),
    }  # fmt: skip
    if not numbers.weighed:
        del own["weight"]
    found = [
        own[name]
        if name in COLUMNS
        else Column(("", printable(words.column(name))), _of_evidence(name, words), left=True)
        for name in columns
        if name in own or name not in COLUMNS
    ]
    return sorted(found, key=lambda column: not column.left)


def _places(table: pd.DataFrame, scale: RateScale) -> int:
    """Return the decimals that tell the ends of the narrowest interval of the model apart."""
    shown = table[table["kind"] != NEW_STUDY]
    return scale.places((shown["upper"] - shown["lower"]).min(), shown["lower"].min())


def _counts(row: Row) -> str:
    return "" if row["kind"] == NEW_STUDY else f"{row['events']}/{row['n']}"


def _observed(row: Row, scale: RateScale, places: int) -> str:
    if row["kind"] != ARM:
        return ""
    names = ("observed", "observed_lower", "observed_upper")
    return _interval(row, names, scale, places) if row["n"] else "no patients"


def _model(row: Row, scale: RateScale, places: int) -> str:
    text = _interval(row, ("rate", "lower", "upper"), scale, places)
    return text[text.index("(") :] if row["kind"] == NEW_STUDY else text


def _interval(row: Row, names: Sequence[str], scale: RateScale, places: int) -> str:
    rate, lower, upper = (scale.text(row[name], places) for name in names)
    return f"{rate} ({lower}\N{EN DASH}{upper})"


def _weight(row: Row) -> str:
    return "" if row["kind"] == NEW_STUDY else f"{100 * row['weight']:.1f}"


def _of_evidence(name: str, words: Wording) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        known = row["kind"] == ARM and not pd.isna(row[name])
        text = words.level(name, value_text(row[name])) if known else ""
        return shortened(printable(text), LONGEST)

    return text
