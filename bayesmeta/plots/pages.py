"""Pages laid out in inches from the top left, and the value that a figure is returned as."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.plots.lettering import (
    Paragraph,
    paragraph,
    printable,
    put_paragraphs,
    put_text,
    text_width,
    wrapped,
)
from bayesmeta.plots.style import (
    ALARM,
    BODY,
    FAINT,
    INK,
    SMALL,
    TITLE,
    figure_bytes,
    save_figure,
    symbol,
)

MARGIN = 0.25
"""Free edge of a page in inches."""

LONGEST_LINE = 7.5
"""Width of notes in inches, beyond which lines are hard to follow."""

SAMPLE, SPACE, APART, STEP = 0.3, 0.07, 0.24, 0.17
"""Of a key, in inches: length of a sample, its distance from its name, and those between entries."""

CIRCLE = 10.0
"""Diameter of the circle of a sign in points."""

_SCREEN_DPI = 110


@dataclass(frozen=True, eq=False, repr=False)
class Plot:
    """A figure and the numbers it shows.

    Parameters
    ----------
    name : str
        The function that drew it.
    figure : matplotlib.figure.Figure
        The figure; it belongs to no pyplot window.
    table : DataFrame
        Every number drawn, in the order in which they are drawn.
    about : str
        What it shows, in a few words.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> trial = bm.SingleArmTrial(40, bm.BetaMixture([1], a=[1], b=[1]), "P(rate > 0.35) > 0.9")
    >>> bm.plots.power({"flat prior": trial})
    Plot(power: 1 design)
    """

    name: str
    figure: Figure
    table: pd.DataFrame
    about: str

    def __repr__(self) -> str:
        return f"Plot({self.name}: {self.about})"

    def save(self, path: str | PathLike[str], *, dpi: int = 300) -> None:
        """Write the figure to a file, replacing one that stands there.

        Parameters
        ----------
        path : path
            Where to; the suffix is the format: png, svg or pdf.
        dpi : int
            Dots per inch of a png.

        Raises
        ------
        SettingsError
            If the suffix is another.
        RunError
            If the file cannot be written.
        """
        save_figure(self.figure, path, dpi=dpi)

    def png(self, *, dpi: int) -> bytes:
        """Return the figure as a png with so many dots per inch."""
        return figure_bytes(self.figure, "png", dpi=dpi)

    def _repr_png_(self) -> bytes:
        """Return the figure for a notebook."""
        return self.png(dpi=_SCREEN_DPI)


@dataclass(frozen=True)
class Words:
    """The text around a figure; what is empty is left out."""

    title: str
    notes: Sequence[str] = ()
    warning: str = ""
    subtitle: str = ""

    def above(self, width: float) -> list[Paragraph]:
        """Return what stands above the figure, in lines of so many inches."""
        found = (
            paragraph(self.warning, width, bold=True, colour=ALARM),
            paragraph(self.title, width, size=TITLE, bold=True),
            paragraph(self.subtitle, width),
        )
        return [one for one in found if one.lines]

    def below(self, width: float) -> list[Paragraph]:
        """Return the notes below the figure."""
        return [
            paragraph(note, min(width, LONGEST_LINE), size=SMALL) for note in self.notes if note
        ]


@dataclass(frozen=True)
class Sign:
    """A circle with one or two letters in it, which say the same as its colour."""

    letters: str
    face: str
    ink: str = INK
    edge: str = INK


def put_sign(page: Axes, x: float, y: float, sign: Sign) -> None:
    """Put a sign about a place of a page in inches."""
    page.plot([x], [y], **symbol("o", CIRCLE, sign.face, sign.edge, width=0.6))
    size = BODY if len(sign.letters) == 1 else 0.6 * BODY
    put_text(page, x, y, sign.letters, size=size, bold=True, colour=sign.ink, align="center")


@dataclass(frozen=True)
class Key:
    """What a line, a bar or a sign is: its look, its name, and what else there is to say of it.

    A name alone has an empty look and no sample. `starts`: whether a line of keys starts with it.
    """

    look: dict[str, Any]
    name: str
    more: str = ""
    sign: Sign | None = None
    starts: bool = False

    @property
    def indent(self) -> float:
        """Room that the sample takes in inches."""
        return SAMPLE + SPACE if self.look else 0.0

    @property
    def width(self) -> float:
        """Room in a line in inches, with the distance to the next."""
        return self.indent + text_width(self.name, size=SMALL) + APART


def sheet(words: Words, width: float, body: float) -> tuple[Figure, Axes, float]:
    """Return a figure with text, its page in inches, and where its body begins; in `house_style`."""
    above, below = words.above(width - 2 * MARGIN), words.below(width - 2 * MARGIN)
    top = MARGIN + sum(each.height for each in above)
    height = top + body + sum(each.height for each in below) + MARGIN
    figure = Figure(figsize=(width, height))
    page = inch_axes(figure, (0, width), (0, height))
    page.axis("off")
    put_paragraphs(page, MARGIN, MARGIN, above)
    put_paragraphs(page, MARGIN, top + body, below)
    return figure, page, top


def inch_axes(figure: Figure, across: tuple[float, float], down: tuple[float, float]) -> Axes:
    """Return axes at a place in inches from the top left, in which y is that same distance."""
    width, height = figure.get_size_inches()
    (left, right), (top, bottom) = across, down
    size = ((right - left) / width, (bottom - top) / height)
    axes = figure.add_axes((left / width, 1 - bottom / height, *size), facecolor="none")
    axes.set(xlim=across, ylim=(bottom, top))
    return axes


def bare(
    graph: Axes,
    *,
    grid: Literal["both", "x", "y"] | None = "both",
    sides: Sequence[str] = ("left", "bottom"),
) -> None:
    """Leave of the frame of a graph its axes at these sides, with small labels and a faint grid."""
    graph.tick_params(labelsize=SMALL, length=2.5, pad=2)
    if grid:
        graph.grid(axis=grid, color=FAINT, linewidth=0.5, zorder=0)
        graph.set_axisbelow(True)
    for side, spine in graph.spines.items():
        spine.set_visible(side in sides)


def key_lines(keys: Sequence[Key], room: float) -> list[list[Key]]:
    """Return the keys in lines as long as the room allows, or one a line where there is more to say."""
    lines: list[list[Key]] = []
    apart = any(key.more for key in keys)
    for key in keys:
        said = printable(f"{key.name}: {key.more}" if key.more else key.name)
        first, *rest = wrapped(said, room - key.indent, size=SMALL) or [""]
        own = replace(key, name=first, more="")
        full = not lines or sum(one.width for one in [*lines[-1], own]) - APART > room
        if apart or rest or full or key.starts:
            lines.append([own])
        else:
            lines[-1].append(own)
        lines += [[Key({"linestyle": "none"}, text)] for text in rest]
    return lines


def put_keys(page: Axes, top: float, lines: Sequence[Sequence[Key]]) -> None:
    """Put lines of samples and names from `top` down; a marker stands in the middle of its sample."""
    for number, line in enumerate(lines):
        x, y = MARGIN, top + (number + 0.5) * STEP
        for key in line:
            places = [x, x + SAMPLE / 2, x + SAMPLE]
            if key.look:
                page.plot(places, [y] * 3, markevery=[1], solid_capstyle="butt", **key.look)
            if key.sign is not None:
                put_sign(page, x + SAMPLE / 2, y, key.sign)
            put_text(page, x + key.indent, y, key.name, size=SMALL)
            x += key.width
