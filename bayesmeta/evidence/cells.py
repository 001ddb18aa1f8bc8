"""From a CSV file or a DataFrame to cells of text: what enters is a file, what leaves is a frame.

Nothing is interpreted here but the format itself; rules about counts and names are in `checks`.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from bayesmeta.errors import EvidenceError, listed, nearest
from bayesmeta.evidence.columns import MISSING_TEXT, REQUIRED
from bayesmeta.evidence.findings import Finding
from bayesmeta.spelling import folded

_NAMES = {",": "comma", ";": "semicolon"}
"""What may separate cells; where both make as many, the comma does."""

_QUOTED = re.compile('"[^"]*"')

_FORMATS = {
    b"PK\x03\x04": "a workbook (.xlsx, .ods) or another zip archive",
    b"\xd0\xcf\x11\xe0": "a workbook (.xls)",
    b"%PDF": "a PDF document",
}
"""How files of other programs begin."""


def cells_of_csv(path: Path) -> tuple[pd.DataFrame, str]:
    """Return the cells of a file as text, None where missing, and what separates them."""
    text = _text(path)
    separator = _separator(text)
    rows = _rows(path, text, separator)
    if not rows:
        raise EvidenceError(
            f"{path} is empty. It needs a header with study, events, n and one row per arm."
        )
    (first, header), *body = rows
    below = header_below([cells for _, cells in rows])
    if below is not None:
        line, cells = rows[below]
        raise EvidenceError(
            f"{path}: line {first} is not a header; line {line} looks like one: '{separator.join(cells)}'. "
            "Delete what stands above it."
        )
    _check_header(path, header)
    ragged = [(line, cells) for line, cells in body if len(cells) != len(header)]
    if ragged:
        where = listed(f"line {line} ({len(cells)} cells)" for line, cells in ragged)
        raise EvidenceError(
            f"{path}: each row must have {len(header)} cells, as many as the header; not so in {where}. "
            f"Put quotes around a cell that holds a {_NAMES[separator]}; delete lines that are not rows."
        )
    if not body:
        raise EvidenceError(f"{path} has a header but no rows. Add one row per arm.")
    places = [f"row {row} (line {line})" for row, (line, _) in enumerate(body, start=1)]
    known = [[_blank_to_none(cell) for cell in cells] for _, cells in body]
    return pd.DataFrame(known, columns=header, index=pd.Index(places), dtype=object), separator


def cells_of_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy of `frame` with text stripped, missing values as None and rows numbered."""
    columns = [str(column).strip() for column in frame.columns]
    _check_header("the DataFrame", columns)
    if frame.empty:
        raise EvidenceError("the DataFrame has no rows. Add one row per arm.")
    places = [f"row {row}" for row in range(1, len(frame) + 1)]
    cells = {name: [_cell(value) for value in frame.iloc[:, i]] for i, name in enumerate(columns)}
    return pd.DataFrame(cells, index=pd.Index(places), dtype=object)


def _text(path: Path) -> str:
    try:
        # utf-8-sig: spreadsheets put a byte-order mark before the header.
        content = path.read_bytes()
        _check_format(path, content)
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise EvidenceError(
            f"No file {path}. Check the path, or use `load_evidence` for bundled tables."
        ) from None
    except IsADirectoryError:
        raise EvidenceError(f"{path} is a folder; an evidence table is one CSV file.") from None
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise EvidenceError(
            f"{path} is not UTF-8 text (byte {error.start}). Save it as 'CSV UTF-8 (comma delimited)'."
        ) from error


def _check_format(path: Path, content: bytes) -> None:
    """Refuse files of other programs by how they begin."""
    for start, what in _FORMATS.items():
        if content.startswith(start):
            raise EvidenceError(
                f"{path} is {what}, not a CSV file. Open it, choose the sheet of the table. Save that as 'CSV UTF-8 "
                "(comma delimited)'."
            )


def _separator(text: str) -> str:
    """Return what separates the cells: the sign of which the first line of enough cells has more."""
    for line in text.splitlines():
        plain = _QUOTED.sub("", line)
        mark = max(_NAMES, key=plain.count)
        if plain.count(mark) + 1 >= len(REQUIRED):
            return mark
    return ","


def _rows(path: Path, text: str, separator: str) -> list[tuple[int, list[str]]]:
    if "\x00" in text:
        raise EvidenceError(
            f"{path} holds NUL bytes: it is not a CSV file. Save the table as CSV UTF-8."
        )
    lines = text.splitlines(keepends=True)
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    rows = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise EvidenceError(
            f"{path}, line {reader.line_num}: {error}. Close every quote; write a quote inside quotes twice."
        ) from error
    return rows


def _check_header(name: object, header: list[str]) -> None:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise EvidenceError(
            f"{name}: the columns are not separated by commas or semicolons; the header reads '{header[0]}'. "
            "Save the table as comma-separated CSV."
        )
    blank = [str(i) for i, column in enumerate(header, start=1) if not column]
    if blank:
        raise EvidenceError(
            f"{name}: every column needs a name; not so column {listed(blank)}. Give it one, or drop the column."
        )
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise EvidenceError(
            f"{name}: column names must differ; {listed(twice)} occurs more than once. Rename one of them."
        )


def _cell(value: object) -> object:
    if isinstance(value, str):
        return _blank_to_none(value.strip())
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else value  # type: ignore[call-overload]


def _blank_to_none(cell: str) -> str | None:
    return None if cell in MISSING_TEXT else cell


_OTHER_NAMES = {
    "study": "studlab study_id study_name slab trial trial_id author authors first_author reference publication source id name",
    "events": "event xi r x y k cases responders response responses responded successes number_of_responders events_n n_events ai count",
    "n": "ni total patients sample_size size nobs trials evaluable n_evaluable denominator participants subjects n_total number_of_patients number",
}
"""What other programs and tables call the needed columns, the likeliest first."""

_LIKELY = {wanted: list(map(folded, names.split())) for wanted, names in _OTHER_NAMES.items()}

_LONGEST = 40
"""Characters of the longest name of a column that is looked at."""

_FURTHEST = 20
"""Lines among which the header is looked for."""


def missing_columns(columns: Iterable[str]) -> list[Finding]:
    """Return which needed columns are not there, and which are likely to be them."""
    there = list(columns)
    missing = [column for column in REQUIRED if column not in there]
    if not missing:
        return []
    likely = [f"{wanted}={own}" for wanted, own in _likely(there).items()]
    hint = f" Name them by `columns`, such as {' and '.join(likely)}." if likely else ""
    text = ", ".join(f"column '{column}' is missing" for column in missing)
    found = nearest(missing[0], there, label="Found").removesuffix(".")
    remedy = f"An evidence table needs the columns study, events and n.{hint}"
    return [Finding("column", (), f"{text}. {found}", remedy)]


def header_below(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the position of the row that looks like the header, where the first row does not."""
    if len(_recognised(rows[0])) == len(REQUIRED):
        return None
    known = [len(_recognised(cells)) == len(REQUIRED) for cells in rows[:_FURTHEST]]
    return known.index(True) if any(known) else None


def _recognised(cells: Sequence[str]) -> set[str]:
    return {wanted for wanted in REQUIRED if wanted in cells} | set(_likely(cells))


def _likely(there: Sequence[str]) -> dict[str, str]:
    """Return the column that is likeliest to be each needed one that is not there."""
    found = {}
    named = [column for column in there if column not in REQUIRED and len(column) <= _LONGEST]
    free = {folded(column): column for column in reversed(named)}
    for wanted in REQUIRED:
        if wanted in there:
            continue
        for name in (folded(wanted), *_LIKELY[wanted]):
            if name in free:
                found[wanted] = free.pop(name)
                break
    return found
