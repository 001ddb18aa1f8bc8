"""Conditions on the columns of a table, written as text and read without evaluating it.

A condition is made of comparisons joined by ``and``, ``or``, ``not`` and parentheses:
``source == '001' and n >= 20``, ``design in ['phase1', 'phase2']``. Columns whose name is no plain
word stand in backquotes, as in formulas: ```median age` > 60``.

A missing value satisfies no comparison and no negation of one: ``not age in [61, 70]`` and
``age not in [61, 70]`` are the same condition, and leave out rows whose age is not known. They are
kept only where asked for: ``age is missing``, ``age is not missing``. In columns of names, such as
`arm` and `part_of`, a blank is a value, ``''``, and ``is missing`` finds it, too.
"""

import ast
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.arrays import Flags
from bayesmeta.errors import EvidenceError, nearest

LONGEST = 2000
"""Characters of the longest condition that is read."""


_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, group: value in group,
    ast.NotIn: lambda value, group: value not in group,
}
_FORM = (
    "Write comparisons of columns, such as \"source == '001' and n >= 20\"; columns whose names are not plain words "
    "stand in backquotes."
)

_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
_COLUMN = re.compile(rf"{_TEXT.pattern}|`([^`]+)`")
_SLIPS = (
    (re.compile(r"(?<![=<>!:])=(?!=)"), "Write `==` where two are to be equal. "),
    (re.compile("&"), "Write `and` instead of `&`. "),
    (re.compile(r"\|"), "Write `or` instead of `|`. "),
)
"""Signs outside of text that mean something in other languages, and what to write instead."""


@dataclass(frozen=True, eq=False)
class _Truth:
    """Rows for which something holds, and rows for which it does not; of others it is not known."""

    yes: Flags
    no: Flags


@dataclass(frozen=True, eq=False)
class _Condition:
    """A condition with the columns that stand in it in backquotes, by the words put in their place."""

    text: str
    quoted: dict[str, str]

    def column(self, word: str) -> str:
        """Return the column that a word stands for."""
        return self.quoted.get(word, word)

    def shown(self, node: ast.expr) -> str:
        """Return part of the condition as it was written."""
        text = ast.unparse(node)
        for word, column in self.quoted.items():
            text = text.replace(word, f"`{column}`")
        return repr(text)


def matches(condition: str, frame: pd.DataFrame) -> Flags:
    """Return which rows of `frame` meet `condition`."""
    if len(condition) > LONGEST:
        raise EvidenceError(
            f"`where` must have at most {LONGEST} characters; got {len(condition)}."
        )
    plain, quoted = _without_backquotes(condition.strip())
    try:
        tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = error.offset if isinstance(error, SyntaxError) and not quoted else None
        place = "" if where is None else f" at character {where}"
        raise EvidenceError(
            f"`where` cannot be read{place}: {condition!r}. {_advice(condition)}{_FORM}"
        ) from error
    return _truth(tree, frame, _Condition(condition, quoted)).yes


def _without_backquotes(condition: str) -> tuple[str, dict[str, str]]:
    """Return the condition with a word in place of each name in backquotes, and the names by word."""
    free = "c_"
    while free in condition:
        free += "_"
    words: dict[str, str] = {}

    def word_of(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        return words.setdefault(found[1], f"{free}{len(words)}")

    plain = _COLUMN.sub(word_of, condition)
    return plain, {word: column for column, word in words.items()}


def _truth(node: ast.expr, frame: pd.DataFrame, condition: _Condition) -> _Truth:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            found = [_truth(part, frame, condition) for part in parts]
            return _Truth(_all([one.yes for one in found]), _any([one.no for one in found]))
        case ast.BoolOp(op=ast.Or(), values=parts):
            found = [_truth(part, frame, condition) for part in parts]
            return _Truth(_any([one.yes for one in found]), _all([one.no for one in found]))
        case ast.UnaryOp(op=ast.Not(), operand=part):
            one = _truth(part, frame, condition)
            return _Truth(one.no, one.yes)
        case ast.Compare(
            left=ast.Name(id=word),
            ops=[(ast.Is() | ast.IsNot()) as op],
            comparators=[ast.Name(id="missing")],
        ):
            missing = _missing(_column(frame, condition.column(word)))
            yes = missing if isinstance(op, ast.Is) else ~missing
            return _Truth(yes, ~yes)
        case ast.Compare(left=ast.Name(id=word), ops=[op], comparators=[right]) if (
            type(op) in _COMPARISONS
        ):
            return _compare(frame, condition.column(word), type(op), _constant(right, condition))
        case _:
            raise EvidenceError(
                f"`where` does not allow {condition.shown(node)} in {condition.text!r}. "
                f"{_advice(condition.text)}{_FORM}"
            )


def _all(masks: Sequence[Flags]) -> Flags:
    return np.all(masks, axis=0)


def _any(masks: Sequence[Flags]) -> Flags:
    return np.any(masks, axis=0)


def _missing(column: "pd.Series[Any]") -> Flags:
    """Return where a column says nothing; columns of names are blank there."""
    return np.array((column.isna() | (column == "")).fillna(value=False), dtype=bool)


def _advice(condition: str) -> str:
    """Return what to write instead of signs that other languages use."""
    outside = _COLUMN.sub("", condition)
    return "".join(advice for sign, advice in _SLIPS if sign.search(outside))


def _constant(node: ast.expr, condition: _Condition) -> object:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        value = None
    items = value if isinstance(value, list | tuple | set) else [value]
    if not all(
        isinstance(item, str | int | float) and not isinstance(item, bool) for item in items
    ):
        raise EvidenceError(
            f"`where` compares with text in quotes or a number, not {condition.shown(node)}. {_FORM}"
        )
    return value


def _column(frame: pd.DataFrame, column: str) -> "pd.Series[Any]":
    if column not in frame.columns:
        raise EvidenceError(
            f"`where` names no column '{column}'. {nearest(column, map(str, frame.columns))}"
        )
    return frame[column]


def _compare(frame: pd.DataFrame, column: str, op: type[ast.cmpop], right: object) -> _Truth:
    values = _column(frame, column)
    grouped = isinstance(right, list | tuple | set)
    if grouped != (op in (ast.In, ast.NotIn)):
        raise EvidenceError(
            f"`where`: compare '{column}' with a list by `in`, with one value by ==; got {right!r}."
        )
    compare = _COMPARISONS[op]
    items = right if isinstance(right, list | tuple | set) else [right]
    numeric = pd.api.types.is_numeric_dtype(values)
    for item in items:
        if numeric == isinstance(item, str):
            kind = "numbers" if numeric else "text"
            raise EvidenceError(
                f"`where`: column '{column}' holds {kind}; got {item!r} to compare it with."
            )
    known = values.notna().to_numpy(dtype=bool)
    yes = np.array(
        [there and bool(compare(value, right)) for value, there in zip(values, known, strict=True)],
        dtype=bool,
    )
    return _Truth(yes, known & ~yes)
