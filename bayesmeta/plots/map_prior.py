"""The MAP prior: the draws of a new study's rate, the mixture fitted to them, and its robust version."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import SettingsError, counted
from bayesmeta.labels import Labels
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.plots.lettering import put_paragraphs, put_text
from bayesmeta.plots.pages import MARGIN, Plot, inch_axes, notes_of, page_of, title_of
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.style import ALARM, FAINT, INK, MODEL, RANGE, SMALL, house_style
from bayesmeta.plots.ticks import round_ticks, tick_texts

__all__ = ["MapPriorPlot", "map_prior"]

Array = npt.NDArray[np.float64]

GRAPH, LEGEND, AXIS, KEY = (5.2, 2.4), 0.22, 0.5, 0.3
"""Width and height of the graph; heights of the legend and the axis, and length of its keys: inches."""

POINTS, BARS = 401, 60
REACH = 0.005
"""Probability of the prior beyond either end of the axis, at most."""

HEADROOM = 1.08
"""Height of the graph in multiples of the greatest density of the prior and of the draws."""


class MapPriorPlot(Plot):
    """A MAP prior and the densities it shows.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; it belongs to no pyplot window.
    table : DataFrame
        One row per `rate` (probability), with densities: `draws` (of the bar of the histogram there),
        `map`, `component_1` and so on (each times its weight), and `robust` if there is one.

    See Also
    --------
    map_prior : Draws one, with an example.
    """

    def __repr__(self) -> str:
        components = sum(str(name).startswith("component_") for name in self.table.columns)
        robust = ", robust" if "robust" in self.table.columns else ""
        return f"MapPriorPlot({counted(components, 'component')}{robust})"


def map_prior(
    prior: MapPrior,
    robust: BetaMixture | None = None,
    *,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    labels: Labels = Labels(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> MapPriorPlot:
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
    MapPriorPlot
        With `figure`, `table` and `save(path)`.

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
    MapPriorPlot(1 component)
    """
    for name, value, kind in (("prior", prior, MapPrior), ("robust", robust, BetaMixture)):
        if not isinstance(value, kind) and not (name == "robust" and value is None):
            raise SettingsError(
                f"`{name}` must be a {kind.__name__}; got {type(value).__name__}. Make one by "
                f"{'map_prior' if kind is MapPrior else 'robustify'}."
            )
    ends = _ends(prior.mixture)
    table = _table(prior, robust, ends)
    with house_style():
        width = 2 * MARGIN + GRAPH[0]
        warning = "" if prior.reliable else _UNRELIABLE
        above = title_of(
            f"Prior of the rate of a new study: {labels.text(prior.profile)}", GRAPH[0], warning
        )
        below = notes_of([_note(prior, scale), *notes], GRAPH[0])
        top = MARGIN + sum(each.height for each in above) + LEGEND
        bottom = top + GRAPH[1]
        figure, page = page_of(width, bottom + AXIS + sum(each.height for each in below) + MARGIN)
        put_paragraphs(page, MARGIN, MARGIN, above)
        put_paragraphs(page, MARGIN, bottom + AXIS, below)
        _put_legend(page, top - LEGEND, _keys(table))
        graph = inch_axes(figure, (MARGIN, MARGIN + GRAPH[0]), (top, bottom))
        _draw(graph, table)
        _draw_axis(graph, ends, scale)
    return MapPriorPlot(figure, table)


_UNRELIABLE = "NOT RELIABLE: the draws failed their diagnostics."


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
            graph.plot(rate, table[name].to_numpy(), color=RANGE, linewidth=0.9, zorder=2)
    if "robust" in table.columns:
        line = table["robust"].to_numpy()
        graph.plot(rate, line, color=ALARM, linewidth=1.6, linestyle=(0, (4, 2)), zorder=4)
    graph.plot(rate, table["map"].to_numpy(), color=MODEL, linewidth=1.8, zorder=3)
    graph.set_ylim(0, HEADROOM * float(table[["draws", "map"]].to_numpy().max()))


def _draw_axis(graph: Axes, ends: tuple[float, float], scale: RateScale) -> None:
    ticks = round_ticks(scale.per * ends[0], scale.per * ends[1], 6)
    graph.set(xlim=ends, yticks=[])
    graph.set_xticks([tick / scale.per for tick in ticks], tick_texts(ticks))
    graph.tick_params(axis="x", labelsize=SMALL, length=2.5, pad=2)
    graph.set_xlabel(scale.label("Rate"), size=SMALL, labelpad=2)
    for side in ("left", "right", "top"):
        graph.spines[side].set_visible(False)


def _keys(table: pd.DataFrame) -> list[tuple[str, str, float, str]]:
    """Return text, colour, width and dashes of each kind of line; one component is the prior itself."""
    keys = [("Draws", FAINT, 6.0, "-"), ("MAP prior", MODEL, 1.8, "-")]
    if "component_2" in table.columns:
        keys.append(("Components", RANGE, 0.9, "-"))
    if "robust" in table.columns:
        keys.append(("Robust", ALARM, 1.6, "--"))
    return keys


def _put_legend(page: Axes, y: float, keys: Sequence[tuple[str, str, float, str]]) -> None:
    """Write what the lines are, each beside a piece of it."""
    middle = y + LEGEND / 3
    for number, (text, colour, width, dashes) in enumerate(keys):
        x = MARGIN + number * GRAPH[0] / 4
        look = {"color": colour, "linewidth": width, "linestyle": dashes}
        page.plot([x, x + KEY], [middle] * 2, solid_capstyle="butt", **look)  # type: ignore[arg-type]
        put_text(page, x + KEY + 0.06, middle, text, size=SMALL, colour=INK)


def _note(prior: MapPrior, scale: RateScale) -> str:
    mean, low, high = scale.texts(prior.mixture.mean, *prior.mixture.interval(0.95))
    return (
        f"Mixture of {counted(len(prior.mixture.weights), 'beta distribution')}: mean {mean}{scale.suffix}, "
        f"95% interval {low} to {high}{scale.suffix}. Its distribution function differs from that "
        f"of the draws by at most {100 * prior.ecdf_difference:.1f} percentage points."
    )
