"""The field's words: what users read has none of the words that once stood for them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OLD_FORMS = {"CHANGELOG.md", "bayesmeta/deprecated.py"}
"""Files that translate old words, and so must name them."""

WORDS = {
    r"fore(tell|told)\w*": "predict",
    r"laws?": "distribution",
    r"flip(ping)? points?": "tipping point",
    r"(from the )?outside in": "outermost first",
    r"outcomes? around( it)?": "enclosing outcome",
    r"GridFit|NestedFit|NestedSpec|NestedArms": "QuadratureFit, Fit, ModelSpec, Arms",
    r"worth so many": "effective sample size (ESS)",
    r"hangs? on": "depends on",
    r"(was|were) had|counts? had|had in these ways": "derived",
    r"sources? of all randomness": "random seed",
    r"fits? of (its|their) own": "refit",
    r"by weighting draws": "PSIS",
    r"if this is wrong": "if this check fails",
    r"processes that fit": "worker processes",
    r"and leave\.": "and exit.",
    r"looks? whether": "check that",
    r"strangers?": "unexpected",
    r"one's own": "user-supplied",
    r"dear(er|est)?": "expensive",
    r"slips? of the pen": "typo",
    r"(room|fitted)\. In:": "a plain package docstring",
}
"""Old words as patterns, each with what the field says."""

PLAIN = {
    r"\w+n't": "cannot, do not, is not",
    r"\w+'(re|ve|ll|d|m)": "the words in full",
    r"(it|that|there|what|let)'s": "it is, or its",
}
"""Words of speech as patterns, each with what a manual says; README and notebooks aside."""


def texts() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every file that users read."""
    files = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "models").rglob("*.*")]
    pages = [path for path in (ROOT / ".docs").rglob("*.*") if path.suffix in {".md", ".rst"}]
    pages = [path for path in pages if "made" not in path.parts]
    for path in [*files, *(ROOT / "bayesmeta").rglob("*.py"), *pages]:
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        yield f"notebooks/{path.name}", "\n".join("".join(cell["source"]) for cell in cells)


def places(word: str, starts: tuple[str, ...] = ("",)) -> list[str]:
    """Return where a pattern stands in files whose names start so."""
    return [
        f"{name}:{text[: match.start()].count(chr(10)) + 1}: {match[0]}"
        for name, text in texts()
        if name not in OLD_FORMS and name.startswith(starts)
        for match in re.finditer(rf"\b({word})(?!\w)".replace(" ", r"\s+"), text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("word", WORDS)
def test_old_words_are_gone(word: str) -> None:
    assert not (found := places(word)), f"Say {WORDS[word]}: {found[:5]}"


@pytest.mark.parametrize("word", PLAIN)
def test_words_of_speech_are_gone(word: str) -> None:
    found = places(word, ("bayesmeta/", "models/", ".docs/"))
    assert not found, f"Say {PLAIN[word]}: {found[:5]}"
