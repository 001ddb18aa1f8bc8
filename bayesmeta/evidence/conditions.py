"""Conditions on the columns of a table, written as text and read without evaluating it.

A condition is made of comparisons joined by ``and``, ``or``, ``not`` and parentheses:
``source == '001' and n >= 20``, ``design in ['phase1', 'phase2']``. A comparison with a missing
value is false.
"""

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.errors import EvidenceError, nearest

__all__ = ["Mask", "matches"]

LONGEST = 2000
"""Characters of the longest condition that is read."""

Mask = npt.NDArray[np.bool_]

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
_FORM = "Write comparisons of columns, such as \"source == '001' and n >= 20\"."

_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
_SLIPS = (
    (re.compile(r"(?<![=<>!:])=(?!=)"), "Write `==` where two are to be equal. "),
    (re.compile("&"), "Write `and` instead of `&`. "),
    (re.compile(r"\|"), "Write `or` instead of `|`. "),
)
"""Signs outside of text that mean something in other languages, and what to write instead."""


def matches(condition: str, frame: pd.DataFrame) -> Mask:
    """Return which rows of `frame` meet `condition`.

    Raises
    ------
    EvidenceError
        If the condition is not in the grammar above, names no column, or compares text with
        numbers.
    """
    if len(condition) > LONGEST:
        raise EvidenceError(
            f"`where` must have at most {LONGEST} characters; got {len(condition)}."
        )
    try:
        tree = ast.parse(condition.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = f" at character {error.offset}" if isinstance(error, SyntaxError) else ""
        raise EvidenceError(
            f"`where` can't be read{place}: {condition!r}. {_advice(condition)}{_FORM}"
        ) from error
    return _mask(tree, frame, condition)


def _mask(node: ast.expr, frame: pd.DataFrame, condition: str) -> Mask:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            return np.all([_mask(part, frame, condition) for part in parts], axis=0)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return np.any([_mask(part, frame, condition) for part in parts], axis=0)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return ~_mask(part, frame, condition)
        case ast.Compare(left=ast.Name(id=column), ops=[op], comparators=[right]) if (
            type(op) in _COMPARISONS
        ):
            return _compare(frame, column, type(op), _constant(right, condition))
        case _:
            raise EvidenceError(
                f"`where` does not allow {ast.unparse(node)!r} in {condition!r}. {_advice(condition)}{_FORM}"
            )


def _advice(condition: str) -> str:
    """Return what to write instead of signs that other languages use."""
    outside = _TEXT.sub("", condition)
    return "".join(advice for sign, advice in _SLIPS if sign.search(outside))


def _constant(node: ast.expr, condition: str) -> object:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        value = None
    items = value if isinstance(value, list | tuple | set) else [value]
    if not all(
        isinstance(item, str | int | float) and not isinstance(item, bool) for item in items
    ):
        raise EvidenceError(
            f"`where` compares with text in quotes or a number, not {ast.unparse(node)!r}. {_FORM}"
        )
    return value


def _compare(frame: pd.DataFrame, column: str, op: type[ast.cmpop], right: object) -> Mask:
    if column not in frame.columns:
        raise EvidenceError(
            f"`where` names no column '{column}'. {nearest(column, map(str, frame.columns))}"
        )
    grouped = isinstance(right, list | tuple | set)
    if grouped != (op in (ast.In, ast.NotIn)):
        raise EvidenceError(
            f"`where`: compare '{column}' with a list by `in`, with one value by ==; got {right!r}."
        )
    compare = _COMPARISONS[op]
    values = frame[column]
    items = right if isinstance(right, list | tuple | set) else [right]
    numeric = pd.api.types.is_numeric_dtype(values)
    for item in items:
        if numeric == isinstance(item, str):
            kind = "numbers" if numeric else "text"
            raise EvidenceError(
                f"`where`: column '{column}' holds {kind}; got {item!r} to compare it with."
            )
    return np.array(
        [bool(pd.notna(value) and compare(value, right)) for value in values], dtype=bool
    )
