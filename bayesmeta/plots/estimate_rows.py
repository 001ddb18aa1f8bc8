"""Rows of typical estimates and of new studies: their text, and marks on an axis of rates or months."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.arrays import Array
from bayesmeta.plots.forest_marks import ForestAxis
from bayesmeta.plots.months_axis import months_axis
from bayesmeta.plots.rate_axis import RateScale, rate_axis
from bayesmeta.plots.rows import GRAPH, Column, draw_axis, draw_estimates
from bayesmeta.rounding import interval_of

RATES = ("typical", "typical_lower", "typical_upper")
NEW_STUDY = ("new_study_lower", "new_study_upper")
"""Columns of the tables of rates (probability)."""


def rate_columns(table: pd.DataFrame, ci_prob: float, scale: RateScale) -> list[Column]:
    """Return the rates of each row as text, and tau where a table has it; empty where unknown."""
    return estimate_columns(table, ci_prob, scale.texts, scale.unit)


def estimate_columns(
    table: pd.DataFrame, ci_prob: float, written: Callable[..., Iterable[str]], unit: str
) -> list[Column]:
    """Return what is typical and of a new study as text, `written` in a unit, and tau."""
    sure = f"{100 * ci_prob:g}%"
    rows = table.to_dict("records")
    typical = [interval_of(row, "typical", written) for row in rows]
    new = [interval_of(row, "new_study", written, ends=("_lower", "_upper")) for row in rows]
    found = [
        Column(f"Typical {unit}\n({sure} CrI)", typical),
        Column(f"New study {unit}\n({sure} PI)", new),
    ]
    if table["tau"].notna().any():
        found.append(Column(f"tau\n({sure} CrI)", [interval_of(row, "tau") for row in rows]))
    return found


def draw_rates(
    graph: Axes, table: pd.DataFrame, heights: Array, reference: int, *, scale: RateScale
) -> None:
    """Draw typical rates and new studies with their axis; rows without numbers stay empty."""
    rates, known = _drawn(table)
    wanted = replace(scale, axis="zoom") if scale.axis == "auto" else scale
    axis = rate_axis(wanted, known, known[:, 0])
    draw_axis(graph, np.array(axis.limits), scale.label("Typical rate, and rate of a new study"))
    _draw_on(axis, graph, rates, heights, reference=reference)


def draw_months(graph: Axes, table: pd.DataFrame, heights: Array, reference: int) -> None:
    """Draw typical medians and those of new studies (months) with their axis."""
    months, known = _drawn(table)
    axis = months_axis(known, known[:, 0], "Typical median, and median of a new study (months)")
    draw_axis(graph, np.array(axis.ends), axis.label)
    _draw_on(axis, graph, months, heights, reference=reference)


def _drawn(table: pd.DataFrame) -> tuple[Array, Array]:
    """Return what is drawn of each row, and that of the rows that have numbers."""
    values = table[[*RATES, *NEW_STUDY]].to_numpy(dtype=np.float64)
    return values, values[np.isfinite(values).all(axis=1)]


def _draw_on(
    axis: ForestAxis, graph: Axes, values: Array, heights: Array, *, reference: int
) -> None:
    axis.put_on(graph.xaxis, GRAPH)
    places = axis.places(values)
    marked = np.column_stack([axis.marks(values[:, 0]), places[:, 1:3]])
    draw_estimates(graph, heights, marked, reference, wide=places[:, 3:])
