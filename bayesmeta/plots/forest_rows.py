"""The text of a forest plot: its groups, the labels of rows, and the columns beside the graph."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.forest_table import ARM, NEW_STUDY, TYPICAL, ForestNumbers
from bayesmeta.estimates.inferred import marked
from bayesmeta.model.values import value_text
from bayesmeta.plots.lettering import printable, shortened
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.rows import Column, Rows
from bayesmeta.wording import Wording

__all__ = ["COLUMNS", "evidence_columns", "forest_rows"]

Row = Mapping[Any, Any]

COLUMNS = ("events", "observed", "model", "weight")
"""Those of every forest plot, from the left; the graph stands after the first."""

LONGEST = 1.6
"""Width in inches of text from the evidence, at most."""


def evidence_columns(columns: Sequence[str]) -> list[str]:
    """Return which of the columns asked for are the evidence's."""
    if isinstance(columns, str) or len(set(columns)) < len(columns):
        raise SettingsError(
            f"`columns` must list names, each once; got {columns!r}. Write [{', '.join(map(repr, COLUMNS))}]."
        )
    return [name for name in columns if name not in COLUMNS]


def forest_rows(
    numbers: ForestNumbers,
    scale: RateScale,
    columns: Sequence[str],
    *,
    labels: Mapping[str, str],
    words: Wording,
) -> Rows:
    """Return the rows of a forest plot with the columns asked for, below a band for each group."""
    table = numbers.table
    rows = table.to_dict("records")
    typical = [i for i, row in enumerate(rows) if row["kind"] == TYPICAL]
    starts = [0, *(i + 2 for i in typical[:-1])]
    return Rows(
        heading="Study",
        # Ticks stand in the second line.
        axis=f"{scale.label('Rate')}\n",
        labels=[_label(row, numbers.factor, labels, words) for row in rows],
        columns=_columns(numbers, scale, columns, words),
        bold=typical,
        bands={
            start: (_group(start, numbers, labels, words), _basis(rows[end]))
            for start, end in zip(starts, typical, strict=True)
        },
    )


def _group(start: int, numbers: ForestNumbers, labels: Mapping[str, str], words: Wording) -> str:
    group = str(numbers.table["group"].iloc[start])
    if numbers.factor is None:
        return group.capitalize()
    factor = labels.get(numbers.factor, words.column(numbers.factor))
    name = labels.get(group, f"{factor}: {words.level(numbers.factor, group)}")
    return name if start else f"{name} (reference)"


def _basis(row: Row) -> str:
    return f"{counted(row['studies'], 'study', 'studies')}, {counted(row['n'], 'patient')}"


def _label(row: Row, factor: str | None, labels: Mapping[str, str], words: Wording) -> str:
    """Return the label; that of a typical rate says if it rests on a single study."""
    name = labels.get(row["label"], row["label"])
    mixed = f"(mixed {words.column(factor or '')})"
    label = marked(printable(name.replace(f"(mixed {factor})", mixed)), row["inferred"])
    if row["kind"] != TYPICAL or row["studies"] > 1:
        return label
    return f"{label} ({counted(row['studies'], 'study', 'studies')})"


def _columns(
    numbers: ForestNumbers, scale: RateScale, columns: Sequence[str], words: Wording
) -> list[Column]:
    """Return the columns asked for; weights that have no meaning are left out."""
    sure, places = f"{100 * numbers.ci_prob:g}%", _places(numbers.table, scale)
    own: dict[str, tuple[str, Callable[[Row], str]]] = {
        "events": ("Responders\n/ patients", _counts),
        "observed": (
            f"Observed\n{scale.unit} ({sure} CI)",
            lambda row: _observed(row, scale, places),
        ),
        "model": (f"Model\n{scale.unit} ({sure} CrI)", lambda row: _model(row, scale, places)),
        "weight": ("Weight\n%", _weight),
    }
    found = []
    for name in columns:
        heading, text = own.get(name, (printable(words.column(name)), _of_evidence(name, words)))
        if name != "weight" or numbers.weighed:
            left = name == "events" or name not in own
            found.append(Column(heading, list(map(text, numbers.table.to_dict("records"))), left))
    return found


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
