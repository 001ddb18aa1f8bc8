"""The specification curve: the estimates of many fits in order, and which choices each made."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import SettingsError, counted, listed
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.plots.checks import check_columns, check_numbers, rows_of_outcome, said_in
from bayesmeta.plots.lettering import printable
from bayesmeta.plots.pages import Plot, Words, bare
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.rows import ROW, Column, Rows, draw_panels
from bayesmeta.plots.style import ALARM, BAND, INK, MODEL, RANGE, house_style
from bayesmeta.plots.ticks import decimals_of, number_text, put_ticks

CHOICES = (
    "outcome",
    "inclusion",
    "covariates",
    "study_effects",
    "likelihood",
    "priors",
    "prior_tau",
    "prior_mu",
)
"""Columns of choices that are drawn where none are named."""

NUMBERS = ["estimate", "lower", "upper"]

CURVE, GRAPH = 2.3, 5.6
"""Height of the curve and width of both graphs in inches."""

BAR = 0.42
"""Half the height of a mark as a share of its row."""

FEW, SPACE = 120, 0.35
"""Fits up to which each has a mark of its own, and the share of a column left free between marks."""

POINTS_PER_INCH = 72


def specification_curve(
    table: pd.DataFrame,
    *,
    outcome: str | None = None,
    choices: Sequence[str] | None = None,
    quantity: str | None = None,
    rates: bool = True,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the estimates of many fits from lowest to highest, and the choices behind each.

    Above, one column per fit: its estimate and interval. Below, in the same column, a mark in the row
    of each choice it made, with the number of fits that made it and the median of their estimates. A
    choice that matters has its marks at one end.

    Parameters
    ----------
    table : DataFrame
        Of `run_grid`, its `curve`: one row per fit with `estimate`, `lower`, `upper`, `ok` (whether
        its diagnostics passed), and a column of text for each choice. A fit without an estimate is
        counted and not drawn.
    outcome : str, optional
        The one outcome whose fits are drawn; where None, all, and the outcome is one of the choices.
    choices : sequence of str, optional
        Columns of the choices, from the top; where None, those of `CHOICES` that the table has.
    quantity : str, optional
        What is estimated; as column `quantity` says where None, or the typical rate.
    rates : bool
        Whether estimates are rates (probability), shown as `scale` says.
    ci_prob : float
        Probability of the intervals in the table, for the captions.
    scale : RateScale
        What rates are counted per.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: the fits drawn, from the lowest `estimate` to the highest, as they were given.

    Raises
    ------
    SettingsError
        If the table lacks a column, `choices` names none, or no fit has an estimate.

    References
    ----------
    Simonsohn, Simmons & Nelson 2020, doi:10.1038/s41562-020-0912-z.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> distributions = {"common": bm.CommonEffect(), "normal": bm.NormalEffects()}
    >>> grid = bm.SpecificationGrid(outcomes=["CR"], study_effects=distributions)
    >>> found = bm.run_grid(grid, bm.load_evidence("rr_aml_venetoclax"), seed=1)
    >>> plot = bm.plots.specification_curve(found.curve)
    >>> plot
    Plot(specification_curve: 2 fits)
    >>> plot.table["study_effects"].tolist()
    ['common', 'normal']
    """
    check_ci_prob(ci_prob)
    table = check_columns(table, (*NUMBERS, "ok"))
    if outcome is not None:
        table = rows_of_outcome(table, outcome)
    quantity = _quantity(table, quantity, outcome)
    names = [name for name in CHOICES if name in table] if choices is None else list(choices)
    check_columns(table, names)
    if not names:
        raise SettingsError(
            f"`choices` must name a column or more; `table` has none of {', '.join(CHOICES)}."
        )
    known = table[table["estimate"].notna()]
    if not len(known):
        raise SettingsError(
            "`estimate` of `table` is missing in every row, so there is nothing to draw."
        )
    drawn = known.sort_values("estimate", kind="stable", ignore_index=True)
    check_numbers(drawn, NUMBERS, names[0])
    # Levels are drawn in the order of the table given, not of the curve.
    levels = {name: list(dict.fromkeys(known[name].fillna(""))) for name in names}
    varied = {name: found for name, found in levels.items() if len(found) > 1}
    same = [f"{name} {found[0] or 'none'}" for name, found in levels.items() if name not in varied]
    text = _text(drawn, scale if rates else None)
    words = Words(
        f"{quantity}: {counted(len(drawn), 'fit')}",
        [
            _about_curve(drawn, ci_prob, text, scale.suffix if rates else ""),
            f"The same in all fits: {listed(same)}." if same else "",
            _about_failures(table, drawn),
            *notes,
        ],
    )
    what = scale.label(quantity) if rates else quantity
    curve = Rows(heading=printable(what), axis="", labels=[], columns=[], tall=CURVE)
    made = {
        (name, level): (drawn[name].fillna("") == level).to_numpy()
        for name, found in varied.items()
        for level in found
    }
    medians = [text(drawn.loc[own, "estimate"].median()) for own in made.values()]
    median = Column(f"Median {scale.unit}" if rates else "Median", medians)
    panels = [curve, _choice_rows(made, median)] if made else [curve]
    with house_style():
        figure, [(upper, _), *lower] = draw_panels(panels, words, graph=GRAPH)
        _draw_curve(upper, drawn, scale.per if rates else 1)
        for graph, heights in lower:
            _draw_choices(graph, list(made.values()), heights)
    return Plot("specification_curve", figure, drawn, counted(len(drawn), "fit"))


def _text(table: pd.DataFrame, scale: RateScale | None) -> Callable[[float], str]:
    """Return how estimates are written, so that the ends of the narrowest interval are distinguished."""
    width = float((table["upper"] - table["lower"]).min())
    if scale is None:
        return partial(number_text, places=decimals_of(width, least=2), thousands=True)
    return partial(scale.text, places=scale.places(width, float(table["estimate"].min())))


def _quantity(table: pd.DataFrame, quantity: str | None, outcome: str | None) -> str:
    """Return what is estimated, and of which outcome where one is asked for."""
    said = said_in(table, "quantity", "typical rate").capitalize() if quantity is None else quantity
    return said if outcome is None else f"{outcome}: {said}"


def _about_curve(
    drawn: pd.DataFrame, ci_prob: float, text: Callable[[float], str], suffix: str
) -> str:
    low, median, high = (
        f"{text(value)}{suffix}" for value in drawn["estimate"].quantile([0, 0.5, 1])
    )
    return (
        f"Above: estimates (dots) with their {100 * ci_prob:g}% intervals, from lowest to highest: {low} "
        f"to {high}, median {median}. Below: the choices that each fit made, in the same column. On the "
        "right: how many fits made a choice, and the median of their estimates."
    )


def _about_failures(table: pd.DataFrame, drawn: pd.DataFrame) -> str:
    """Return how many fits failed their diagnostics, and how many there is nothing of."""
    unreliable, missing = int((~drawn["ok"].astype(bool)).sum()), len(table) - len(drawn)
    failed = f"{counted(unreliable, 'fit')} failed the diagnostics (marked below the curve): do not use these."
    lost = f"{counted(missing, 'fit')} could not be made and {'is' if missing == 1 else 'are'} not drawn."
    return " ".join(text for text, number in ((failed, unreliable), (lost, missing)) if number)


def _choice_rows(made: Mapping[tuple[str, object], Flags], median: Column) -> Rows:
    """Return a row for each level of a choice, below a band for each choice."""
    names = [name for name, _ in made]
    return Rows(
        heading="Choice",
        axis="",
        labels=[str(level) or "none" for _, level in made],
        columns=[Column("Fits", [f"{own.sum():,}" for own in made.values()]), median],
        bands={names.index(name): (name.replace("_", " "), "") for name in dict.fromkeys(names)},
    )


def _draw_curve(graph: Axes, table: pd.DataFrame, per: float) -> None:
    estimate, lower, upper = per * table[NUMBERS].to_numpy(dtype=np.float64).T
    place, bad = np.arange(len(table)), ~table["ok"].to_numpy(dtype=bool)
    column = GRAPH / len(table) * POINTS_PER_INCH
    width, size = float(np.clip(column * (1 - SPACE), 0.3, 3)), float(np.clip(column, 1.2, 4.5))
    graph.vlines(place, lower, upper, color=RANGE, linewidth=width, zorder=2)
    graph.plot(place, estimate, "o", color=MODEL, markersize=size, markeredgewidth=0, zorder=3)
    spread = float(upper.max() - lower.min()) or 1.0
    graph.set(
        xlim=(-0.5, len(table) - 0.5),
        ylim=(lower.min() - 0.08 * spread, upper.max()),
        xticks=[],
        xlabel="Fits, from the lowest estimate to the highest",
    )
    put_ticks(graph.yaxis, 9)
    # So that no number touches the rule above.
    graph.set_ylim(top=upper.max() + 0.08 * spread)
    # Marks of unreliable fits are wide enough to be seen among thousands.
    mark: dict[str, Any] = {
        "markersize": 5,
        "markeredgewidth": float(np.clip(column, 0.6, 1.5)),
        "zorder": 4,
    }
    below = np.full(bad.sum(), 0.015)
    graph.plot(place[bad], below, "|", color=ALARM, transform=graph.get_xaxis_transform(), **mark)
    bare(graph, grid="y", sides=["left"])


def _draw_choices(graph: Axes, made: Sequence[Flags], heights: Array) -> None:
    """Mark in each row the fits that made its choice."""
    fits = len(made[0])
    graph.set(xlim=(-0.5, fits - 0.5))
    graph.axis("off")
    space = SPACE / 2 if fits <= FEW else 0.0
    for own, y in zip(made, heights, strict=True):
        graph.axhspan(y - BAR * ROW, y + BAR * ROW, color=BAND, linewidth=0, zorder=0)
        spans = [
            (first - 0.5 + space, count - 2 * space)
            for first, count in _runs(own, merged=not space)
        ]
        bars = graph.broken_barh(spans, (y - BAR * ROW, 2 * BAR * ROW), color=INK, linewidth=0)
        # Columns narrower than a dot become grey; fitted to dots, some would vanish.
        bars.set(snap=False, zorder=2)


def _runs(made: Flags, *, merged: bool) -> list[tuple[int, int]]:
    """Return first position and length of each run of fits that made a choice; singly unless merged."""
    if not merged:
        return [(int(place), 1) for place in np.flatnonzero(made)]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], made, [False]]).astype(np.int8)))
    return [(int(first), int(end - first)) for first, end in edges.reshape(-1, 2)]
