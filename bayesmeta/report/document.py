"""A report as a value: sections of text, tables, figures, formulas and code, in no format yet."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import TYPE_CHECKING, Literal

import pandas as pd

from bayesmeta.layout import cell_rows, is_numeric
from bayesmeta.wording import Wording

if TYPE_CHECKING:
    from bayesmeta.plots import Plot

__all__ = [
    "Block",
    "Code",
    "Document",
    "Figure",
    "Formulas",
    "FrontMatter",
    "Items",
    "Section",
    "Table",
    "Text",
    "labelled",
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
    """A table of text under a numbered caption; its first column names the rows.

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
        return cell_rows(self.frame)

    @property
    def numeric(self) -> list[bool]:
        """Whether each column holds numbers, which are set to the right."""
        return [is_numeric(row[i] for row in self.rows) for i in range(len(self.columns))]


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure over a numbered caption.

    Parameters
    ----------
    name : str
        Unique within the report; the name of a file where formats need one.
    plot : Plot
        The figure, and the numbers it shows.
    alt : str
        What it says, for those who don't see it.
    caption : str
        What it shows.
    """

    name: str
    plot: "Plot"
    alt: str
    caption: str


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
    """A part of a report; other parts refer to it by its title.

    Parameters
    ----------
    title : str
        What it is about.
    blocks : tuple of Block
        Its contents, in order.
    appendix : bool
        Whether it stands in the appendix.
    """

    title: str
    blocks: tuple[Block, ...]
    appendix: bool = False

    @property
    def name(self) -> str:
        """The title as an identifier."""
        return "".join(c if c.isalnum() else "-" for c in self.title.lower())


@dataclass(frozen=True)
class FrontMatter:
    """What only the author of a report can say; empty where nothing was said.

    Parameters
    ----------
    title : str
        Title in place of the report's own.
    author, protocol, date : str
        Who made it, the protocol that it follows, and its date, as they are to be printed.
    """

    title: str = ""
    author: str = ""
    protocol: str = ""
    date: str = ""


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
    verdict : str
        That the diagnostics passed, in one line; `warning` stands in its place where they did not.
    front : FrontMatter
        Its title, author, protocol and date, as far as they were given.
    """

    title: str
    warning: str
    sections: tuple[Section, ...]
    made: str
    verdict: str = ""
    front: FrontMatter = FrontMatter()

    @property
    def heading(self) -> str:
        """The title that is printed."""
        return self.front.title or self.title

    @property
    def facts(self) -> Mapping[str, str]:
        """What is printed below the title, by name; nothing that was not given."""
        found = {
            "Analysis": self.title if self.front.title else "",
            "Author": self.front.author,
            "Protocol": self.front.protocol,
            "Date": self.front.date,
        }
        return {name: text for name, text in found.items() if text}

    @property
    def headings(self) -> tuple[str, ...]:
        """Headings of the sections, in order; those of the appendix are lettered."""
        letters = iter(ascii_uppercase)
        return tuple(
            f"Appendix {next(letters)}: {one.title}" if one.appendix else one.title
            for one in self.sections
        )

    @property
    def labels(self) -> Mapping[Block, str]:
        """The number of each table and figure, such as ``"Table 1"``, in order."""
        counts: Counter[str] = Counter()
        found: dict[Block, str] = {}
        for block in (block for section in self.sections for block in section.blocks):
            if isinstance(block, Table | Figure):
                kind = type(block).__name__
                counts[kind] += 1
                found[block] = f"{kind} {counts[kind]}"
        return found

    @property
    def figures(self) -> Iterator[Figure]:
        """All figures, in order."""
        for section in self.sections:
            yield from (block for block in section.blocks if isinstance(block, Figure))


def labelled(document: Document, words: Wording) -> Document:
    """Return a report with labels in place of ``column[level]`` and ``column=level`` but in code."""
    if not words.labels.names:
        return document
    sections = (
        replace(one, blocks=tuple(_labelled(block, words) for block in one.blocks))
        for one in document.sections
    )
    return replace(document, sections=tuple(sections))


def _labelled(block: Block, words: Wording) -> Block:
    match block:
        case Text(text, tone):
            return Text(words.text(text), tone)
        case Items(entries):
            return Items(tuple(map(words.text, entries)))
        case Table():
            frame = block.frame.astype(object).map(
                lambda cell: words.parameter(cell) if isinstance(cell, str) else cell
            )
            return replace(block, caption=words.text(block.caption), frame=frame)
        case Figure():
            return replace(block, alt=words.text(block.alt))
        case _:
            return block
