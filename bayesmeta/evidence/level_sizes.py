"""Sizes of the levels of a stratum within an arm, from rows without counts or from columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.evidence.columns import ARM, PART_OF, STRATUM, STUDY, N
from bayesmeta.evidence.strata import is_mixed, stratum_levels

ArmKey = tuple[str, str]

LEVELS = ("no", "yes")
"""Levels of a stratum whose sizes stand in columns, such as ``prior_hma_n``: patients at the second."""

ROUNDING = 0.55
"""Percentage points within which a size must agree with the percentage printed beside it."""


def level_of(text: str, stratum: str) -> str | None:
    """Return the level of a row that is a level of one stratum and of no other."""
    terms = stratum_levels(text)
    return terms.get(stratum) if len(terms) == 1 else None


def other_level(level: str) -> str:
    """Return what the patients who are not at a level are called where nothing else names them."""
    return {"yes": "no", "no": "yes"}.get(level, f"not {level}")


def level_sizes(
    rows: pd.DataFrame, stratum: str, levels: Sequence[str]
) -> dict[ArmKey, dict[str, int]]:
    """Return patients at each level of the arms whose levels are of known size, at most two of them."""
    found = {}
    whole = rows[[not stratum_levels(text) for text in rows[STRATUM]]]
    totals = whole[whole[N].notna()].drop_duplicates([STUDY, ARM])
    for _, total in totals.iterrows():
        sizes = _by_row(total, rows, stratum, levels) or _by_column(total, whole, stratum)
        if sizes is not None:
            found[str(total[STUDY]), str(total[ARM])] = sizes
    return found


def stated_sizes(total: "pd.Series[Any]", rows: pd.DataFrame, stratum: str) -> dict[str, int]:
    """Return patients at the levels of an arm that rows of the same population give."""
    own = rows[(rows[STUDY] == total[STUDY]) & (rows[ARM] == total[ARM])]
    return {
        level: int(n)
        for text, n in zip(own[STRATUM], own[N], strict=True)
        if (level := level_of(text, stratum)) is not None
        and pd.notna(n)
        and is_mixed(text) == is_mixed(total[STRATUM])
    }


def _by_row(
    total: "pd.Series[Any]", rows: pd.DataFrame, stratum: str, levels: Sequence[str]
) -> dict[str, int] | None:
    sizes = stated_sizes(total, rows, stratum)
    left = [level for level in levels if level not in sizes]
    rest = int(total[N]) - sum(sizes.values())
    if sizes and len(left) == 1 and rest >= 0:
        sizes[left[0]] = rest
    complete = sum(sizes.values()) == total[N] and len(sizes) == len(LEVELS)
    return sizes if complete else None


def _by_column(total: "pd.Series[Any]", whole: pd.DataFrame, stratum: str) -> dict[str, int] | None:
    """Return the sizes that columns of the study give, where they are those of this arm."""
    size, percent = (_number(total, f"{stratum}_{kind}") for kind in ("n", "percent"))
    n = int(total[N])
    # Where all patients of a study are alike, so are those of each arm.
    if percent in (0, 100):
        return dict(zip(LEVELS, (0, n) if percent else (n, 0), strict=True))
    if size is None or not _is_only_arm(total, whole) or size > n:
        return None
    if percent is not None and abs(100 * size / n - percent) > ROUNDING:
        return None
    return dict(zip(LEVELS, (n - int(size), int(size)), strict=True))


def _is_only_arm(total: "pd.Series[Any]", whole: pd.DataFrame) -> bool:
    """Return whether a study has no other arm than this and its parts."""
    arms = whole[whole[STUDY] == total[STUDY]]
    if PART_OF in arms.columns:
        arms = arms[arms[PART_OF] == ""]
    return set(arms[ARM]) == {total[ARM]}


def _number(row: "pd.Series[Any]", column: str) -> float | None:
    value = row.get(column)
    if not isinstance(value, int | float | np.number) or np.isnan(float(value)):
        return None
    return float(value)
