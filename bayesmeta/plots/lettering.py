"""Text in figures: written to the letter, in a line or wrapped, never wider than its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.textpath import text_to_path

from bayesmeta.plots.style import BODY, INK, families

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character that no font in use has."""

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

POINTS_PER_INCH = 72
HALF_CAPITAL, LINE = 0.36, 1.4
"""Half the height of a capital letter, and distance of lines, in multiples of the font's size."""

HINTING = 1.03
"""Room for renderers that fit letters to pixels; figures saved by bayesmeta need none."""

AFTER_PARAGRAPH = 0.04
"""Space in inches."""


@dataclass(frozen=True)
class Paragraph:
    """Lines of text of one look, its size in points."""

    lines: Sequence[str]
    size: float = BODY
    bold: bool = False
    colour: str = INK

    @property
    def step(self) -> float:
        """Distance of its lines in inches."""
        return self.size * LINE / POINTS_PER_INCH

    @property
    def height(self) -> float:
        """Height in inches, with the space that follows it."""
        return len(self.lines) * self.step + AFTER_PARAGRAPH


def paragraph(
    text: str, width: float, *, size: float = BODY, bold: bool = False, colour: str = INK
) -> Paragraph:
    """Return text as a paragraph of lines of at most `width` inches."""
    lines = wrapped(printable(text), width, size=size, bold=bold)
    return Paragraph(lines, size, bold, colour)


def put_paragraphs(axes: Axes, x: float, top: float, paragraphs: Sequence[Paragraph]) -> None:
    """Write paragraphs below each other; `axes` has inches from the top down."""
    for each in paragraphs:
        for i, line in enumerate(each.lines):
            y = top + (i + 0.5) * each.step
            put_text(axes, x, y, line, size=each.size, bold=each.bold, colour=each.colour)
        top += each.height


def printable(text: object) -> str:
    """Return text on one line; a character that no installed font has becomes `UNKNOWN`."""
    words = " ".join(str(text).split())
    kept = (character for character in words if character.isprintable())
    return "".join(c if ord(c) in _characters() else UNKNOWN for c in kept)


def text_width(text: str, *, size: float = BODY, bold: bool = False) -> float:
    """Return the width of a line of text in inches."""
    weight = "bold" if bold else "normal"
    font = FontProperties(family=families(), size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / POINTS_PER_INCH * HINTING


def shortened(text: str, width: float, *, size: float = BODY, bold: bool = False) -> str:
    """Return text that fits into `width` inches, with an ellipsis for what is left out."""
    if text_width(text, size=size, bold=bold) <= width:
        return text
    fits, too_many = 0, len(text)
    while too_many - fits > 1:
        kept = (fits + too_many) // 2
        if text_width(_cut(text, kept), size=size, bold=bold) <= width:
            fits = kept
        else:
            too_many = kept
    return _cut(text, fits)


def wrapped(text: str, width: float, *, size: float = BODY, bold: bool = False) -> list[str]:
    """Return text as lines of at most `width` inches."""
    lines: list[str] = []
    for word in text.split():
        fitting = shortened(word, width, size=size, bold=bold)
        longer = f"{lines[-1]} {fitting}" if lines else fitting
        if lines and text_width(longer, size=size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(fitting)
    return lines


def put_text(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float = BODY,
    bold: bool = False,
    colour: str = INK,
    align: Literal["left", "center", "right"] = "left",
) -> None:
    """Write a line to the letter, the middle of its capitals at y, inches from the top down."""
    baseline = y + HALF_CAPITAL * size / POINTS_PER_INCH
    weight = "bold" if bold else "normal"
    axes.text(x, baseline, text, size=size, weight=weight, color=colour, ha=align)


def _cut(text: str, kept: int) -> str:
    # The middle goes: the end of a long name is often what tells it from others.
    tail = kept // 3
    return text[: kept - tail].rstrip() + ELLIPSIS + text[len(text) - tail :].lstrip()


@cache
def _characters() -> frozenset[int]:
    """Return the code points that the fonts in use have."""
    fonts = [fontManager.findfont(FontProperties(family=name)) for name in families()]
    return frozenset().union(*(get_font(font).get_charmap() for font in fonts))
