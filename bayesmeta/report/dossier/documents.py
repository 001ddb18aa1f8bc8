"""A dossier as a report: what is answered, what must be said, figures, and the files with hashes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.report.document import (
    Block,
    Document,
    Figure,
    Items,
    Section,
    Table,
    Text,
    Titled,
)
from bayesmeta.report.dossier.guidelines import Guideline
from bayesmeta.report.dossier.rows import Row, state_words, table_of
from bayesmeta.wording import PLAIN, Wording

HOW = (
    "Each row is one answer to one item of a guideline: what is asked, in our own words; the answer; the file in this folder that "
    "it is from; and the first digits of that file's SHA-256. The last section lists the files with all digits, and the JSON file "
    "beside this one has for each number its row and column."
)


@dataclass(frozen=True, eq=False)
class Content(Titled):
    """What a dossier holds before it has a form: its title, rows by guideline, figures and hashes."""

    warning: str
    guidelines: Sequence[Guideline]
    rows: Sequence[Row]
    hashes: Mapping[str, str]
    made: str
    figures: Sequence[Figure] = ()
    words: Wording = PLAIN

    @property
    def speaker(self) -> str:
        """Who must say what no program can."""
        return self.guidelines[0].speaker

    def of(self, guideline: Guideline) -> list[Row]:
        """Return the rows of a guideline."""
        return [row for row in self.rows if row.guideline == guideline.id]


def dossier_document(content: Content) -> Document:
    """Return the dossier as a report."""
    return Document(
        title=content.title,
        warning=content.warning,
        sections=tuple(_sections(content)),
        made=content.made,
        front=content.front,
    )


def _sections(content: Content) -> Iterator[Section]:
    yield Section("Summary", (Text(HOW), Items(tuple(_counts(content)))))
    for one in content.guidelines:
        yield Section(one.id, tuple(_guideline(content, one)))
    said = tuple(lines_to_say(content.rows))
    yield Section(f"What the {content.speaker} must say", (Items(said),))
    if content.figures:
        yield Section("Figures", tuple(content.figures))
    files = pd.DataFrame({"file": list(content.hashes), "SHA-256": list(content.hashes.values())})
    other = Text("manifest.json holds the hashes of all files, of this one too.")
    yield Section(
        "Files", (Table("Files that answers refer to, and figures", files), other), appendix=True
    )


def _counts(content: Content) -> Iterator[str]:
    for one in content.guidelines:
        told = ", ".join(
            f"{sum(row.state == state for row in content.of(one))} {state_words(state, one.speaker)}"
            for state in ("answered", "not applicable", "to be said")
        )
        yield f"{one.id}: {counted(len(one.items), 'entry', 'entries')}; answers: {told}."


def _guideline(content: Content, one: Guideline) -> Iterator[Block]:
    yield Text(one.about)
    yield Table(f"{one.id}: {one.title}", table_of(content.of(one), one.speaker), sortable=False)


def lines_to_say(rows: Iterable[Row]) -> list[str]:
    """Return what must still be said, item by item."""
    left = [row for row in rows if row.state == "to be said"]
    several = len({row.guideline for row in left}) > 1
    return [f"{f'{row.guideline}, ' * several}{row.name}: {row.answer}" for row in left]
