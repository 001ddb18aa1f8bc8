"""Chains: the trace of each parameter, the ranks of each chain, and whether they agree."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.arrays import Array
from bayesmeta.calibration.bands import chain_band
from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.posterior import checked_outcome
from bayesmeta.estimates.trace_numbers import trace_numbers
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.diagnosis import THRESHOLDS
from bayesmeta.inference.result import Fit
from bayesmeta.plots.fit_text import about_characters, fit_words, names_of
from bayesmeta.plots.lettering import printable, put_text, shortened, wrapped
from bayesmeta.plots.pages import (
    MARGIN,
    STEP,
    Key,
    Plot,
    Words,
    bare,
    inch_axes,
    key_lines,
    put_keys,
    sheet,
)
from bayesmeta.plots.panels import draw_band
from bayesmeta.plots.style import (
    ALARM,
    INK,
    LINES,
    MODEL,
    OBSERVED,
    PREDICTION,
    RANGE,
    SMALL,
    house_style,
)
from bayesmeta.plots.ticks import number_text, put_ticks

Row = dict[Any, Any]

LABEL, TRACE, RANKS, NUMBERS, GAP = 1.9, 2.9, 1.7, 1.0, 0.4
"""Widths of the columns in inches (name, trace, ranks, diagnostics), and between them."""

HEIGHT, BETWEEN, HEADER, LINE = 0.62, 0.22, 0.28, 0.14
"""Heights in inches: of a row, between rows, of the headings, of a line of numbers."""

MOST_LINES = 2
"""Lines of the name of a parameter, at most."""

SURE = 0.95
"""Probability of the band of ranks, all chains together."""

LONGEST = 1000
"""Draws of a chain that a trace shows; of more, every so many."""

COLOURS = (MODEL, ALARM, PREDICTION, RANGE, OBSERVED, INK)
"""Colours of chains; those of the first six serve the others again."""

_TRACES = MARGIN + LABEL + GAP
_RANKS = _TRACES + TRACE + GAP
_NUMBERS = _RANKS + RANKS + GAP / 2
"""Left edges of the columns."""


def trace(
    fit: Fit,
    *,
    outcome: str | None = None,
    quantities: Sequence[str] | None = None,
    notes: Sequence[str] = (),
) -> Plot:
    """Return the chains of each parameter: draws, ranks, R-hat and effective sample sizes.

    In the middle, each chain's draws in their order. To the right, for each chain, the distribution
    function of the ranks of its draws among those of all chains, minus that of even ranks: a chain
    that leaves the grey band lies elsewhere, or spreads differently, than the others.

    Parameters
    ----------
    fit : Fit
        Posterior draws. If their diagnostics fail, the figure says so in its first line.
    outcome : str, optional
        Which of several outcomes; the parameters of all where None.
    quantities : sequence of str, optional
        Parameters such as ``mu`` or ``beta[age]``; ``beta`` stands for all of its coefficients. Where
        None, all but the effects of studies and arms; of a user-supplied PyMC model, its scalars.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per quantity, on its own scale, with columns as of
        `bayesmeta.estimates.trace_numbers.trace_numbers`.

    Raises
    ------
    SettingsError
        If `fit` has no draws, `outcome` is not one of its outcomes, or `quantities` names what is no
        parameter.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, doi:10.1214/20-BA1221 (R-hat, ESS, ranks).
    Säilynoja, Bürkner & Vehtari 2022, doi:10.1007/s11222-022-10090-6 (bands of ranks).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> bm.plots.trace(bm.fit(bm.load_model("pooled"), arms, seed=1))
    Plot(trace: 2 quantities, 0 failed)
    """
    numbers, called = trace_numbers(fit, quantities=quantities), words_of(fit).parameter
    table = numbers.table if outcome is None else _of_outcome(numbers.table, fit, outcome)
    rows = table.to_dict("records")
    with house_style():
        figure, page, tops = _page(
            fit_words("Chains", fit, _notes(table), notes, outcome=outcome), rows
        )
        for row, top in zip(rows, tops, strict=True):
            name = row["quantity"]
            _put_text(page, row, called(name), top)
            _draw_trace(figure, numbers.draws[name], top)
            _draw_ranks(
                figure,
                numbers.ranks[name],
                chain_band(row["ess_chain"], row["chains"], row["draws"], SURE),
                top,
            )
    about = f"{counted(len(table), 'quantity', 'quantities')}, {int(table['failed'].sum())} failed"
    return Plot("trace", figure, table.copy(), about)


def _of_outcome(table: pd.DataFrame, fit: Fit, outcome: str) -> pd.DataFrame:
    """Return the rows of the parameters of an outcome, and of its correlations with others."""
    if not checked_outcome(fit, outcome):
        return table
    own = []
    for quantity in table["quantity"]:
        kind, _, inside = quantity.partition("[")
        names = inside.removesuffix("]").split(", ")
        # After the outcome of a coefficient stands its covariate, of a correlation the other outcome.
        own.append(outcome in (names if kind == "correlation" else names[:1]))
    if not any(own):
        raise SettingsError(f"`quantities` names no parameter of '{outcome}'. Leave it out.")
    return table[own].reset_index(drop=True)


def _notes(table: pd.DataFrame) -> list[str]:
    failing = int(table["failed"].sum())
    verdict = (
        f"What fails is marked with !, in {counted(failing, 'parameter')}."
        if failing
        else "All parameters shown pass."
    )
    return [
        f"{counted(int(table['chains'].iloc[0]), 'chain')} of {int(table['draws'].iloc[0]):,} draws. R-hat must "
        f"be at most {THRESHOLDS.r_hat:g}, bulk and tail ESS at least {THRESHOLDS.ess:g}. {verdict} Effects of "
        "studies and arms are also diagnosed, but not drawn.",
        "Ranks: across, the rank of a draw among those of all chains, as a share. Upwards, the share of a "
        "chain's draws up to there, minus what it is if chains are alike. Grey: where all chains stay with "
        f"probability {100 * SURE:g}% or more, for as many independent draws as the effective sample size (ESS) of a chain.",
        about_characters([str(name) for name in table["quantity"]]),
    ]


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
    return {"color": COLOURS[place], "linestyle": LINES[place]["linestyle"], "linewidth": 1.0}


def _put_text(page: Axes, row: Row, called: str, top: float) -> None:
    """Put name, mean and sd of a parameter, and its diagnostics: with a mark and in red if they fail."""
    middle = top + HEIGHT / 2
    name, level = names_of(printable(called))
    names = wrapped(name, LABEL, bold=True)
    names = names if len(names) <= MOST_LINES else [shortened(name, LABEL, bold=True)]
    below = [*([level] if level else []), _mean_and_sd(row)]
    looks: list[tuple[str, dict[str, Any]]] = [(line, {"bold": True}) for line in names]
    looks += [(shortened(line, LABEL, size=SMALL), {"size": SMALL}) for line in below]
    for number, (line, look) in enumerate(looks):
        put_text(page, MARGIN, middle + (number - (len(looks) - 1) / 2) * LINE, line, **look)
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
    mean, sd = (number_text(row[name], digits) for name in ("mean", "sd"))
    return f"{mean}, sd {sd}"


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


def _draw_ranks(figure: Figure, ranks: Array, band: tuple[Array, Array], top: float) -> None:
    graph = inch_axes(figure, (_RANKS, _RANKS + RANKS), (top, top + HEIGHT))
    draw_band(graph, np.linspace(0, 1, band[0].size), band, ranks)
    for chain, values in enumerate(ranks):
        graph.plot(np.linspace(0, 1, values.size), values, zorder=2, **_look(chain))
    _dress(graph)


def _dress(graph: Axes) -> None:
    put_ticks(graph.xaxis, 5)
    put_ticks(graph.yaxis, 3)
    bare(graph, grid=None)
    graph.tick_params(labelsize=SMALL - 1, length=2, pad=1.5)
