"""Prior against posterior: how far the evidence moved the rates, tau and coefficients."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import counted
from bayesmeta.estimates.prior_posterior_numbers import (
    POSTERIOR,
    PRIOR,
    PriorPosteriorNumbers,
    prior_posterior_numbers,
)
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.plots.fit_text import about_characters, about_conditional, fit_words
from bayesmeta.plots.lettering import printable, shortened
from bayesmeta.plots.pages import Key, Plot, bare
from bayesmeta.plots.panels import panel_page
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.style import ALARM, MODEL, RANGE, SMALL, house_style
from bayesmeta.plots.ticks import number_texts, put_ticks
from bayesmeta.wording import Wording

PANEL, COLUMNS = (2.2, 1.6), 3
"""Size of a panel in inches, and panels beside each other."""

HEADROOM, HIGHEST = 1.08, 3.0
"""Height of a panel in multiples of the highest bar; that of a prior beyond which it is cut off."""

PRIOR_LINE: dict[str, Any] = {"color": ALARM, "linewidth": 1.5, "linestyle": "--"}
BARS: dict[str, Any] = {"facecolor": RANGE, "alpha": 0.6, "linewidth": 0}
OUTLINE: dict[str, Any] = {"color": MODEL, "linewidth": 1.1}

NAMES = {"typical rate": "Typical rate", "new study": "Rate of a new study"}


def prior_posterior(
    fit: Fit,
    *,
    outcome: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return prior and posterior of the typical rate, of a new study, each tau and each coefficient.

    A panel each: the prior is a line, the posterior a histogram of the draws. Below are both
    intervals, and how far the two overlap: 100% where the evidence left the prior as it was.

    Parameters
    ----------
    fit : Fit
        Posterior draws. If their diagnostics fail, the figure says so in its first line.
    outcome : str, optional
        Which of several outcomes.
    profile : mapping, optional
        Covariate values; what is left out is at the reference level or the centre.
    ci_prob : float
        Probability of the intervals.
    scale : RateScale
        What rates are counted per; densities are drawn as far as the posterior goes.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per point of a prior and bar of a posterior, with columns as of
        `bayesmeta.estimates.prior_posterior_numbers.prior_posterior_numbers`; rates are probabilities.

    Raises
    ------
    SettingsError
        If `fit` is not a Fit of a ModelSpec, or an argument is out of its range.
    ProfileError
        If the profile cannot be coded.

    References
    ----------
    Garrett & Zeger 2000, doi:10.1111/j.0006-341X.2000.01055.x (overlap of prior and posterior).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> bm.plots.prior_posterior(bm.fit(bm.load_model("pooled"), arms, seed=1))
    Plot(prior_posterior: 3 quantities)
    """
    numbers = prior_posterior_numbers(fit, outcome=outcome, profile=profile, ci_prob=ci_prob)
    quantities = list(dict.fromkeys(numbers.table["quantity"]))
    words = fit_words(
        "Prior and posterior", fit, _notes(fit, outcome, numbers, scale), notes, outcome=outcome
    )
    bar = {"color": RANGE, "alpha": BARS["alpha"], "linewidth": 7}
    keys = [Key(PRIOR_LINE, "Prior"), Key(bar, "Posterior")]
    with house_style():
        columns = min(COLUMNS, len(quantities))
        below = 0.6 if any(" vs " in words_of(fit).parameter(one) for one in quantities) else 0.45
        room = (0.12, 0.12, 0.05, below)
        figure, graphs = panel_page(
            words, keys, PANEL, count=len(quantities), columns=columns, room=room
        )
        for graph, quantity in zip(graphs, quantities, strict=True):
            own = numbers.table[numbers.table["quantity"] == quantity]
            _draw(graph, own, scale, words_of(fit).parameter(quantity))
    about = counted(len(quantities), "quantity", "quantities")
    return Plot("prior_posterior", figure, numbers.table.copy(), about)


def _draw(graph: Axes, table: pd.DataFrame, rates: RateScale, name: str) -> None:
    """Draw the prior and the posterior of one quantity."""
    quantity, scale = table[["quantity", "scale"]].iloc[0]
    unit = rates.per if quantity in NAMES else 1
    prior, bars = table[table["kind"] == PRIOR], table[table["kind"] == POSTERIOR]
    edges = unit * np.append(bars["x"].to_numpy(), bars["x_end"].iloc[-1])
    heights = bars["density"].to_numpy(dtype=np.float64)
    graph.stairs(heights, edges, fill=True, zorder=1, **BARS)
    graph.stairs(heights, edges, zorder=2, **OUTLINE)
    graph.plot(unit * prior["x"], prior["density"], zorder=3, **PRIOR_LINE)
    inner = float(prior["density"].iloc[2:-2].max())
    highest = float(heights.max())
    bare(graph, grid=None, sides=["bottom"])
    first, second, last = (float(prior["x"].iloc[at]) for at in (0, 1, -1))
    half = (second - first) / 2
    graph.set(
        xlim=(unit * (first - half), unit * (last + half)),
        ylim=(0, HEADROOM * max(highest, min(inner, HIGHEST * highest))),
        yticks=[],
    )
    put_ticks(graph.xaxis, 5)
    label = rates.label(NAMES[quantity]) if quantity in NAMES else f"{name} ({scale})"
    # A level stands above its reference, as both have no room in one line.
    level, versus, reference = label.partition(" vs ")
    lines = [level, f"vs {reference}"] if versus else [label]
    shown = "\n".join(shortened(printable(line), PANEL[0], size=SMALL) for line in lines)
    graph.set_xlabel(shown, size=SMALL)


def _notes(
    fit: Fit, outcome: str | None, numbers: PriorPosteriorNumbers, scale: RateScale
) -> list[str]:
    sure, words = f"{100 * numbers.ci_prob:g}%", words_of(fit)
    rows = [_interval(row, sure, scale, words) for row in numbers.intervals.to_dict("records")]
    return [
        *rows,
        f"Rates are at {words.text(numbers.profile)}." if fit.coding.columns else "",
        about_conditional(fit, outcome, "tau and coefficients are those"),
        "Overlap: the area under both densities. Above 80%, the evidence hardly changed the prior.",
        about_characters([*numbers.intervals["quantity"], numbers.profile]),
    ]


def _interval(row: dict[Any, Any], sure: str, scale: RateScale, words: Wording) -> str:
    """Return the medians and intervals of one quantity, and the overlap."""
    rate = row["quantity"] in NAMES
    unit = scale.suffix if rate else ""
    texts = []
    for kind in (PRIOR, POSTERIOR):
        numbers = [row[f"{kind}_{name}"] for name in ("median", "lower", "upper")]
        middle, lower, upper = scale.texts(*numbers) if rate else number_texts(*numbers)
        texts.append(f"{middle}{unit} ({sure} interval {lower} to {upper}{unit})")
    name = row["quantity"].capitalize() if rate else words.parameter(row["quantity"])
    return f"{name}: prior {texts[0]}, posterior {texts[1]}; overlap {100 * row['overlap']:.0f}%."
