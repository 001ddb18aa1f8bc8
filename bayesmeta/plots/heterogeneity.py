"""The heterogeneity plot: what a tau means for the rates of studies, and which taus are supported."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.estimates.tau_numbers import BAND, GUIDE, GUIDES, POSTERIOR, TauNumbers, tau_numbers
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.result import Fit
from bayesmeta.model import OwnModel
from bayesmeta.model.coding import Profile
from bayesmeta.plots.fit_text import about_characters, about_conditional, conditional_of, fit_words
from bayesmeta.plots.lettering import printable, shortened
from bayesmeta.plots.pages import Key, Plot, bare
from bayesmeta.plots.panels import panel_page
from bayesmeta.plots.rate_axis import RateAxis, RateScale, rate_axis
from bayesmeta.plots.style import INK, MODEL, PREDICTION, RANGE, SMALL, house_style, symbol
from bayesmeta.plots.ticks import kept_apart, put_ticks

GRAPH, LEGROOM, APART = (5.4, 3.2), 0.075, 0.13
"""Size in inches, share of it below the rates, where the posterior stands, and least distance of labels
in inches."""

SHADE: dict[str, Any] = {"color": PREDICTION, "alpha": 0.55, "linewidth": 0}
EDGE: dict[str, Any] = {"color": INK, "linewidth": 0.9}
TYPICAL: dict[str, Any] = {"color": MODEL, "linewidth": 1.2, "linestyle": ":"}
GUIDE_LINE: dict[str, Any] = {"color": INK, "linewidth": 0.8, "linestyle": (0, (1, 2))}
INTERVAL: dict[str, Any] = {"color": RANGE, "linewidth": 4.0}
MEDIAN = symbol("D", 5.5, MODEL, INK)


def heterogeneity(
    fit: Fit,
    *,
    outcome: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return what tau means for rates: the range of the true rates of studies against tau.

    The band holds the true rates of studies with probability `ci_prob` if tau were known, about the
    posterior median of the typical rate. The bar on the axis is the median and interval of tau. Of an
    outcome within another, all rates are conditional: of the patients with the enclosing outcome.

    Parameters
    ----------
    fit : Fit
        Posterior draws. If their diagnostics fail, the figure says so in its first line.
    outcome : str, optional
        Which of several outcomes.
    profile : mapping, optional
        Covariate values, which decide whose tau is drawn; what is left out is at the reference.
    ci_prob : float
        Probability of the band and of the interval of tau.
    scale : RateScale
        How rates are shown.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per value of tau (`kind` ``"band"``), per guide value (``"guide"``) and one of
        the posterior (``"posterior"``), with columns as of
        `bayesmeta.estimates.tau_numbers.tau_numbers`; tau is on the scale of the link.

    Raises
    ------
    SettingsError
        If `fit` has no draws, the model no tau, or an argument is out of its range.
    ProfileError
        If the profile cannot be coded.

    References
    ----------
    Neuenschwander, Capkun-Niggli, Branson & Spiegelhalter 2010, doi:10.1177/1740774509356002 (guide
    values of tau).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> plot = bm.plots.heterogeneity(bm.fit(bm.load_model("pooled"), arms, seed=1))
    >>> plot.table["kind"].unique().tolist()
    ['band', 'guide', 'posterior']
    """
    numbers = tau_numbers(fit, outcome=outcome, profile=profile, ci_prob=ci_prob)
    own, title = _notes(fit, outcome, numbers, scale), "What heterogeneity means for rates"
    words = fit_words(title, fit, own, notes, outcome=outcome)
    bands = numbers.table[numbers.table["kind"] == BAND]
    axis = rate_axis(scale, bands[["typical", "lower", "upper"]], bands["typical"])
    pair = conditional_of(fit, outcome)
    kind = "Conditional" if pair else "True"
    with house_style():
        figure, [graph] = panel_page(words, _keys(ci_prob, kind), GRAPH)
        _draw(graph, numbers, axis, fit.spec.link.scale)
        what = f"{kind} rate of a study{f', {pair}' if pair else ''}"
        graph.set_ylabel(shortened(printable(scale.label(what)), GRAPH[1]))
    [row] = numbers.table[numbers.table["kind"] == POSTERIOR].to_dict("records")
    about = f"tau {row['tau']:.2f}, {row['tau_lower']:.2f} to {row['tau_upper']:.2f}"
    return Plot("heterogeneity", figure, numbers.table.copy(), about)


def _keys(ci_prob: float, kind: str) -> list[Key]:
    sure = f"{100 * ci_prob:g}%"
    return [
        Key({**SHADE, "linewidth": 7}, f"{kind} rates of {sure} of studies, by tau"),
        Key(TYPICAL, "Typical rate (median)"),
        Key(
            {**MEDIAN, **INTERVAL, "linestyle": "-"},
            f"Posterior of tau: median and {sure} interval",
        ),
    ]


def _draw(graph: Axes, numbers: TauNumbers, axis: RateAxis, scale: str) -> None:
    table = numbers.table
    band, guides = table[table["kind"] == BAND], table[table["kind"] == GUIDE]
    [posterior] = table[table["kind"] == POSTERIOR].to_dict("records")
    tau = band["tau"].to_numpy(dtype=np.float64)
    lower, upper = (axis.places(band[name]) for name in ("lower", "upper"))
    _draw_axes(graph, float(tau[-1]), axis, scale)
    graph.fill_between(tau, lower, upper, zorder=1, **SHADE)
    for edge in (lower, upper):
        graph.plot(tau, edge, zorder=2, **EDGE)
    graph.plot(tau, axis.marks(band["typical"]), zorder=2, **TYPICAL)
    _draw_guides(graph, guides, axis)
    # Below the rates, in the middle of the room that is left there.
    below: dict[str, Any] = {"transform": graph.get_xaxis_transform(), "solid_capstyle": "butt"}
    y = LEGROOM / (1 + LEGROOM) / 2
    ends = [posterior["tau_lower"], posterior["tau_upper"]]
    graph.plot(ends, [y, y], zorder=4, **below, **INTERVAL)
    graph.plot(posterior["tau"], y, zorder=5, **below, **MEDIAN)


def _draw_axes(graph: Axes, end: float, axis: RateAxis, scale: str) -> None:
    bare(graph)
    graph.set(xlim=(0, end))
    put_ticks(graph.xaxis, 8)
    axis.put_on(graph.yaxis, GRAPH[1], room=LEGROOM)
    graph.set_ylim(top=axis.limits[1])
    graph.axhline(axis.limits[0], color=INK, linewidth=0.5, zorder=1)
    graph.set_xlabel(f"tau ({scale})")


def _draw_guides(graph: Axes, guides: pd.DataFrame, axis: RateAxis) -> None:
    """Draw the guide values, each with its name unless the one before it is too near."""
    graph.vlines(guides["tau"], *axis.limits, zorder=3, **GUIDE_LINE)
    end = graph.get_xlim()[1]
    inch = end / GRAPH[0]
    named = zip(guides["name"], guides["tau"], strict=True)
    for name, at in kept_apart(named, lambda guide: guide[1], APART * inch):
        # Beside the line, and within the graph.
        fits = end - at >= APART * inch
        x, side = (at + 0.03 * inch, "left") if fits else (at - 0.03 * inch, "right")
        graph.text(
            x, 0.98, name, rotation=90, va="top", ha=side, size=SMALL, color=INK,
            transform=graph.get_xaxis_transform(),
        )  # fmt: skip


def _notes(fit: Fit, outcome: str | None, numbers: TauNumbers, scale: RateScale) -> list[str]:
    [row] = numbers.table[numbers.table["kind"] == POSTERIOR].to_dict("records")
    sure, rates = f"{100 * numbers.ci_prob:g}%", scale.texts(row["lower"], row["upper"])
    words = words_of(fit)
    own = f" of {words.level(words.by, numbers.level)}" if numbers.level else ""
    return [
        f"tau{own}: median {row['tau']:.2f}, {sure} interval {row['tau_lower']:.2f} to "
        f"{row['tau_upper']:.2f}. At its median, {sure} of studies would have rates from "
        f"{rates[0]} to {rates[1]}{scale.suffix}. The prediction interval of a new study is wider, as tau "
        "and the typical rate are not known.",
        f"The typical rate is at {words.text(numbers.profile)}." if fit.coding.columns else "",
        about_conditional(fit, outcome, "Rates and tau are those"),
        _about_distribution(fit, numbers),
        _about_guides(numbers),
        about_characters([numbers.profile, numbers.level]),
    ]


def _about_distribution(fit: Fit, numbers: TauNumbers) -> str:
    if isinstance(fit.spec, OwnModel):
        return "Study effects of a PyMC model are taken to be normal, with standard deviation tau."
    known = ", ".join(
        f"{name} at its median {value:.2g}" for name, value in numbers.distribution.items()
    )
    distribution = f"Distribution of study effects: {fit.spec.study_effects.symbol}{f'; {known}' if known else ''}."
    more = fit.spec.arm_effects is not None or fit.spec.likelihood.parameters
    return f"{distribution} Arms of a study differ beyond that." if more else distribution


def _about_guides(numbers: TauNumbers) -> str:
    if not (numbers.table["kind"] == GUIDE).any():
        return ""
    named = ", ".join(f"{value:g} {name}" for name, value in GUIDES.items())
    return f"Guide values of tau (dotted): {named} (Neuenschwander et al. 2010)."
