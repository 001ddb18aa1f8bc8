"""Columns in backquotes: names that are no words of a formula, under plain ones.

A column such as ``max dose`` is written in backquotes. Its characters are turned into a plain name,
from which they can be had back, so that no parser sees them and nothing in them is evaluated.
"""

import keyword
import re
from binascii import unhexlify

from bayesmeta.errors import SpecError

_PREFIX = "quoted_"
_BACKQUOTED = re.compile(r"(?<!\w)`([^`]*)`(?!\w)")
_PLAIN = re.compile(rf"\b{_PREFIX}([0-9a-f]+)\b")


def plain_name(column: str) -> str:
    """Return the name under which a formula refers to a column; its own where that is a plain word."""
    if column.isidentifier() and not keyword.iskeyword(column):
        return column
    return f"{_PREFIX}{column.encode().hex()}"


def column_name(plain: str) -> str:
    """Return the column that a plain name refers to."""
    found = _PLAIN.fullmatch(plain)
    return unhexlify(found[1]).decode() if found else plain


def quoted(text: str) -> str:
    """Return a formula with plain names in place of those in backquotes."""
    return _BACKQUOTED.sub(_plain, text)


def unquoted(text: str) -> str:
    """Return a formula, or a part of it, as people write it."""
    return _PLAIN.sub(lambda found: f"`{column_name(found[0])}`", text)


def _plain(found: re.Match[str]) -> str:
    if not found[1].strip():
        raise SpecError("`formula` has backquotes without a name. Write a column in them.")
    return plain_name(found[1])
