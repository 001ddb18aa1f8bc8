"""An empty evidence table to be filled in a spreadsheet program: drop-downs, checks and notes."""

from dataclasses import dataclass
from typing import Any

from bayesmeta.evidence.columns import (
    ARM,
    CI_HIGH,
    CI_LOW,
    DEFAULT_INCLUDE,
    DERIVATION,
    EVENTS,
    EXCLUSION_REASON,
    LABEL,
    OUTCOME,
    OVERLAP_GROUP,
    OVERLAP_RANK,
    PART_OF,
    PERCENT,
    STRATUM,
    STUDY,
    N,
)
from bayesmeta.evidence.values import LARGEST_COUNT
from bayesmeta.spreadsheets import content_of

SHEET, NOTES = "Evidence", "Notes"

LAST_ROW = 2_000
"""Rows that have drop-downs and checks."""


@dataclass(frozen=True)
class Column:
    """A column of the sheet: what it means, and what may stand in it."""

    name: str
    note: str
    levels: tuple[str, ...] = ()
    whole: bool = False
    percent: bool = False


COLUMNS = (
    Column(STUDY, "Name of the study, spelt alike in all its rows. Needed."),
    Column(ARM, "Name of the arm, where a study has several."),
    Column(OUTCOME, "What was counted, such as ORR. In every row, or in none."),
    Column(EVENTS, "Responders: a whole number. Needed, unless the percentage is given.", whole=True),
    Column(N, "Patients in whom the outcome was assessed. Needed.", whole=True),
    Column(PERCENT, "Percentage as printed, with all its digits: 45.0, not 45.", percent=True),
    Column(CI_LOW, "Lower limit of its interval as printed, in percent.", percent=True),
    Column(CI_HIGH, "Upper limit of its interval as printed, in percent.", percent=True),
    Column(
        DERIVATION,
        "How the count was derived: printed; the only one that rounds to the percentage; added up; or concluded.",
        levels=("reported", "from_percent", "from_sum", "from_parts", "inferred", "adjudicated"),
    ),
    Column(STRATUM, "Of a part of an arm: covariate=level, such as tp53=mut. Blank for a whole arm."),
    Column(PART_OF, "The arm of the same study that contains this one."),
    Column(OVERLAP_GROUP, "A name that cohorts share which may hold the same patients."),
    Column(OVERLAP_RANK, "Within such a group: 1 is kept before 2.", whole=True),
    Column(DEFAULT_INCLUDE, "no leaves the study out unless it is asked for.", levels=("yes", "no")),
    Column(EXCLUSION_REASON, "Why it is left out."),
    Column(LABEL, "What figures call the study."),
    Column("locator", "Where the numbers stand: page, table, figure."),
    Column("regimen", "A covariate. Rename it, and add others: numbers, or levels spelt alike."),
)  # fmt: skip


def template() -> bytes:
    """Return the workbook: a sheet to fill in, and one that explains its columns."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    for i, column in enumerate(COLUMNS, start=1):
        _add(sheet, i, column)
    sheet.freeze_panes = "B2"
    _explain(book.create_sheet(NOTES))
    return content_of(book)


def _add(sheet: Any, i: int, column: Column) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    letter = get_column_letter(i)
    head = sheet.cell(1, i, column.name)
    head.font = Font(bold=True)
    head.comment = Comment(column.note, "bayesmeta")
    sheet.column_dimensions[letter].width = max(len(column.name) + 2, 10)
    if not (column.whole or column.percent):
        # Text, so that no program makes a date of 1-2.
        sheet.column_dimensions[letter].number_format = "@"
    check = _check(column)
    if check is not None:
        sheet.add_data_validation(check)
        check.add(f"{letter}2:{letter}{LAST_ROW}")


def _check(column: Column) -> Any:
    """Return what a spreadsheet program lets stand in a column."""
    from openpyxl.worksheet.datavalidation import DataValidation

    if column.levels:
        listed = f'"{",".join(column.levels)}"'
        found = DataValidation(type="list", formula1=listed, allow_blank=True)
        found.error = f"One of {', '.join(column.levels)}."
    elif column.whole:
        found = DataValidation(type="whole", operator="between", allow_blank=True)
        found.formula1, found.formula2 = "0", str(LARGEST_COUNT)
        found.error = "A whole number, without signs or separators."
    elif column.percent:
        found = DataValidation(type="decimal", operator="between", allow_blank=True)
        found.formula1, found.formula2 = "0", "100"
        found.error = "A percentage from 0 to 100, without its sign."
    else:
        return None
    found.prompt, found.promptTitle, found.errorTitle = column.note, column.name, column.name
    return found


def _explain(sheet: Any) -> None:
    sheet.append(["column", "meaning"])
    for column in COLUMNS:
        sheet.append([column.name, column.note])
    for line in (
        "One row for each study, arm and outcome. No row of totals, no merged cells.",
        "A number that is not known is blank, or NR. Add columns for covariates.",
        f"Counts of percentages: leave {EVENTS} blank, and name the column {PERCENT} as the rate.",
    ):
        sheet.append(["", line])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 20, 100
