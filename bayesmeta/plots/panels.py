"""A page of panels in rows: a warning and a title above them, a key, and notes below."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.plots.graph_page import Key
from bayesmeta.plots.lettering import Paragraph, paragraph, put_paragraphs, put_text, text_width
from bayesmeta.plots.pages import MARGIN, inch_axes, notes_of, page_of, title_of
from bayesmeta.plots.style import ALARM, FAINT, SMALL

__all__ = ["STEP", "Panels", "Words", "bare", "key_lines", "panel_page", "put_keys"]

SAMPLE, SPACE, APART, STEP = 0.3, 0.07, 0.24, 0.17
"""Of the key, in inches: length of a sample, its distance from its name, and those between entries."""

BELOW_KEY = 0.08


@dataclass(frozen=True)
class Words:
    """The text around the panels; the warning may be empty."""

    warning: str
    title: str
    notes: Sequence[str]


@dataclass(frozen=True)
class Panels:
    """How many panels there are, how large each is, and what room it has around it, in inches."""

    count: int
    columns: int
    size: tuple[float, float]
    left: float = 0.5
    right: float = 0.1
    above: float = 0.05
    below: float = 0.5

    @property
    def across(self) -> float:
        """Width of a panel with its room."""
        return self.left + self.size[0] + self.right

    @property
    def down(self) -> float:
        """Height of a panel with its room."""
        return self.above + self.size[1] + self.below

    def corners(self, top: float) -> Iterable[tuple[float, float]]:
        """Yield the left and upper edge of each panel, row by row from `top` down."""
        for number in range(self.count):
            row, column = divmod(number, self.columns)
            yield (
                MARGIN + column * self.across + self.left,
                top + row * self.down + self.above,
            )


def panel_page(
    words: Words, keys: Sequence[Key], panels: Panels
) -> tuple[Figure, Axes, list[Axes]]:
    """Return a figure with its text, its page in inches, and its panels, empty as yet.

    To be called in `house_style`.
    """
    room = panels.columns * panels.across
    above, below = _above(words, room), notes_of(words.notes, room)
    lines = key_lines(keys, room)
    key_top = MARGIN + sum(each.height for each in above)
    top = key_top + len(lines) * STEP + BELOW_KEY
    foot = top + -(-panels.count // panels.columns) * panels.down
    height = foot + sum(each.height for each in below) + MARGIN
    figure, page = page_of(room + 2 * MARGIN, height)
    put_paragraphs(page, MARGIN, MARGIN, above)
    put_paragraphs(page, MARGIN, foot, below)
    put_keys(page, key_top, lines)
    width, tall = panels.size
    corners = panels.corners(top)
    return figure, page, [inch_axes(figure, (x, x + width), (y, y + tall)) for x, y in corners]


def bare(graph: Axes, *, grid: bool = True) -> None:
    """Take away the frame of a panel but for its axes, and put a faint grid behind it."""
    graph.tick_params(labelsize=SMALL, length=2.5, pad=2)
    if grid:
        graph.grid(color=FAINT, linewidth=0.5, zorder=0)
        graph.set_axisbelow(True)
    for side in ("right", "top"):
        graph.spines[side].set_visible(False)


def _above(words: Words, width: float) -> list[Paragraph]:
    warning = paragraph(words.warning, width, bold=True, colour=ALARM)
    return [*([warning] if warning.lines else []), *title_of(words.title, width)]


def _width(key: Key) -> float:
    return SAMPLE + SPACE + text_width(key.name, size=SMALL) + APART


def key_lines(keys: Sequence[Key], room: float) -> list[list[Key]]:
    """Return the keys in lines that are as long as the room allows."""
    lines: list[list[Key]] = []
    for key in keys:
        if lines and sum(map(_width, lines[-1])) + _width(key) - APART <= room:
            lines[-1].append(key)
        else:
            lines.append([key])
    return lines


def put_keys(page: Axes, top: float, lines: Sequence[Sequence[Key]]) -> None:
    """Put lines of samples and names from `top` down; a marker stands in the middle of its sample."""
    for number, line in enumerate(lines):
        x, y = MARGIN, top + (number + 0.5) * STEP
        for key in line:
            places = [x, x + SAMPLE / 2, x + SAMPLE]
            page.plot(places, [y] * 3, markevery=[1], solid_capstyle="butt", **key.look)
            put_text(page, x + SAMPLE + SPACE, y, key.name, size=SMALL)
            x += _width(key)
