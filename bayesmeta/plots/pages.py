"""Pages laid out in inches from the top left, and the value that a figure is returned as."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.plots.lettering import Paragraph, paragraph
from bayesmeta.plots.style import ALARM, SMALL, TITLE, figure_bytes, save_figure

__all__ = ["MARGIN", "Plot", "inch_axes", "notes_of", "page_of", "title_of"]

MARGIN = 0.25
"""Free edge of a page in inches."""

LONGEST_LINE = 7.5
"""Width of notes in inches, beyond which lines are hard to follow."""

_SCREEN_DPI = 110


@dataclass(frozen=True, eq=False, repr=False)
class Plot:
    """A figure and the numbers it shows.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; it belongs to no pyplot window.
    table : DataFrame
        Every number drawn, in the order in which they are drawn.
    """

    figure: Figure
    table: pd.DataFrame

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
            If the file can't be written.
        """
        save_figure(self.figure, path, dpi=dpi)

    def png(self, *, dpi: int) -> bytes:
        """Return the figure as a png with so many dots per inch."""
        return figure_bytes(self.figure, "png", dpi=dpi)

    def _repr_png_(self) -> bytes:
        """Return the figure for a notebook."""
        return self.png(dpi=_SCREEN_DPI)


def page_of(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure, and axes over all of it in inches from the top left."""
    figure = Figure(figsize=(width, height))
    page = inch_axes(figure, (0, width), (0, height))
    page.axis("off")
    return figure, page


def inch_axes(figure: Figure, across: tuple[float, float], down: tuple[float, float]) -> Axes:
    """Return axes at a place in inches from the top left, in which y is that same distance."""
    width, height = figure.get_size_inches()
    (left, right), (top, bottom) = across, down
    size = ((right - left) / width, (bottom - top) / height)
    axes = figure.add_axes((left / width, 1 - bottom / height, *size), facecolor="none")
    axes.set(xlim=across, ylim=(bottom, top))
    return axes


def title_of(title: str, width: float, warning: str = "") -> list[Paragraph]:
    """Return the title of a figure as a paragraph, below a warning if there is one."""
    first = [paragraph(warning, width, bold=True, colour=ALARM)] if warning else []
    return [*first, paragraph(title, width, size=TITLE, bold=True)]


def notes_of(notes: Sequence[str], width: float) -> list[Paragraph]:
    """Return the notes below a figure as paragraphs."""
    return [paragraph(note, min(width, LONGEST_LINE), size=SMALL) for note in notes if note]
