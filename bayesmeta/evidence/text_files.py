"""From a file of text to its rows: encodings, separators and quotes."""

import csv
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from bayesmeta.errors import EvidenceError
from bayesmeta.evidence.cells import Cells, Row, cells_of_rows
from bayesmeta.evidence.columns import REQUIRED
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.values import has_decimal_commas

_SEPARATORS = (",", ";", "\t")
"""What may separate cells; where several make as many, the first does."""

_QUOTED = re.compile('"[^"]*"')

_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that no table holds: the file is not of text."""

_FORMATS = {
    b"PK\x03\x04": "a workbook (.xlsx, .ods) or another zip archive",
    b"\xd0\xcf\x11\xe0": "a workbook (.xls)",
    b"%PDF": "a PDF document",
}
"""How files of other programs begin."""


def cells_of_text(path: Path, name: str) -> Cells:
    """Return the cells of a file as text, None where missing.

    Raises
    ------
    EvidenceError
        If it cannot be read, is no text, or has no row below a header.
    """
    text, remarks = _decoded(path, content_of(path))
    separator = _separator(text)
    cells = cells_of_rows(_rows(path, text, separator), name, line="line", separator=separator)
    commas = separator != "," and has_decimal_commas(cells.frame)
    reading = {"decimal": ","} if commas else {}
    return Cells(cells.frame, cells.broken, remarks, reading)


def content_of(path: Path) -> bytes:
    """Return the bytes of a file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise EvidenceError(
            f"No file {path}. Check the path, or use `load_evidence` for bundled tables."
        ) from None
    except IsADirectoryError:
        raise EvidenceError(f"{path} is a folder; an evidence table is one file.") from None
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}.") from error


def _decoded(path: Path, content: bytes) -> tuple[str, tuple[Finding, ...]]:
    """Return the text of a file, and a remark where its encoding is a guess."""
    for start, what in _FORMATS.items():
        if content.startswith(start):
            raise EvidenceError(
                f"{path} is {what}, not a CSV file. Save the sheet of the table as .xlsx, and name the file so, or as "
                "'CSV UTF-8 (comma delimited)'."
            )
    utf16 = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    try:
        # utf-8-sig: spreadsheets put a byte-order mark before the header.
        return content.decode("utf-16" if utf16 else "utf-8-sig"), ()
    except UnicodeDecodeError as error:
        if utf16:
            raise _no_text(path, "UTF-16", error) from error
        return _latin(path, content, error)


def _latin(
    path: Path, content: bytes, error: UnicodeDecodeError
) -> tuple[str, tuple[Finding, ...]]:
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise _no_text(path, "UTF-8", error) from error
    if _CONTROL.search(text) or "\0" in text:
        raise _no_text(path, "UTF-8", error)
    line = content.count(b"\n", 0, error.start) + 1
    found = content[error.start : error.start + 1].decode("cp1252")
    remark = Finding(
        "encoding",
        (),
        f"the file is not UTF-8 text, and is read as Latin-1 (Windows-1252): line {line} holds '{found}'",
        "If names are garbled, save it as 'CSV UTF-8 (comma delimited)'.",
    )
    return text, (remark,)


def _no_text(path: Path, encoding: str, error: UnicodeDecodeError) -> EvidenceError:
    return EvidenceError(
        f"{path} is not {encoding} text (byte {error.start}). Save it as 'CSV UTF-8 (comma delimited)'."
    )


def _separator(text: str) -> str:
    """Return what separates the cells: the sign of which the first line of enough cells has more."""
    for line in text.splitlines():
        plain = _QUOTED.sub("", line)
        mark = max(_SEPARATORS, key=plain.count)
        if plain.count(mark) + 1 >= len(REQUIRED):
            return mark
    return ","


def _rows(path: Path, text: str, separator: str) -> list[Row]:
    if "\x00" in text:
        raise EvidenceError(
            f"{path} holds NUL bytes: it is not a CSV file. Save the table as CSV UTF-8."
        )
    lines = text.splitlines(keepends=True)
    # Within tabs, blanks at the start of a cell would hide an empty one.
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=separator != "\t")
    rows = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(Row(reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise EvidenceError(
            f"{path}, line {reader.line_num}: {error}. Close every quote; write a quote inside quotes twice."
        ) from error
    return rows
