"""Survival that was selected, as text and for machines."""

from math import inf
from typing import Any

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.evidence import SurvivalArms
from bayesmeta.evidence.columns import N, labels_of
from bayesmeta.evidence.survival.columns import (
    CI_HIGH,
    CI_LOW,
    FOLLOWUP,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    SURVIVAL,
    TIME,
)
from bayesmeta.layout import table_text
from bayesmeta.report.machine import records
from bayesmeta.report.text import Blocks, rule_counts

NOT_REACHED = "NR"


def survival_blocks(arms: SurvivalArms) -> Blocks:
    """Return the landmarks and medians of a selection, and the rows left out with their rules."""
    studies = counted(len(arms.studies), "study", "studies")
    lines = [
        f"Evidence   survival ({arms.outcome or 'one outcome'}) in {arms.selection['table']}: "
        f"{counted(len(arms), 'arm')} of {studies}, {counted(len(arms.landmarks), 'landmark')} and "
        f"{counted(len(arms.medians), 'median')}. Times are in months; {NOT_REACHED}: not reached."
    ]
    excluded = arms.excluded
    if excluded.empty:
        return [lines, table_text(_shown(arms.reports), indent=2)]
    rules = f"{counted(len(excluded), 'row')} left out ({rule_counts(excluded)})."
    left_out = _shown(excluded).assign(rule=excluded["rule"])
    return [
        [*lines, f"           {rules}"],
        table_text(_shown(arms.reports), indent=2),
        ["Left out", table_text(left_out, indent=2)],
    ]


def survival_json(arms: SurvivalArms) -> dict[str, Any]:
    """Return the rows kept, the rows left out, and the selection; what was not reached is NR."""
    return {
        "selection": arms.selection,
        "rows": records(_with_words(arms.reports)),
        "excluded": records(_with_words(arms.excluded)),
    }


def _with_words(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with words where a length of time is infinite, which JSON cannot tell."""
    return frame.astype({MEDIAN: object, MEDIAN_HIGH: object}).replace(inf, NOT_REACHED)


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    shown = {
        "arm": labels_of(frame),
        N: [_told(n, "{:.0f}") for n in frame[N]],
        TIME: [_told(time, "{:.1f}") for time in frame[TIME]],
        SURVIVAL: _intervals(100 * frame[[SURVIVAL, CI_LOW, CI_HIGH]], "{:.3g}%"),
        MEDIAN: _intervals(frame[[MEDIAN, MEDIAN_LOW, MEDIAN_HIGH]], "{:.1f}"),
        FOLLOWUP: [_told(time, "{:.1f}") for time in frame[FOLLOWUP]],
    }
    return pd.DataFrame(shown, index=frame.index)


def _intervals(numbers: pd.DataFrame, form: str) -> list[str]:
    """Return estimates with their limits, where there is a lower one."""
    return [
        _told(estimate, form)
        + (f" ({_told(low, form)} to {_told(high, form)})" if pd.notna(low) else "")
        for estimate, low, high in numbers.itertuples(index=False)
    ]


def _told(number: float, form: str) -> str:
    if pd.isna(number):
        return ""
    return NOT_REACHED if number == inf else form.format(number)
