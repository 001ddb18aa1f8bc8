"""Terms ``within(x)`` and ``between(x)``: how arms differ from their study's mean, and that mean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bayesmeta.errors import SpecError
from bayesmeta.model.quoting import column_name, unquoted

WHOLE: Final = ""
"""The part of a column that is the column itself."""
WITHIN: Final = "within"
BETWEEN: Final = "between"

_CALL = re.compile(r"\b(?:within|between)\s*\(")
_PART = re.compile(r"(within|between)\s*\(\s*(?:(\w+)|C\s*\(\s*(\w+)\s*\))\s*\)")
_ALONE = re.compile(r"(?:within|between)\((\w+)\)")
_PAIR = 2

Terms = list[list[str]]
"""The expressions of the factors of each term."""


@dataclass(frozen=True)
class SplitColumn:
    """A column of which a formula has parts: two of itself, ``within`` and ``between``."""

    column: str
    parts: tuple[str, ...]
    """In the order of the formula."""


def part_label(part: str, column: str, label: str) -> str:
    """Return the label of a part of a column from the column's own, such as ``"regimen[b]"``."""
    return f"{part}({column}){label.removeprefix(column)}" if part else label


def is_plain(term: str) -> bool:
    """Return whether a term is one column or a part of one, as it is."""
    return term.isidentifier() or bool(_ALONE.fullmatch(term))


def split_terms(terms: Terms, text: str) -> tuple[Terms, tuple[SplitColumn, ...]]:
    """Return the terms with columns in place of their parts, and the columns that have parts."""
    parts: dict[str, dict[str, None]] = {}
    found: dict[tuple[str, ...], None] = {}
    for term in terms:
        part, own = _part_of(term, text)
        found[tuple(own)] = None
        if len(own) == 1:
            parts.setdefault(own[0], {})[part] = None
    split = {base: tuple(own) for base, own in parts.items() if set(own) != {WHOLE}}
    for base, pair in split.items():
        if len(pair) != _PAIR:
            raise _not_two(base, pair, text)
    names = {base: base.removeprefix("C(").removesuffix(")") for base in split}
    columns = [SplitColumn(column_name(names[base]), pair) for base, pair in split.items()]
    return [list(term) for term in found], tuple(columns)


def _part_of(term: Sequence[str], text: str) -> tuple[str, list[str]]:
    """Return the part that a term is, and the column in its place."""
    if not any(_CALL.search(factor) for factor in term):
        return WHOLE, list(term)
    found = _PART.fullmatch(term[0].strip())
    if len(term) > 1 or found is None:
        raise SpecError(
            "`formula` may hold within() and between() only of one column each, in terms that + joins; got "
            f"'{unquoted(text)}'. Write such as within(x) + between(x)."
        )
    part, column, levels = found.groups()
    return part, [column or f"C({levels})"]


def _not_two(base: str, parts: Sequence[str], text: str) -> SpecError:
    shown = unquoted(base)
    each = f"{shown}, within({shown}) and between({shown})"
    reason = (
        "each of which follows from the other two. Leave one out."
        if len(parts) > _PAIR
        else "two of which give a column an effect within studies and one between them. Add another, or write "
        f"{shown} alone."
    )
    return SpecError(f"`formula` must have none or two of {each}, {reason} Got '{unquoted(text)}'.")
