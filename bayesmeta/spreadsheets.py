"""Workbooks (.xlsx) written: tables on sheets of their own, the same bytes for the same tables."""

import re
from collections.abc import Collection, Mapping
from io import BytesIO
from math import inf
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import pandas as pd

from bayesmeta.errors import RunError, SettingsError
from bayesmeta.paths import expanded
from bayesmeta.runs.files import write_whole

__all__ = ["content_of", "sheet_name", "text_cells", "workbook_of", "write_tables"]

NOT_REACHED = "NR"
"""What stands for an infinite time, as `read_survival` reads it."""

_LONGEST_NAME = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_NOT_IN_CELLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip archive can state."""

_WIDEST = 60


def write_tables(
    path: str | PathLike[str], tables: Mapping[str, pd.DataFrame], *, force: bool
) -> None:
    """Write tables into one workbook, each on a sheet of its name.

    Raises
    ------
    RunError
        If the file exists and is not to be replaced, or cannot be written.
    SettingsError
        If the file is not called .xlsx.
    """
    file = Path(expanded(path))
    if file.suffix.casefold() != ".xlsx":
        raise SettingsError(f"`path` must be called .xlsx; got {str(path)!r}.")
    if file.exists() and not force:
        raise RunError(f"{file} exists. Choose another file, or replace it with force=True.")
    write_whole(file, workbook_of(tables), remedy="Choose another file")


def workbook_of(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Return a workbook of tables, each on a sheet of its name; text is never a formula."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    names: set[str] = set()
    for name, table in tables.items():
        sheet = book.create_sheet(sheet_name(name, names))
        names.add(sheet.title)
        _fill(sheet, table)
    return content_of(book)


def content_of(book: Any) -> bytes:
    """Return a workbook as bytes that do not depend on when it is written."""
    written, fixed = BytesIO(), BytesIO()
    book.save(written)
    with ZipFile(written) as old, ZipFile(fixed, "w", ZIP_DEFLATED) as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename == "docProps/core.xml":
                text = _MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z", text)
                text = re.sub(
                    rb"(<dcterms:created[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", text
                )
            info = ZipInfo(part.filename, _EPOCH)
            info.compress_type = ZIP_DEFLATED
            new.writestr(info, text)
    return fixed.getvalue()


def sheet_name(name: str, taken: Collection[str]) -> str:
    """Return a name that a sheet can have, and that no other has, whatever its case."""
    plain = _NOT_IN_NAMES.sub(" ", name).strip()[:_LONGEST_NAME] or "Sheet"
    found, number = plain, 2
    there = {one.casefold() for one in taken}
    while found.casefold() in there:
        suffix = f" {number}"
        found, number = plain[: _LONGEST_NAME - len(suffix)] + suffix, number + 1
    return found


def _fill(sheet: Any, table: pd.DataFrame) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    named = table.reset_index() if any(table.index.names) else table
    rows = [list(map(str, named.columns)), *map(list, named.itertuples(index=False, name=None))]
    for i, row in enumerate(rows, start=1):
        for j, value in enumerate(row, start=1):
            _put(sheet.cell(i, j), value)
    for j in range(1, len(named.columns) + 1):
        sheet.cell(1, j).font = Font(bold=True)
        longest = max(len(str(row[j - 1])) for row in rows)
        sheet.column_dimensions[get_column_letter(j)].width = min(longest + 2, _WIDEST)
    sheet.freeze_panes = "A2"


def _put(cell: Any, value: object) -> None:
    """Write a value; what begins with = is text, and stays so."""
    plain = _plain(value)
    cell.value = plain
    if isinstance(plain, str):
        cell.data_type = "s"
        # Text keeps a program from making a date of 1-2.
        cell.number_format = "@"


def _plain(value: object) -> str | int | float | bool | None:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and abs(value) == inf:
        return NOT_REACHED if value > 0 else "-inf"
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):  # type: ignore[call-overload]
        return None
    if isinstance(value, bool | int | float):
        return value
    return _NOT_IN_CELLS.sub(" ", str(value)) or None


_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)


def text_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of text with numbers as numbers; what has an interval or a sign stays text."""

    def number(cell: object) -> object:
        text = cell.replace("\u2212", "-") if isinstance(cell, str) else ""
        return float(text) if _NUMBER.fullmatch(text) else cell

    return table.astype(object).map(number)
