"""The rows of a dossier: each item of a guideline with what answers it, or who must say it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import pandas as pd

from bayesmeta.report.dossier.answering import HASH_SHOWN, Answer, Found, NotApplicable, Number
from bayesmeta.report.dossier.guidelines import Guideline

State = Literal["answered", "not applicable", "to be said"]


@dataclass(frozen=True)
class Row:
    """One answer to one item; `sha256` is of `file`, both empty where there is no answer."""

    guideline: str
    item: str
    topic: str
    asked: str
    state: State
    source: str
    answer: str
    numbers: tuple[Number, ...] = ()
    file: str = ""
    sha256: str = ""

    @property
    def name(self) -> str:
        """The item as people read it: a number with its topic, or words."""
        if self.item[0].isdigit():
            return f"{self.item} {self.topic}"
        return f"{self.item[0].upper()}{self.item[1:].replace('-', ' ')}"

    def json(self) -> dict[str, Any]:
        """Return it for machines."""
        numbers = [
            {"label": one.label, "value": one.value, "column": one.column, "row": dict(one.row)}
            for one in self.numbers
        ]
        return {**vars(self), "numbers": numbers}


def rows_of(
    found: Guideline, answer: Callable[[str], Found], hashes: Mapping[str, str]
) -> Iterator[Row]:
    """Yield the rows of a guideline, answered by `answer` from files with these hashes."""
    for item in found.items:
        row = partial(Row, found.id, item.id, item.topic, item.asked)
        for source in item.answers:
            one = answer(source)
            if isinstance(one, Answer):
                yield row("answered", source, one.text, one.numbers, one.file, hashes[one.file])
            elif isinstance(one, NotApplicable):
                yield row("not applicable", source, one.reason)
        if item.to_be_said:
            yield row("to be said", found.speaker, item.to_be_said)


def state_words(state: State, speaker: str) -> str:
    """Return a state as people read it."""
    return f"the {speaker} must say" if state == "to be said" else state


def table_of(rows: Iterable[Row], speaker: str) -> pd.DataFrame:
    """Return rows as a table for people, an item named and its question asked once."""
    cells, last = [], ""
    for row in rows:
        new, last = row.item != last, row.item
        said = (
            row.answer
            if row.state == "answered"
            else f"{state_words(row.state, speaker)}: {row.answer}"
        )
        cells.append(
            {
                "item": row.name if new else "",
                "asked": row.asked if new else "",
                "answer": f"{said[0].upper()}{said[1:]}",
                "file": row.file,
                "SHA-256": row.sha256[:HASH_SHOWN],
            }
        )
    return pd.DataFrame(cells)
