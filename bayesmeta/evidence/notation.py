"""How a table writes what it says: names of columns, missing values, decimals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from unicodedata import category, normalize

import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, nearest
from bayesmeta.evidence.columns import MEANINGFUL, MISSING_TEXT, MISSING_WORDS

__all__ = ["Notation"]


@dataclass(frozen=True)
class Notation:
    """How a table writes what it says; see `read_evidence`, whose arguments these are."""

    columns: Mapping[str, str] = field(default_factory=dict)
    missing: Sequence[str] | None = None
    text: Sequence[str] = ()
    decimal: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.columns, Mapping):
            raise SettingsError(
                f"`columns` must map names such as 'events' to columns of the table; got {self.columns!r}. "
                "Write {'events': 'xi'}."
            )
        for wanted in self.columns:
            if wanted not in MEANINGFUL:
                raise SettingsError(
                    f"`columns` maps to '{wanted}', which has no meaning. {nearest(str(wanted), MEANINGFUL)}"
                )
        for argument, words in (("missing", self.missing), ("text", self.text)):
            _check_words(argument, words)
        if self.decimal not in (None, ".", ","):
            raise SettingsError(f"`decimal` must be '.' or ','; got {self.decimal!r}.")

    @property
    def given(self) -> dict[str, Any]:
        """The arguments that say something else than by default, as plain values."""
        missing = None if self.missing is None else list(self.missing)
        every = {
            "columns": dict(self.columns) or None,
            "missing": missing,
            "text": list(self.text) or None,
            "decimal": self.decimal,
        }
        return {name: value for name, value in every.items() if value is not None}

    @cached_property
    def _words(self) -> frozenset[str]:
        words = MISSING_WORDS if self.missing is None else self.missing
        return frozenset(map(_plain, (*MISSING_TEXT, *words)))

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._words))

    def is_missing(self, value: object) -> bool:
        """Return whether a cell of a count or a covariate says that its value is not known."""
        if not isinstance(value, str):
            return value is None
        return len(value) <= self._longest and _plain(value) in self._words

    def with_decimal(self, decimal: str) -> "Notation":
        """Return the notation with this decimal mark, where none was asked for."""
        return self if self.decimal is not None else replace(self, decimal=decimal)

    def named(self, cells: pd.DataFrame, name: str) -> pd.DataFrame:
        """Return the cells with columns named as bayesmeta names them.

        Raises
        ------
        EvidenceError
            If the table has no such column, or has the name already.
        SettingsError
            If `text` names no covariate of the table.
        """
        there = list(map(str, cells.columns))
        for wanted, own in self.columns.items():
            if own not in there:
                raise EvidenceError(
                    f"{name}: `columns` names '{own}', which is no column. {nearest(own, there)}"
                )
            if wanted in there and wanted != own:
                raise EvidenceError(
                    f"{name} has a column '{wanted}' besides '{own}', which `columns` maps to it. Leave one out."
                )
        found = cells.rename(columns={own: wanted for wanted, own in self.columns.items()})
        for column in self.text:
            if column not in found.columns or column in MEANINGFUL:
                raise EvidenceError(
                    f"{name}: `text` names '{column}', which is no covariate. "
                    f"{nearest(column, [one for one in map(str, found.columns) if one not in MEANINGFUL])}"
                )
        return found


def _check_words(argument: str, words: Any) -> None:
    several = isinstance(words, Sequence | set | frozenset) and not isinstance(words, str)
    if words is not None and not (several and all(isinstance(word, str) for word in words)):
        raise SettingsError(
            f"`{argument}` must list words; got {words!r}. Write {_example(words)}."
        )


def _example(words: Any) -> str:
    return repr([words]) if isinstance(words, str) else "['NR']"


def _plain(word: str) -> str:
    """Return a word without its case and its kind of dash."""
    form = normalize("NFKC", word).strip().casefold()
    return "".join(
        "-" if category(letter) == "Pd" or letter == "\u2212" else letter for letter in form
    )
