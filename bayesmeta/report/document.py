"""A report as a value: sections of text, tables, figures, formulas and code, in no format yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from bayesmeta.plots.pages import Plot

__all__ = [
    "Block",
    "Code",
    "Document",
    "Figure",
    "Formulas",
    "Items",
    "Section",
    "Table",
    "Text",
]


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Parameters
    ----------
    text : str
        The text, as it is: nothing in it is markup.
    tone : {"plain", "warning"}
        Whether it warns.
    """

    text: str
    tone: Literal["plain", "warning"] = "plain"


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    entries: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """A table of text under a caption; its first column names the rows.

    Parameters
    ----------
    caption : str
        What the rows are, and in which unit.
    frame : DataFrame
        The cells, as text.
    sortable : bool
        Whether another order of the rows says anything.
    """

    caption: str
    frame: pd.DataFrame
    sortable: bool = True

    @property
    def columns(self) -> list[str]:
        """Headings of the columns."""
        return [str(name) for name in self.frame.columns]

    @property
    def rows(self) -> list[list[str]]:
        """The cells, row by row; empty where nothing is known."""
        return [
            ["" if pd.isna(cell) else str(cell) for cell in row]
            for row in self.frame.itertuples(index=False)
        ]


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure.

    Parameters
    ----------
    name : str
        Unique within the report; the name of a file where formats need one.
    plot : Plot
        The figure, and the numbers it shows.
    alt : str
        What it says, for those who don't see it.
    """

    name: str
    plot: Plot
    alt: str


@dataclass(frozen=True)
class Formulas:
    """Mathematics, one LaTeX formula a line."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Text to be used as it is: a command, or a file."""

    text: str


Block = Text | Items | Table | Figure | Formulas | Code


@dataclass(frozen=True)
class Section:
    """A part of a report; other parts refer to it by its title."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """The title as an identifier."""
        return "".join(c if c.isalnum() else "-" for c in self.title.lower())


@dataclass(frozen=True)
class Document:
    """A whole report.

    Parameters
    ----------
    title : str
        What it is about.
    warning : str
        Why it must not be used; empty if it may.
    sections : tuple of Section
        Its parts, in order.
    made : str
        What made it, and from what.
    """

    title: str
    warning: str
    sections: tuple[Section, ...]
    made: str

    @property
    def figures(self) -> Iterator[Figure]:
        """All figures, in order."""
        for section in self.sections:
            yield from (block for block in section.blocks if isinstance(block, Figure))
