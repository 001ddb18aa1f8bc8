"""From a sheet of a workbook (.xlsx) to its rows, and what a sheet can hide.

A workbook is a zip archive of XML. Its size is checked before it is unpacked, and an archive that
declares entities is refused. Formulas count as what was last computed.
"""

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from bayesmeta.errors import EvidenceError, listed, nearest
from bayesmeta.evidence.archives import opened
from bayesmeta.evidence.cells import Cells, Row, cells_of_rows
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.text_files import content_of

LAST_ROW, LAST_COLUMN = 100_000, 1_000
"""A table does not reach beyond; a sheet may, by a stray cell or a format, to row 1,048,576."""

_ENTITIES = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)

_DECIMALS = re.compile(r"[#,]*0(?:\.(0+))?(%?)")
"""Formats of numbers with a fixed number of decimals."""


class ShownNumber(float):
    """A number that its cell shows with a fixed number of decimals, or as a percentage."""

    text: str

    def __new__(cls, value: float, text: str) -> "ShownNumber":
        """Return the number with its text."""
        number = super().__new__(cls, value)
        number.text = text
        return number


def cells_of_workbook(path: Path, sheet: str | None, study: str) -> Cells:
    """Return the cells of a sheet: the one named, or the only one that is visible and has studies.

    Raises
    ------
    EvidenceError
        If the file is not a workbook or too large, no sheet or several can be meant, or the table on it
        has merged cells, dates among other values or formulas without a value.
    """
    content = content_of(path)
    has_formulas = _check_archive(path, content)
    values = _loaded(path, content, data_only=True)
    found = _sheet_of(path, values, sheet, study)
    _check_extent(path, found)
    formulas = _loaded(path, content, data_only=False)[found.title] if has_formulas else None
    rows = [row for row in _rows(found) if any(cell is not None for cell in row.cells)]
    cells = cells_of_rows(rows, f"{path}, sheet '{found.title}'", line="sheet row", separator=", ")
    broken = (
        *_merged(found, rows),
        *_errors(found),
        *_uncomputed(found, formulas),
        *_dates(found, rows),
    )
    reading = {} if sheet is None else {"sheet": sheet}
    remarks = [*_hidden(found, rows)]
    if sheet is None:
        remarks += _hidden_tables(values, study)
    return Cells(cells.frame, (*broken, *cells.broken), tuple(remarks), reading)


def _check_archive(path: Path, content: bytes) -> bool:
    """Raise unless the file is a workbook of usual size; return whether it has formulas."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise EvidenceError(
            f"{path} is a workbook of an old form (.xls), or has a password. Save it as .xlsx without one."
        )
    with opened(path, BytesIO(content), "a workbook") as archive:
        if "xl/workbook.xml" not in archive.namelist():
            raise EvidenceError(f"{path} is a zip archive, but no workbook (.xlsx). {_AGAIN}")
        return _has_formulas(path, archive)


def _has_formulas(path: Path, archive: ZipFile) -> bool:
    found = False
    for part in archive.infolist():
        if not part.filename.endswith((".xml", ".rels")):
            continue
        text = archive.read(part)
        # Text in UTF-16 has a NUL in each character.
        if _ENTITIES.search(text.replace(b"\0", b"")):
            raise EvidenceError(
                f"{path} declares XML entities in {part.filename}, which no spreadsheet writes. {_AGAIN}"
            )
        found |= b"<f>" in text or b"<f " in text
    return found


_AGAIN = "Open it in a spreadsheet program, and save it again as .xlsx, or the sheet as CSV."


def _unreadable(path: Path, error: Exception) -> EvidenceError:
    return EvidenceError(f"{path} cannot be read as a workbook ({type(error).__name__}). {_AGAIN}")


def _loaded(path: Path, content: bytes, *, data_only: bool) -> Any:
    from openpyxl import load_workbook

    try:
        # It warns of what it leaves out, such as drop-downs of later versions.
        with warnings.catch_warnings(action="ignore"):
            return load_workbook(BytesIO(content), data_only=data_only, keep_links=False)
    except Exception as error:
        # Whatever a part lacks or misspells ends in an error of its own kind.
        raise _unreadable(path, error) from error


def _sheet_of(path: Path, book: Any, sheet: str | None, study: str) -> Any:
    """Return the sheet that is asked for, or the only one that can be meant."""
    there = {one.title: one for one in book.worksheets}
    if sheet is not None:
        if sheet not in there:
            raise EvidenceError(f"{path} has no sheet '{sheet}'. {nearest(sheet, there)}")
        return there[sheet]
    used = {name: one for name, one in there.items() if _is_used(one)}
    seen = {name: one for name, one in used.items() if one.sheet_state == "visible"}
    if not seen:
        hidden = (
            f" Hidden: {listed(map(repr, used))}. Show it, or name it by `sheet`." if used else ""
        )
        raise EvidenceError(f"{path} is empty: no visible sheet holds anything.{hidden}")
    tables = [one for one in seen.values() if study in _first_row(one)]
    if len(tables) == 1 or len(seen) == 1:
        return (tables or list(seen.values()))[0]
    meant = [one.title for one in tables or seen.values()]
    raise EvidenceError(
        f"{path} has several sheets that may be meant: {listed(map(repr, meant))}. Name one by `sheet`."
    )


def _is_used(sheet: Any) -> bool:
    return not (sheet.max_row == sheet.max_column == 1 and sheet["A1"].value is None)


def _check_extent(path: Path, sheet: Any) -> None:
    """Raise if a sheet reaches further than a table does, before each of its cells is looked at."""
    for what, last, most in (
        ("row", sheet.max_row, LAST_ROW),
        ("column", sheet.max_column, LAST_COLUMN),
    ):
        if last > most:
            raise EvidenceError(
                f"{path}, sheet '{sheet.title}' reaches to {what} {last:,}; {most:,} are read. Delete the {what}s beyond the "
                "table, though they look blank."
            )


def _first_row(sheet: Any) -> list[str]:
    """Return what stands in the first row that is not blank, of those near the top."""
    cells = sheet.iter_rows(
        max_row=20, max_col=min(sheet.max_column, LAST_COLUMN), values_only=True
    )
    rows = ([str(cell).strip() for cell in row if cell is not None] for row in cells)
    return next(filter(None, rows), [])


def _rows(sheet: Any) -> Iterator[Row]:
    width = _width(sheet)
    for row in sheet.iter_rows(max_col=width):
        yield Row(row[0].row, [_value(cell) for cell in row])


def _width(sheet: Any) -> int:
    """Return the last column that holds anything."""
    used = (cell.column for row in sheet.iter_rows() for cell in row if _value(cell) is not None)
    return max(used, default=1)


def _value(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown = _DECIMALS.fullmatch(cell.number_format or "")
        if shown and (shown[1] or shown[2]):
            digits, sign = len(shown[1] or ""), shown[2]
            return ShownNumber(value, f"{value * (100 if sign else 1):.{digits}f}{sign}")
    return value


def _merged(sheet: Any, rows: list[Row]) -> Iterator[Finding]:
    last = rows[-1].number
    ranges = [str(one) for one in sheet.merged_cells.ranges if rows[0].number <= one.max_row and one.min_row <= last]  # fmt: skip
    if ranges:
        yield Finding(
            "cell",
            tuple(ranges),
            f"a table has no merged cells; not so {listed(ranges)}",
            "Unmerge them, and write the value in every row.",
        )


def _errors(sheet: Any) -> Iterator[Finding]:
    found = [
        f"{cell.coordinate} ({cell.value})"
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "e"
    ]
    if found:
        text = f"a formula must have a value; not so in {listed(found)}"
        yield Finding("cell", tuple(found), text, "Correct the formula, or write the value.")


def _uncomputed(sheet: Any, formulas: Any) -> Iterator[Finding]:
    """Yield the formulas that no spreadsheet program has computed, which a reader cannot."""
    if formulas is None:
        return
    found = [
        cell.coordinate
        for row in formulas.iter_rows()
        for cell in row
        if cell.data_type == "f" and sheet[cell.coordinate].value is None
    ]
    if found:
        text = f"formulas must have been computed; not so {listed(found)}"
        yield Finding("cell", tuple(found), text, f"{_AGAIN}")


def _dates(sheet: Any, rows: list[Row]) -> Iterator[Finding]:
    """Yield the dates in columns that hold other values, too: a program made them of 1-2 or 3/4."""
    found: list[str] = []
    for column in sheet.iter_cols(min_row=rows[0].number + 1):
        filled = [cell for cell in column if cell.value is not None]
        dates = [cell for cell in filled if isinstance(cell.value, date | datetime | time)]
        if len(dates) < len(filled):
            found += [f"{cell.coordinate} ({_value(cell)})" for cell in dates]
    if found:
        yield Finding(
            "cell",
            tuple(found),
            f"a date among other values was made of something else, such as 1-2 or 3/4: {listed(found)}",
            "Format the column as text, and type the value again.",
        )


def _hidden(sheet: Any, rows: list[Row]) -> Iterator[Finding]:
    """Yield the rows and columns that a filter or a person has hidden; they are read."""
    hidden = [str(row.number) for row in rows if sheet.row_dimensions[row.number].hidden]
    columns = [name for name, one in sheet.column_dimensions.items() if one.hidden]
    for what, found in (("rows", hidden), ("columns", columns)):
        if found:
            text = f"{what} of the sheet are hidden, and are read: {listed(found)}"
            yield Finding("hidden", (), text, "Delete them if they do not belong to the table.")


def _hidden_tables(book: Any, study: str) -> Iterator[Finding]:
    """Yield the hidden sheets that have studies, too; they are not read."""
    found = [one.title for one in book.worksheets if one.sheet_state != "visible"]
    found = [name for name in found if study in _first_row(book[name])]
    if found:
        text = f"hidden sheets have a column '{study}', too, and are not read: {listed(found)}"
        yield Finding("hidden", (), text, "Delete them, or name one by `sheet` to read it.")
