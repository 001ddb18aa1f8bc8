"""A report as a value: sections of text, tables, figures, formulas and code, in no format yet."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from string import ascii_uppercase
from typing import TYPE_CHECKING, Literal

import pandas as pd

from bayesmeta.layout import cell_rows, is_numeric, table_text
from bayesmeta.wording import Wording

if TYPE_CHECKING:
    from bayesmeta.plots import Plot


@dataclass(frozen=True)
class Text:
    """A paragraph, in which nothing is markup; `tone` says whether it warns."""

    text: str
    tone: Literal["plain", "warning"] = "plain"


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    entries: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """A table of text under a numbered caption; its first column names the rows.

    `sortable`: whether another order of the rows says anything.
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

    `name` is unique within the report; `alt` is what the figure says, for those who do not see it.
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
    """A part of a report, or of its appendix; other parts refer to it by its title."""

    title: str
    blocks: tuple[Block, ...]
    appendix: bool = False

    @property
    def name(self) -> str:
        """The title as an identifier."""
        return "".join(c if c.isalnum() else "-" for c in self.title.lower())


@dataclass(frozen=True)
class FrontMatter:
    """What only the author of a report can say, as it is to be printed; empty where nothing was said."""

    title: str = ""
    author: str = ""
    protocol: str = ""
    date: str = ""


@dataclass(frozen=True, eq=False)
class Titled:
    """What is printed under a title: its own, unless the author gives another."""

    title: str
    front: FrontMatter = field(default=FrontMatter(), kw_only=True)

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


@dataclass(frozen=True)
class Document(Titled):
    """A whole report.

    `warning`: why it must not be used, or empty; `verdict`, in its place: that the diagnostics passed;
    `made`: what made it, and from what.
    """

    warning: str
    sections: tuple[Section, ...]
    made: str
    verdict: str = ""

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


def lines_of(blocks: Iterable[str | Block]) -> list[str]:
    """Return tables under their captions, and sentences below them, as lines for a terminal."""
    return [line for block in blocks for line in _lines(block)]


def _lines(block: str | Block) -> list[str]:
    match block:
        case str():
            return [block]
        case Table(caption, frame):
            return [caption, *table_text(frame, indent=2).splitlines()]
        case Items(entries):
            return [f"  {entry}" for entry in entries]
        case Text(text) | Code(text):
            return text.split("\n")
        case Formulas(lines):
            return list(lines)
        case Figure():
            return []


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
