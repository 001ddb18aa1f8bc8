"""How a table writes what it says, and what a cell states: a count, a number, or neither.

A column other than names and counts holds numbers if more than half of its known values are
numbers, or numbers written in another way: with a decimal comma, a percent sign, separated
thousands, or their spread. Every known value must then be a number. Otherwise it holds text.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any
from unicodedata import category, normalize

import numpy as np
import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, listed, nearest
from bayesmeta.evidence.columns import MEANINGFUL, MISSING_TEXT, MISSING_WORDS, PRINTED
from bayesmeta.evidence.findings import Finding, broken, quoted, where

LARGEST_COUNT = 10**9
_WHOLE = re.compile(r"\d+(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_POINT = re.compile(r"[+-]?\d*\.\d+", re.ASCII)
_OTHERWISE = re.compile(
    r"[+-]?\d+,\d+"  # 61,0
    r"|[+-]?\d+([.,]\d+)?\s*%"  # 35 %
    r"|\d{1,3}([\s,]\d{3})+"  # 1 200 and 1,200,000
    r"|\d+([.,]\d+)?\s*(±|\+/-|\(|\[)[\d\s.,;\u2013-]*[\])]?",  # 62 (45-80)
    re.ASCII,
)

_KINDS = (int, float, np.integer, np.floating, Decimal, Fraction)


@dataclass(frozen=True)
class Notation:
    """How a table writes what it says; see `read_evidence`, whose arguments these are."""

    columns: Mapping[str, str] = field(default_factory=dict)
    missing: Sequence[str] | None = None
    text: Sequence[str] = ()
    decimal: str | None = None
    meaningful: Collection[str] = MEANINGFUL
    """Columns that are not covariates."""
    rate: str | None = None
    """Column of percentages from which counts are derived."""

    def __post_init__(self) -> None:
        if not isinstance(self.columns, Mapping):
            raise SettingsError(
                f"`columns` must map names such as 'events' to columns of the table; got {self.columns!r}. "
                "Write {'events': 'xi'}."
            )
        object.__setattr__(self, "columns", dict(map(self._renaming, self.columns.items())))
        if self.rate is not None and not isinstance(self.rate, str):
            raise SettingsError(f"`rate` must name a column; got {self.rate!r}.")
        for argument, words in (("missing", self.missing), ("text", self.text)):
            _check_words(argument, words)
        if self.decimal not in (None, ".", ","):
            raise SettingsError(f"`decimal` must be '.' or ','; got {self.decimal!r}.")

    def _renaming(self, pair: tuple[str, str]) -> tuple[str, str]:
        """Return a name that means something, and the column that has it, written in either order."""
        wanted, own = pair
        if wanted in self.meaningful:
            return wanted, own
        if own in self.meaningful:
            return own, wanted
        raise SettingsError(
            f"`columns` maps to '{wanted}', which has no meaning. {nearest(str(wanted), self.meaningful)}"
        )

    @property
    def given(self) -> dict[str, Any]:
        """The arguments that say something else than by default, as plain values."""
        missing = None if self.missing is None else list(self.missing)
        every = {
            "columns": dict(self.columns) or None,
            "missing": missing,
            "text": list(self.text) or None,
            "decimal": self.decimal,
            "rate": self.rate,
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

    def with_decimal(self, decimal: str | None) -> "Notation":
        """Return the notation with this decimal mark, where none was asked for."""
        return (
            self if self.decimal is not None or decimal is None else replace(self, decimal=decimal)
        )

    def named(self, cells: pd.DataFrame, name: str) -> pd.DataFrame:
        """Return the cells with columns named as bayesmeta names them."""
        there = list(map(str, cells.columns))
        for wanted, own in self.columns.items():
            if own not in there:
                raise EvidenceError(
                    f"{name}: `columns` names '{own}', which is not a column. {nearest(own, there)}"
                )
            if wanted in there and wanted != own:
                raise EvidenceError(
                    f"{name} has a column '{wanted}' besides '{own}', which `columns` maps to it. Leave one out."
                )
        found = cells.rename(columns={own: wanted for wanted, own in self.columns.items()})
        for column in self.text:
            if column not in found.columns or column in self.meaningful:
                raise EvidenceError(
                    f"{name}: `text` names '{column}', which is not a covariate. "
                    f"{nearest(column, [one for one in map(str, found.columns) if one not in self.meaningful])}"
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


def blank_column(frame: pd.DataFrame) -> "pd.Series":
    """Return a column of cells that hold nothing."""
    return pd.Series([None] * len(frame), index=frame.index, dtype=object)


def count_of(value: object, notation: Notation) -> int | None:
    """Return the count that `value` states, or None if it states none."""
    if isinstance(value, str):
        # Where decimals have commas, 1.000 are a thousand.
        plain = notation.decimal != "," or value.isdecimal()
        number = float(value) if plain and _WHOLE.fullmatch(value) else None
    else:
        number = as_float(value)
    if number is None or not number.is_integer() or not 0 <= number <= LARGEST_COUNT:
        return None
    return int(number)


def column_of(
    column: "pd.Series", notation: Notation
) -> tuple["pd.Series", list[Finding], list[Finding]]:
    """Return a covariate as numbers or text, values that are not numbers, and words taken as missing."""
    if column.name in notation.text:
        return _as_text(column), [], []
    known = [None if notation.is_missing(value) else value for value in column]
    numbers = [None if value is None else number_of(value, notation) for value in known]
    meant = [
        number is not None or (isinstance(value, str) and _OTHERWISE.fullmatch(value) is not None)
        for value, number in zip(known, numbers, strict=True)
    ]
    cells = pd.Series(known, index=column.index, dtype=object, name=column.name)
    printed = column.name in PRINTED and column.name in notation.meaningful
    if 2 * sum(meant) <= cells.notna().sum() and not printed:
        return _as_text(cells), [], [] if notation.missing is not None else _taken(column, cells)
    found = pd.Series(numbers, index=column.index, dtype="float64")
    return found, _not_numbers(cells[cells.notna() & found.isna()], printed=printed), []


def _as_text(cells: "pd.Series") -> "pd.Series":
    values = [None if value is None else str(value) for value in cells]
    return pd.Series(values, index=cells.index, dtype="str")


def _taken(column: "pd.Series", known: "pd.Series") -> list[Finding]:
    words = column[column.notna() & known.isna()]
    if words.empty or known.isna().all():
        return []
    each = listed(f"{quoted(value)} in {place}" for place, value in words.items())
    text = f"column '{column.name}' holds text, of which {each} is taken as missing"
    remedy = "If it is a level, list the column in `text`."
    return [Finding("missing", tuple(map(str, words.index)), text, remedy)]


def read_otherwise(frame: pd.DataFrame) -> list[str]:
    """Return the covariates of text that would be read otherwise unless they are listed as text."""
    texts = (frame[name] for name in frame.columns if name not in MEANINGFUL)
    return [
        str(column.name)
        for column in texts
        if pd.api.types.is_string_dtype(column)
        and not column_of(column.astype(object).where(column.notna(), None), Notation())[0].equals(
            column
        )
    ]


def has_decimal_commas(cells: pd.DataFrame) -> bool:
    """Return whether numbers of a file have decimal commas, and none has a decimal point."""
    texts = [
        value
        for name in cells.columns
        if name not in MEANINGFUL or name in PRINTED
        for value in cells[name]
        if value is not None
    ]
    return any(map(_COMMA.fullmatch, texts)) and not any(map(_POINT.fullmatch, texts))


def _not_numbers(cells: "pd.Series", *, printed: bool) -> list[Finding]:
    commas = any(isinstance(value, str) and _COMMA.fullmatch(value) for value in cells)
    remedy = (
        "Write decimal points, or read the table with `decimal` ','. If"
        if commas
        else "Correct the value. If it is not known, leave it blank or list it in `missing`; if"
    )
    names = f"{remedy} the column holds names, list it in `text`."
    return broken(
        "number",
        f"column '{cells.name}' is numeric, so that each known value must be a number",
        where(cells, lambda _: True),
        "Write percentages without their sign; leave blank what is not known."
        if printed
        else names,
    )


def number_of(value: object, notation: Notation) -> float | None:
    """Return the finite number that a cell of a covariate states, or None."""
    if not isinstance(value, str):
        return as_float(value)
    if notation.decimal == ",":
        value = None if "." in value else value.replace(",", ".")
    # '001' is a label: a number keeps no leading zeros.
    number = float(value) if value is not None and _NUMBER.fullmatch(value) else None
    return number if number is None or math.isfinite(number) else None


def as_float(value: object) -> float | None:
    """Return a finite number of any kind as a float; None if it is none."""
    if not isinstance(value, _KINDS) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None
