"""The page of a figure of chains: one row per parameter, with its trace, ranks and diagnostics."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.calibration.bands import band
from bayesmeta.estimates.trace_numbers import TraceNumbers
from bayesmeta.inference.diagnosis import THRESHOLDS
from bayesmeta.plots.lettering import printable, put_text, shortened
from bayesmeta.plots.pages import MARGIN, Key, Words, bare, inch_axes, sheet
from bayesmeta.plots.panels import STEP, key_lines, put_keys
from bayesmeta.plots.style import (
    ALARM,
    BAND,
    FAINT,
    INK,
    MODEL,
    OBSERVED,
    PREDICTION,
    RANGE,
    SMALL,
)
from bayesmeta.plots.ticks import put_ticks

__all__ = ["SURE", "draw_chains", "names_of"]

Array = npt.NDArray[np.float64]
Row = dict[Any, Any]

LABEL, TRACE, RANKS, NUMBERS, GAP = 1.9, 2.9, 1.7, 1.0, 0.4
"""Widths of the columns in inches (name, trace, ranks, diagnostics), and between them."""

HEIGHT, BETWEEN, HEADER, LINE = 0.62, 0.22, 0.28, 0.14
"""Heights in inches: of a row, between rows, of the headings, of a line of numbers."""

SURE, BAND_STEPS = 0.95, 25
"""Probability of the band of ranks, all chains together, and its steps."""

LONGEST = 1000
"""Draws of a chain that a trace shows; of more, every so many."""

COLOURS = (MODEL, ALARM, PREDICTION, RANGE, OBSERVED, INK)
STROKES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (7, 2)), (0, (4, 1, 1, 1, 1, 1)))
"""Looks of chains; those of the first six serve the others again."""

_TRACES = MARGIN + LABEL + GAP
_RANKS = _TRACES + TRACE + GAP
_NUMBERS = _RANKS + RANKS + GAP / 2
"""Left edges of the columns."""


def draw_chains(numbers: TraceNumbers, words: Words, called: Callable[[str], str]) -> Figure:
    """Return the figure of the chains, with parameters as `called`; to be called in `house_style`."""
    rows = numbers.table.to_dict("records")
    figure, page, tops = _page(words, rows)
    for row, top in zip(rows, tops, strict=True):
        name = row["quantity"]
        _put_text(page, row, called(name), top)
        _draw_trace(figure, numbers.draws[name], top)
        _draw_ranks(figure, numbers.ranks[name], _band(row), top)
    return figure


def _page(words: Words, rows: Sequence[Row]) -> tuple[Figure, Axes, list[float]]:
    """Return a figure with its text, its page in inches, and the top of each row."""
    room = _NUMBERS + NUMBERS - MARGIN
    keys = key_lines(_keys(rows[0]["chains"]), room)
    head = len(keys) * STEP + HEADER
    body = head + len(rows) * (HEIGHT + BETWEEN) + BETWEEN / 2
    figure, page, top = sheet(words, room + 2 * MARGIN, body)
    put_keys(page, top, keys)
    _put_header(page, top + head - HEADER / 2)
    return figure, page, [top + head + place * (HEIGHT + BETWEEN) for place in range(len(rows))]


def _put_header(page: Axes, y: float) -> None:
    headings = {
        MARGIN: "Parameter",
        _TRACES: "Draws in their order",
        _RANKS: "Ranks, minus even",
        _NUMBERS: "Diagnostics",
    }
    for x, text in headings.items():
        put_text(page, x, y, text, bold=True)


def _keys(chains: int) -> list[Key]:
    """Return what each chain looks like, unless looks serve twice."""
    if chains > len(COLOURS):
        return []
    return [Key(_look(chain), f"Chain {chain + 1}") for chain in range(chains)]


def _look(chain: int) -> dict[str, Any]:
    place = chain % len(COLOURS)
    return {"color": COLOURS[place], "linestyle": STROKES[place], "linewidth": 1.0}


def _put_text(page: Axes, row: Row, called: str, top: float) -> None:
    """Put name, mean and sd of a parameter, and its diagnostics: with a mark and in red if they fail."""
    middle = top + HEIGHT / 2
    name, level = names_of(printable(called))
    below = [*([level] if level else []), _mean_and_sd(row)]
    first = middle - LINE * len(below) / 2
    put_text(page, MARGIN, first, shortened(name, LABEL, bold=True), bold=True)
    for number, text in enumerate(below, start=1):
        line = shortened(text, LABEL, size=SMALL)
        put_text(page, MARGIN, first + number * LINE, line, size=SMALL)
    lines = (
        (f"R-hat {row['r_hat']:.3f}", row["r_hat"] <= THRESHOLDS.r_hat),
        (f"bulk ESS {row['ess_bulk']:,.0f}", row["ess_bulk"] >= THRESHOLDS.ess),
        (f"tail ESS {row['ess_tail']:,.0f}", row["ess_tail"] >= THRESHOLDS.ess),
    )
    for number, (text, good) in enumerate(lines):
        y, shown = middle + (number - 1) * LINE, text if good else f"{text} !"
        colour = INK if good else ALARM
        put_text(page, _NUMBERS, y, shown, size=SMALL, bold=not good, colour=colour)


def _mean_and_sd(row: Row) -> str:
    """Return mean and standard deviation, to two digits of the latter."""
    # A chain that stands still has none.
    digits = max(0, 1 - math.floor(math.log10(row["sd"]))) if row["sd"] > 0 else 2
    mean, sd = (f"{round(row[name], digits) + 0.0:.{digits}f}" for name in ("mean", "sd"))
    return f"{mean}, sd {sd}".replace("-", "\N{MINUS SIGN}")


def _draw_trace(figure: Figure, draws: Array, top: float) -> None:
    graph = inch_axes(figure, (_TRACES, _TRACES + TRACE), (top, top + HEIGHT))
    step = -(-draws.shape[1] // LONGEST)
    numbers = np.arange(1, draws.shape[1] + 1)[::step]
    for chain, values in enumerate(draws):
        look = {**_look(chain), "linestyle": "-", "linewidth": 0.4}
        graph.plot(numbers, values[::step], alpha=0.75, zorder=2, **look)
    low, high = float(draws.min()), float(draws.max())
    room = 0.5 * (high == low)
    graph.set(xlim=(1, max(draws.shape[1], 2)), ylim=(low - room, high + room))
    _dress(graph)


def _draw_ranks(figure: Figure, ranks: Array, limits: tuple[Array, Array], top: float) -> None:
    graph = inch_axes(figure, (_RANKS, _RANKS + RANKS), (top, top + HEIGHT))
    lower, upper = limits
    share = np.linspace(0, 1, lower.size)
    graph.fill_between(share, lower, upper, color=BAND, linewidth=0, zorder=0)
    graph.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    for chain, values in enumerate(ranks):
        graph.plot(np.linspace(0, 1, values.size), values, zorder=2, **_look(chain))
    reach = 1.15 * max(float(np.abs(ranks).max()), float(upper.max()))
    graph.set(xlim=(0, 1), ylim=(-reach, reach))
    _dress(graph)


def _dress(graph: Axes) -> None:
    put_ticks(graph.xaxis, 5)
    put_ticks(graph.yaxis, 3)
    bare(graph, grid=None)
    graph.tick_params(labelsize=SMALL - 1, length=2, pad=1.5)


def _band(row: Row) -> tuple[Array, Array]:
    """Return the band of a chain's ranks, for as many independent draws as its own are worth."""
    worth = row["ess_chain"] if row["ess_chain"] > 0 else 1.0
    effective = max(int(min(worth, row["draws"])), 1)
    # To two digits, so that parameters share bands, which take a while.
    effective = int(float(f"{effective:.1e}"))
    limits = band(effective, BAND_STEPS, 1 - (1 - SURE) / row["chains"])
    share = np.linspace(0, 1, BAND_STEPS + 1)
    lower, upper = (np.array([0, *ends, effective]) for ends in (limits.lower, limits.upper))
    return lower / effective - share, upper / effective - share


def names_of(quantity: str) -> tuple[str, str]:
    """Return a name, and a second line: of a coefficient its level alone, which tells it from others.

    One against a reference has that there. Of nested outcomes, whose coefficients have the same
    levels: the outcome, and the level.
    """
    level, versus, reference = quantity.partition(" vs ")
    if versus:
        return level, f"vs {reference}"
    if quantity.startswith("correlation["):
        return "correlation", quantity.removeprefix("correlation[").removesuffix("]")
    if not quantity.startswith("beta["):
        return quantity, ""
    inside = quantity.removeprefix("beta[").removesuffix("]")
    level = inside.rpartition("[")[2].rstrip("]")
    outcome, comma, covariate = inside.partition("[")[0].rpartition(", ")
    return (
        (f"beta[{outcome}]", level if "[" in inside else covariate)
        if comma
        else (f"beta: {level}", "")
    )
