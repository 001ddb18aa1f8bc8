"""Spellings of one name: which are alike, in what they differ, and how a reader can see it."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

__all__ = ["alike", "differences", "folded", "shown"]

_FORM = "Unicode form"

_SIGNS = str.maketrans({"\u2264": "<=", "\u2265": ">="})
"""Signs that stand for what keyboards have; to Unicode they are other symbols."""

_MINUS = "\u2212"
"""A symbol to Unicode, and a dash to whoever types it."""


def folded(text: str) -> str:
    """Return what spellings of one name share.

    Case, accents, blanks, dashes, punctuation, invisible characters and Unicode form are left out.
    Signs such as ``+`` and ``<`` stay, since they mean something, and so does a gap between digits:
    ``1.5`` is not ``15``.
    """
    return _without(text, _ASPECTS)


def alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the groups of different spellings that are alike when folded, in order of appearance."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(folded(name), []).append(name)
    return [tuple(group) for key, group in groups.items() if key and len(group) > 1]


def differences(spellings: Iterable[str]) -> list[str]:
    """Return in what spellings that are alike differ, such as ``["case", "blanks"]``."""
    names = list(spellings)
    found = []
    for aspect in _ASPECTS:
        others = {name: leave_out for name, leave_out in _ASPECTS.items() if name != aspect}
        if len({_without(name, others) for name in names}) > 1:
            found.append(aspect)
    # A ligature is another form of its letters, and another case of them, too.
    return found or [_FORM]


def shown(text: str) -> str:
    """Return text in quotes, with what cannot be seen written as its code."""
    seen = (
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )
    return f"'{''.join(seen)}'"


def _without(text: str, aspects: "Mapping[str, Callable[[str], str]]") -> str:
    for leave_out in aspects.values():
        text = leave_out(text)
    return text


def _one_form(text: str) -> str:
    # Blanks of other kinds are left to `_no_blanks`, so that they are called blanks.
    return re.sub(r"\S+", lambda word: unicodedata.normalize("NFKC", word[0]), text).translate(
        _SIGNS
    )


def _no_invisible(text: str) -> str:
    return "".join(
        letter
        for letter in text
        if letter.isspace() or unicodedata.category(letter) not in ("Cf", "Cc")
    )


def _no_accents(text: str) -> str:
    parted = unicodedata.normalize("NFD", text)
    plain = "".join(letter for letter in parted if unicodedata.category(letter) != "Mn")
    return unicodedata.normalize("NFC", plain)


def _no_punctuation(text: str) -> str:
    marked = "".join(
        "-" if letter == _MINUS or unicodedata.category(letter).startswith("P") else letter
        for letter in text
    )
    return re.sub(r"(?<=\d)\s*-[\s-]*(?=\d)", " ", marked).replace("-", "")


def _no_blanks(text: str) -> str:
    return re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", re.sub(r"\s+", " ", text))


_ASPECTS: dict[str, Callable[[str], str]] = {
    _FORM: _one_form,
    "invisible characters": _no_invisible,
    "case": str.casefold,
    "accents": _no_accents,
    "dashes or punctuation": _no_punctuation,
    "blanks": _no_blanks,
}
"""What makes spellings of one name differ, and how it is left out."""
