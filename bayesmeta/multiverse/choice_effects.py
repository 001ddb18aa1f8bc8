"""How far an estimate moves with each choice of a grid of specifications, all other choices the same."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

__all__ = ["choice_effects", "outcome_ranges"]

OUTCOME = "outcome"

VARIES = "differs"
"""Where other choices settle which choice has the lowest, or highest, estimate."""


def outcome_ranges(curve: pd.DataFrame) -> pd.DataFrame:
    """Return, by outcome, how far estimates and their bounds range over the rows of a curve."""
    found = [
        {
            OUTCOME: outcome,
            "rows": len(rows),
            "least": rows["estimate"].min(),
            "middle": rows["estimate"].median(),
            "greatest": rows["estimate"].max(),
            "lower": rows["lower"].min(),
            "upper": rows["upper"].max(),
        }
        for outcome, rows in curve.groupby(OUTCOME, sort=False)
    ]
    return pd.DataFrame(found)


def choice_effects(curve: pd.DataFrame, axes: Sequence[str]) -> pd.DataFrame:
    """Return, by outcome and axis, how far the estimate of a curve moves from choice to choice.

    Combinations that differ in this axis alone are compared, so that combinations that can't be
    fitted don't mix the effect of one choice with that of another. The strongest axis comes first within
    each outcome: `typical` and `largest`, the median and the greatest, over the sets of such
    combinations, of greatest less least estimate; `lowest` and `highest`, the choices of these
    estimates if they are the same in all sets that have all choices, or else ``"differs"``.
    """
    found = [
        _effect(outcome, axis, rows, [other for other in axes if other != axis])
        for outcome, rows in curve.groupby(OUTCOME, sort=False)
        for axis in axes
    ]
    names = [OUTCOME, "axis", "typical", "largest", "lowest", "highest"]
    table = pd.DataFrame([one for one in found if one is not None], columns=names)
    order = {outcome: place for place, outcome in enumerate(curve[OUTCOME].unique())}
    places = table.assign(place=table[OUTCOME].map(order), strength=-table["typical"])
    return table.loc[places.sort_values(["place", "strength"], kind="stable").index].reset_index(
        drop=True
    )


def _effect(
    outcome: Any, axis: str, rows: pd.DataFrame, others: Sequence[str]
) -> dict[str, Any] | None:
    """Return how far one choice moves the estimate; None where no two differ in it alone."""
    sets = rows.set_index([*others, axis])["estimate"].unstack(axis)  # noqa: PD010  # one value each
    several = sets[sets.notna().sum(axis=1) > 1]
    if several.empty:
        return None
    moves = several.max(axis=1) - several.min(axis=1)
    complete = several.dropna()
    compared = several if complete.empty else complete
    lowest, highest = compared.idxmin(axis=1), compared.idxmax(axis=1)
    return {
        OUTCOME: outcome,
        "axis": axis,
        "typical": moves.median(),
        "largest": moves.max(),
        "lowest": _everywhere(lowest),
        "highest": _everywhere(highest),
    }


def _everywhere(choices: "pd.Series[Any]") -> Any:
    """Return the choice that is the same in every set; else that it differs."""
    first = choices.iloc[0]
    return first if (choices == first).all() else VARIES
