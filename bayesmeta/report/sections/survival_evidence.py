"""What was observed of survival: every landmark and median, with its interval and its origin."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.estimates.survival_reports import report_text
from bayesmeta.estimates.survival_summary import conditional_note, person_of
from bayesmeta.evidence import SurvivalArms
from bayesmeta.evidence.columns import DERIVATION, N
from bayesmeta.evidence.survival.columns import (
    AT_RISK,
    CI_HIGH,
    CI_LOW,
    FOLLOWUP,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    SURVIVAL,
    TIME,
)
from bayesmeta.report.document import Table
from bayesmeta.report.sections.selection import (
    ORIGIN,
    overlap_rule,
    parts_left,
    parts_rule,
    wanted_rows,
    ways_told,
    with_columns,
)
from bayesmeta.report.survival_text import NOT_REACHED, told_of
from bayesmeta.rounding import fixed_text, interval_text
from bayesmeta.wording import Wording

PARTS = {"parts": "the parts are used", "whole": "the whole is used"}


def survival_facts(arms: SurvivalArms) -> Iterator[str]:
    """Yield what was selected, and what was found in it."""
    selection = arms.selection
    table = selection.get("table") or "a user-supplied table"
    yield (
        f"{counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}"
        f"{_patients(arms)}, from {table}; {told_of(arms)}. Times are in months."
    )
    if note := conditional_note(arms):
        yield note
    yield from wanted_rows(selection)
    yield from parts_rule(selection, PARTS)
    yield from parts_left(arms.excluded)
    yield from (f"To be checked: {finding}" for finding in arms.findings)
    yield from overlap_rule(arms)
    if DERIVATION in arms.reports.columns:
        yield f"How numbers were derived: {ways_told(arms.reports)}."
    else:
        yield "The table does not state how its numbers were derived."


def _patients(arms: SurvivalArms) -> str:
    unknown = int((arms.n == 0).sum())
    told = f", {counted(int(arms.n.sum()), person_of(arms))}"
    return f"{told} (of {counted(unknown, 'arm')} the number is not known)" if unknown else told


def reports_table(arms: SurvivalArms, covariates: Sequence[str], words: Wording) -> Table:
    """Return every landmark and median, one a row, with the covariates of its arm and its origin."""
    reports, place = arms.reports, arms.arm_of_report
    rows = reports.to_dict("records")
    cells = pd.DataFrame({"study": np.array(arms.display_labels, dtype=object)[place]})
    cells["arm"] = [arms.labels[arm].partition("/")[2] for arm in place]
    cells["n"] = [_count(row[N]) for row in rows]
    cells["report"] = [_report(row, arms.words.share) for row in rows]
    cells["estimate (95% CI)"] = list(map(_estimate, rows))
    optional = {
        "at risk": [_count(row[AT_RISK]) for row in rows],
        "follow-up, months": [_months(row[FOLLOWUP]) for row in rows],
    }
    cells = cells.assign(**{name: texts for name, texts in optional.items() if any(texts)})
    cells = with_columns(cells, reports, (*covariates, *ORIGIN), words)
    return Table("Landmarks and medians that were used", cells)


def excluded_cells(excluded: pd.DataFrame) -> pd.DataFrame:
    """Return the rows left out with what each reports in words, and the number of patients."""
    reported = [report_text(row) for row in excluded.to_dict("records")]
    return excluded.assign(report=reported, **{N: list(map(_count, excluded[N]))})


def _report(row: Mapping[Any, Any], share: str) -> str:
    return "median" if not np.isnan(row[MEDIAN]) else f"{share} at {row[TIME]:.3g} months"


def _estimate(row: Mapping[Any, Any]) -> str:
    """Return a median in months, or survival in percent, with its interval where there is one."""
    if np.isnan(row[MEDIAN]):
        values = [row[name] for name in (SURVIVAL, CI_LOW, CI_HIGH)]
        texts = [f"{100 * value:.3g}%" for value in values if not np.isnan(value)]
    else:
        values = [row[name] for name in (MEDIAN, MEDIAN_LOW, MEDIAN_HIGH)]
        texts = [_months(value) for value in values if not np.isnan(value)]
        texts[0] += "" if values[0] == np.inf else " months"
    if len(texts) == 1:
        return texts[0]
    # Of a median that was not reached, the lower limit may stand alone.
    return f"{texts[0]} (at least {texts[1]})" if len(texts) == 2 else interval_text(*texts)  # noqa: PLR2004


def _months(value: float) -> str:
    if np.isnan(value):
        return ""
    return NOT_REACHED if value == np.inf else fixed_text(value, 1)


def _count(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.0f}"
