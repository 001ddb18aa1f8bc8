"""How tables of text are laid out: numbers to the right, words to the left."""

import re
from collections.abc import Iterable

import pandas as pd

__all__ = ["cell_rows", "is_numeric", "table_text"]

_NUMBER = re.compile(r"[<>]?[-+\u2212]?[\d.][\d.,%()/<>\u00b1+\u2212e -]*")
_WORDS = re.compile(r" (?:to|per) ")

NOTHING = ("", "-", "none")
"""What stands in a column of numbers where there is none."""


def cell_rows(table: pd.DataFrame) -> list[list[str]]:
    """Return the cells of a table as text, row by row; empty where nothing is known."""
    return [
        ["" if pd.isna(cell) else str(cell) for cell in row]
        for row in table.itertuples(index=False)
    ]


def is_numeric(cells: Iterable[str]) -> bool:
    """Return whether the cells of a column are numbers, intervals among them."""
    told = [cell for cell in cells if cell not in NOTHING]
    return bool(told) and all(_NUMBER.fullmatch(_WORDS.sub(" ", cell)) for cell in told)


def table_text(table: pd.DataFrame, indent: int = 0) -> str:
    """Return a table of text with numbers to the right, under headings on the same side."""
    body = cell_rows(table)
    cells = [list(map(str, table.columns)), *body]
    right = [is_numeric(row[i] for row in body) for i in range(len(table.columns))]
    widths = [max(len(row[i]) for row in cells) for i in range(len(table.columns))]
    return "\n".join(
        " " * indent + "  ".join(map(_placed, row, widths, right)).rstrip() for row in cells
    )


def _placed(cell: str, width: int, right: bool) -> str:  # noqa: FBT001 - mapped over columns
    return cell.rjust(width) if right else cell.ljust(width)
