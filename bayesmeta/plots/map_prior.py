"""The MAP prior: the draws of a new study's rate, the mixture fitted to them, and its robust version."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import counted
from bayesmeta.labels import Labels
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.plots.checks import check_kind
from bayesmeta.plots.pages import Key, Plot, Words, bare
from bayesmeta.plots.panels import Panels, panel_page
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.style import ALARM, FAINT, MODEL, RANGE, SMALL, house_style
from bayesmeta.plots.ticks import round_ticks, tick_texts

__all__ = ["map_prior"]

GRAPH = (5.2, 2.4)
"""Width and height of the graph in inches."""

POINTS, BARS = 401, 60
REACH = 0.005
"""Probability of the prior beyond either end of the axis, at most."""

HEADROOM = 1.08
"""Height of the graph in multiples of the greatest density of the prior and of the draws."""

UNRELIABLE = "NOT RELIABLE: the draws failed their diagnostics."

DRAWS: dict[str, Any] = {"color": FAINT, "linewidth": 6.0}
MAP: dict[str, Any] = {"color": MODEL, "linewidth": 1.8}
COMPONENT: dict[str, Any] = {"color": RANGE, "linewidth": 0.9}
ROBUST: dict[str, Any] = {"color": ALARM, "linewidth": 1.6, "linestyle": "--"}


def map_prior(
    prior: MapPrior,
    robust: BetaMixture | None = None,
    *,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    labels: Labels = Labels(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the density of a MAP prior over the histogram of the draws behind it.

    Parameters
    ----------
    prior : MapPrior
        The prior.
    robust : BetaMixture, optional
        Its robust version, to be drawn beside it.
    scale : RateScale
        What rates are counted per.
    labels : Labels
        Labels of levels and columns, in place of their names.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per `rate` (probability), with densities: `draws` (of the histogram),
        `map`, `component_1` and so on (each times its weight), and `robust` if there is one.

    Raises
    ------
    SettingsError
        If `prior` is no MapPrior, or `robust` no BetaMixture.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> posterior = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> bm.plots.map_prior(bm.map_prior(posterior, components=1))
    Plot(map_prior: 1 component)
    """
    check_kind("prior", prior, MapPrior, "map_prior")
    if robust is not None:
        check_kind("robust", robust, BetaMixture, "robustify")
    ends = _ends(prior.mixture)
    table = _table(prior, robust, ends)
    words = Words(
        f"Prior of the rate of a new study: {labels.text(prior.profile)}",
        [_note(prior, scale), *notes],
        "" if prior.reliable else UNRELIABLE,
    )
    with house_style():
        panels = Panels(count=1, columns=1, size=GRAPH, left=0, right=0)
        figure, [graph] = panel_page(words, _keys(table), panels)
        _draw(graph, table)
        _draw_axis(graph, ends, scale)
    about = counted(len(prior.mixture.weights), "component") + (", robust" if robust else "")
    return Plot("map_prior", figure, table, about)


def _ends(mixture: BetaMixture) -> tuple[float, float]:
    """Return the rates between which nearly all of the prior lies; 0 or 1 where it is near."""
    low, high = mixture.quantile(REACH), mixture.quantile(1 - REACH)
    spare = 0.1 * (high - low)
    return max(low - spare, 0.0) if low > spare else 0.0, min(high + spare, 1.0)


def _table(prior: MapPrior, robust: BetaMixture | None, ends: tuple[float, float]) -> pd.DataFrame:
    rate = np.linspace(*ends, POINTS)
    edges = np.linspace(*ends, BARS + 1)
    rates = prior.fitted.sample.rates
    counts, _ = np.histogram(rates, edges)
    bars = counts / rates.size / np.diff(edges)
    bar = np.clip(np.searchsorted(edges, rate, side="right") - 1, 0, BARS - 1)
    columns = {"rate": rate, "draws": bars[bar], "map": prior.mixture.pdf(rate)}
    parts = zip(prior.mixture.weights, prior.mixture.a, prior.mixture.b, strict=True)
    for number, (weight, a, b) in enumerate(parts, start=1):
        columns[f"component_{number}"] = weight * BetaMixture((1.0,), (a,), (b,)).pdf(rate)
    if robust is not None:
        columns["robust"] = robust.pdf(rate)
    return pd.DataFrame(columns)


def _draw(graph: Axes, table: pd.DataFrame) -> None:
    rate = table["rate"].to_numpy()
    graph.fill_between(rate, table["draws"].to_numpy(), step="post", color=FAINT, linewidth=0)
    for name in table.columns:
        if str(name).startswith("component_"):
            graph.plot(rate, table[name].to_numpy(), zorder=2, **COMPONENT)
    if "robust" in table.columns:
        graph.plot(rate, table["robust"].to_numpy(), zorder=4, **ROBUST)
    graph.plot(rate, table["map"].to_numpy(), zorder=3, **MAP)
    graph.set_ylim(0, HEADROOM * float(table[["draws", "map"]].to_numpy().max()))


def _draw_axis(graph: Axes, ends: tuple[float, float], scale: RateScale) -> None:
    ticks = round_ticks(scale.per * ends[0], scale.per * ends[1], 6)
    graph.set(xlim=ends, yticks=[])
    graph.set_xticks([tick / scale.per for tick in ticks], tick_texts(ticks))
    bare(graph, grid=None, sides=["bottom"])
    graph.set_xlabel(scale.label("Rate"), size=SMALL, labelpad=2)


def _keys(table: pd.DataFrame) -> list[Key]:
    """Return what each kind of line is; one component is the prior itself."""
    keys = [Key(DRAWS, "Draws"), Key(MAP, "MAP prior")]
    if "component_2" in table.columns:
        keys.append(Key(COMPONENT, "Components"))
    if "robust" in table.columns:
        keys.append(Key(ROBUST, "Robust"))
    return keys


def _note(prior: MapPrior, scale: RateScale) -> str:
    mean, low, high = scale.texts(prior.mixture.mean, *prior.mixture.interval(0.95))
    return (
        f"Mixture of {counted(len(prior.mixture.weights), 'beta distribution')}: mean {mean}{scale.suffix}, "
        f"95% interval {low} to {high}{scale.suffix}. Kolmogorov distance between the mixture and "
        f"the draws: {100 * prior.ecdf_difference:.1f} percentage points."
    )
