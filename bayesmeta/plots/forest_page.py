"""The page of a forest plot: its groups, labels and columns of text."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.forest_table import ARM, NEW_STUDY, TOTALS, TYPICAL, ForestNumbers
from bayesmeta.estimates.inferred import marked
from bayesmeta.model.coded_levels import NEW
from bayesmeta.model.values import value_text
from bayesmeta.plots.lettering import printable, shortened
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.rows import Column, Rows
from bayesmeta.rounding import interval_text
from bayesmeta.wording import Wording

Row = Mapping[Any, Any]

COLUMNS = ("events", "observed", "model", "weight")
"""Those of every forest plot, from the left; the graph stands after the first."""

LONGEST = 1.6
"""Width in inches of text from the evidence, at most."""


def evidence_columns(columns: Sequence[str], own: Sequence[str] = COLUMNS) -> list[str]:
    """Return which of the columns asked for are the evidence's, and not the figure's own."""
    if isinstance(columns, str) or len(set(columns)) < len(columns):
        raise SettingsError(
            f"`columns` must list names, each once; got {columns!r}. Write [{', '.join(map(repr, own))}]."
        )
    return [name for name in columns if name not in own]


def forest_rows(
    numbers: ForestNumbers,
    scale: RateScale,
    columns: Sequence[str],
    *,
    labels: Mapping[str, str],
    words: Wording,
    lights: Sequence[Column] = (),
) -> Rows:
    """Return the rows of a forest plot with the columns asked for, and lights, below bands of groups."""
    own = [*_columns(numbers, scale, columns, words), *lights]
    return page_rows(numbers, own, scale.label("Rate"), labels=labels, words=words)


def page_rows(
    numbers: ForestNumbers,
    columns: Sequence[Column],
    axis: str,
    *,
    labels: Mapping[str, str],
    words: Wording,
    person: str = "patient",
) -> Rows:
    """Return the rows of a forest plot with these columns, below a band for each group."""
    table = numbers.table
    groups = table["group"]
    starts = np.flatnonzero(groups != groups.shift())
    return Rows(
        heading="Study",
        # Ticks stand in the second line.
        axis=f"{axis}\n",
        labels=[_label(row, numbers, labels, words) for row in table.to_dict("records")],
        columns=columns,
        bold=np.flatnonzero(table["kind"] == numbers.typical).tolist(),
        bands={
            int(start): (
                _group(int(start), numbers, labels, words),
                _basis(table[groups == groups.iloc[start]], person),
            )
            for start in starts
        },
    )


def _group(start: int, numbers: ForestNumbers, labels: Mapping[str, str], words: Wording) -> str:
    group = str(numbers.table["group"].iloc[start])
    if numbers.factor is None:
        return group.capitalize()
    factor = labels.get(numbers.factor, words.column(numbers.factor))
    if group == NEW:
        return labels.get(group, f"{factor}: a level that no study has")
    if group == TOTALS:
        return labels.get(group, f"{factor}: total of both levels only")
    name = labels.get(group, f"{factor}: {words.level(numbers.factor, group)}")
    exchangeable = bool((numbers.table["group"] == NEW).any())
    return name if start or exchangeable else f"{name} (reference)"


def _basis(group: pd.DataFrame, person: str) -> str:
    """Return the studies and patients, or responders, of a group's arms, for its band."""
    if (group["group"] == NEW).all():
        return ""
    arms = group[group["kind"] == ARM]
    studies = int(arms.loc[arms["studies"] > 0, "study"].nunique())
    if not studies and (group["studies"] > 0).any():
        return "in totals only"
    patients, said = int(arms["n"].sum()), counted(studies, "study", "studies")
    # Of survival, a study need not say how many patients it has.
    return said if studies and not patients else f"{said}, {counted(patients, person)}"


def _label(row: Row, numbers: ForestNumbers, labels: Mapping[str, str], words: Wording) -> str:
    """Return the label; that of a typical study says if it rests on a single one."""
    factor = numbers.factor
    name = labels.get(row["label"], row["label"])
    mixed = f"(mixed {words.column(factor or '')})"
    label = marked(printable(name.replace(f"(mixed {factor})", mixed)), row["inferred"])
    if row["kind"] != numbers.typical or row["studies"] > 1 or row["group"] == NEW:
        return label
    return f"{label} ({counted(row['studies'], 'study', 'studies')})"


def _columns(
    numbers: ForestNumbers, scale: RateScale, columns: Sequence[str], words: Wording
) -> list[Column]:
    """Return the columns asked for; weights that have no meaning are left out."""
    sure = f"{100 * numbers.ci_prob:g}%"
    rate = partial(scale.text, places=_places(numbers.table, scale))
    own: dict[str, tuple[str, Callable[[Row], str]]] = {
        "events": ("Responders\n/ patients", _counts),
        "observed": (
            f"Observed\n{scale.unit} ({sure} CI)",
            lambda row: _observed(row, rate),
        ),
        "model": (f"Model\n{scale.unit} ({sure} CrI)", lambda row: _model(row, rate)),
        "weight": ("Weight\n%", _weight),
    }
    found = []
    for name in columns:
        heading, text = own.get(name, (printable(words.column(name)), evidence_text(name, words)))
        if name != "weight" or numbers.weighed:
            left = name == "events" or name not in own
            found.append(Column(heading, list(map(text, numbers.table.to_dict("records"))), left))
    return found


def _places(table: pd.DataFrame, scale: RateScale) -> int:
    """Return the decimals that tell the ends of the narrowest interval of the model apart."""
    shown = table[table["kind"] != NEW_STUDY]
    return scale.places((shown["upper"] - shown["lower"]).min(), shown["lower"].min())


def _counts(row: Row) -> str:
    in_totals = row["kind"] == TYPICAL and row["studies"] and not row["n"]
    none = row["kind"] == NEW_STUDY or row["group"] == NEW or in_totals
    return "" if none else f"{row['events']}/{row['n']}"


def _observed(row: Row, text: Callable[[float], str]) -> str:
    if row["kind"] != ARM:
        return ""
    rates = (row[name] for name in ("observed", "observed_lower", "observed_upper"))
    return interval_text(*map(text, rates)) if row["n"] else "no patients"


def _model(row: Row, text: Callable[[float], str]) -> str:
    if row["kind"] == NEW_STUDY:
        return f"({interval_text(text(row['lower']), text(row['upper']))})"
    return interval_text(*(text(row[name]) for name in ("rate", "lower", "upper")))


def _weight(row: Row) -> str:
    known = row["kind"] == ARM or (row["kind"] == TYPICAL and row["studies"])
    return f"{100 * row['weight']:.1f}" if known else ""


def evidence_text(name: str, words: Wording) -> Callable[[Row], str]:
    """Return what writes a column of the evidence in the row of an arm."""

    def text(row: Row) -> str:
        known = row["kind"] == ARM and not pd.isna(row[name])
        text = words.level(name, value_text(row[name])) if known else ""
        return shortened(printable(text), LONGEST)

    return text
