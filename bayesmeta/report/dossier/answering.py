"""Answers to what a guideline asks: a sentence, its numbers, and where they stand in which table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayesmeta.report.machine import plain_value

HASH_SHOWN = 12
"""Digits of a hash in sentences and tables for people; files and their list have all."""


@dataclass(frozen=True)
class Number:
    """A number, or text, in a table: in `column` of the row where columns have the values of `row`."""

    label: str
    value: Any
    column: str
    row: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What answers an item: a sentence, the file that it is from, and numbers in it."""

    text: str
    file: str
    numbers: tuple[Number, ...] = ()


@dataclass(frozen=True)
class NotApplicable:
    """Why an item has no answer."""

    reason: str


@dataclass(frozen=True)
class NotGiven:
    """That an item was not answered because nothing was given that could: people must say it."""


Found = Answer | NotApplicable | NotGiven


@dataclass(frozen=True, eq=False)
class Tables:
    """Tables by name, each written to a file; all numbers of answers are read from them."""

    frames: Mapping[str, pd.DataFrame]

    def number(self, label: str, table: str, column: str, /, **row: Any) -> Number:
        """Return the number in the one row where columns have these values."""
        frame = self.frames[table]
        for name, value in row.items():
            frame = frame[frame[name] == value]
        # A rate may be asked for twice, which makes two rows alike.
        [value] = frame[column].drop_duplicates()
        return Number(
            label, plain_value(value), column, {k: plain_value(v) for k, v in row.items()}
        )

    def quantities(self, table: str, *names: str) -> tuple[Number, ...]:
        """Return values of a table of `pairs`; all of them where none is named."""
        frame = self.frames[table]
        wanted = names or tuple(frame["quantity"])
        return tuple(self.number(name, table, "value", quantity=name) for name in wanted)

    def answer(self, text: str, table: str, *numbers: Number) -> Answer:
        """Return an answer with numbers of one table."""
        return Answer(text, f"{table}.csv", numbers)


def pairs(found: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table with columns `quantity` and `value`."""
    return pd.DataFrame(
        {"quantity": list(found), "value": pd.Series(list(found.values()), dtype=object)}
    )
