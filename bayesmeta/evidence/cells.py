"""From rows of a file or a frame to cells with a header, and what is wrong with their shape.

Nothing is interpreted here; rules about counts and names are in `checks`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bayesmeta.errors import EvidenceError, listed
from bayesmeta.evidence.columns import MISSING_TEXT
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.headers import broken_header, header_below


@dataclass(frozen=True, eq=False)
class Cells:
    """What a source holds, before any rule about counts and names."""

    frame: pd.DataFrame
    """Cells, None where missing; the index says where each row stands."""
    broken: tuple[Finding, ...] = ()
    """Rules of its shape that the source breaks."""
    remarks: tuple[Finding, ...] = ()
    """What was found in it that is not an error."""
    reading: Mapping[str, Any] = field(default_factory=dict)
    """How it was read, where that can be asked for: its sheet, its decimal mark."""


@dataclass(frozen=True)
class Row:
    """One row of a file: where it stands, and its cells."""

    number: int
    cells: Sequence[Any]


def cells_of_rows(rows: Sequence[Row], name: str, *, line: str, separator: str = ",") -> Cells:
    """Return the cells below a header; `line` is what the file calls a row.

    Raises
    ------
    EvidenceError
        If there is no row below a header, or the header stands below other lines.
    """
    if not rows:
        raise EvidenceError(
            f"{name} is empty. It needs a header with study, events, n and one row per arm."
        )
    first, *body = rows
    _check_first(rows, name, line, separator)
    if not body:
        raise EvidenceError(f"{name} has a header but no rows. Add one row per arm.")
    header = [_text(cell) for cell in first.cells]
    whole = [row for row in body if len(row.cells) == len(header)]
    numbers = {row.number: i for i, row in enumerate(body, start=1)}
    places = [f"row {numbers[row.number]} ({line} {row.number})" for row in whole]
    frame = pd.DataFrame(
        [[known(cell) for cell in row.cells] for row in whole],
        columns=header,
        index=pd.Index(places, dtype=object),
        dtype=object,
    )
    return Cells(
        _named(frame), (*broken_header(header), *_ragged(body, len(header), line, separator))
    )


def cells_of_frame(frame: pd.DataFrame) -> Cells:
    """Return a copy of `frame` with text stripped, missing values as None and rows numbered."""
    header = [str(column).strip() for column in frame.columns]
    if frame.empty:
        raise EvidenceError("the DataFrame has no rows. Add one row per arm.")
    places = [f"row {row}" for row in range(1, len(frame) + 1)]
    columns = [[known(value) for value in frame.iloc[:, i]] for i in range(len(header))]
    cells = pd.DataFrame(dict(enumerate(columns)), index=pd.Index(places), dtype=object)
    return Cells(_named(cells.set_axis(header, axis="columns")), tuple(broken_header(header)))


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that have a name, each name once, so that the other rules can be told, too."""
    kept = [bool(name) for name in frame.columns] & ~frame.columns.duplicated()
    return frame.loc[:, kept]


def _check_first(rows: Sequence[Row], name: str, line: str, separator: str) -> None:
    """Raise if the first row is no header."""
    first = rows[0]
    texts = [[_text(cell) for cell in row.cells] for row in rows[:_LOOKED_AT]]
    below = header_below(texts)
    if below is not None:
        raise EvidenceError(
            f"{name}: {line} {first.number} is not a header; {line} {rows[below].number} looks like one: "
            f"'{separator.join(texts[below])}'. Delete what stands above it."
        )
    if len(texts[0]) == 1 and any(mark in texts[0][0] for mark in ";\t|"):
        raise EvidenceError(
            f"{name}: the columns are not separated by commas, semicolons or tabs; the header reads "
            f"'{texts[0][0]}'. Save the table as comma-separated CSV."
        )


_LOOKED_AT = 20
"""Rows among which the header is looked for."""

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}


def _ragged(rows: Sequence[Row], width: int, line: str, separator: str) -> list[Finding]:
    ragged = [row for row in rows if len(row.cells) != width]
    if not ragged:
        return []
    where = listed(f"{line} {row.number} ({len(row.cells)} cells)" for row in ragged)
    return [
        Finding(
            "row",
            tuple(f"{line} {row.number}" for row in ragged),
            f"each row must have {width} cells, as many as the header; not so in {where}",
            f"Put quotes around a cell that holds a {_SEPARATORS.get(separator, separator)}; delete lines that are not rows.",
        )
    ]


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def known(value: object) -> object:
    """Return a cell, stripped if it is text; None if it holds nothing."""
    if isinstance(value, str):
        text = value.strip()
        return None if text in MISSING_TEXT else text
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else value  # type: ignore[call-overload]
