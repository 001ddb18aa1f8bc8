"""Distributions of trials: the MAP prior of the rate, and the predicted responders."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import counted
from bayesmeta.labels import Labels
from bayesmeta.planning.analysis_priors import belief
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.single_arm import CountDistribution, SingleArmTrial
from bayesmeta.plots.checks import check_kind
from bayesmeta.plots.pages import Key, Plot, Words, bare
from bayesmeta.plots.panels import draw_counts, panel_page
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.style import ALARM, FAINT, INK, MODEL, RANGE, house_style
from bayesmeta.plots.ticks import put_ticks, round_ticks, tick_texts

GRAPH = (5.4, 2.4)
"""Size in inches."""

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

FEW, WIDE, TAIL = 60, 0.6, 0.001
"""All numbers are shown up to so many patients, or where so large a share is in view; else those but
for so little probability on either side."""


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
        If `prior` is not a MapPrior, or `robust` no BetaMixture.

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
        figure, [graph] = panel_page(words, _keys(table), GRAPH)
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
    graph.set(xlim=ends, xlabel=scale.label("Rate"), yticks=[])
    graph.set_xticks([tick / scale.per for tick in ticks], tick_texts(ticks))
    bare(graph, grid=None, sides=["bottom"])


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


def responders(
    trial: SingleArmTrial,
    *,
    distribution: CountDistribution | None = None,
    notes: Sequence[str] = (),
) -> Plot:
    """Return the probability of each number of responders, with the boundary of success.

    Parameters
    ----------
    trial : SingleArmTrial
        The trial.
    distribution : BetaMixture or distribution of a prediction, optional
        What is believed of the rate before the trial; the prior of the analysis where None.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per number of responders: `events`, `probability`, and whether it is a
        `success`.

    Raises
    ------
    SettingsError
        If `trial` is not a SingleArmTrial.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> trial = bm.SingleArmTrial(40, bm.BetaMixture([1], a=[1], b=[1]), "P(rate > 0.35) > 0.9")
    >>> bm.plots.responders(trial)
    Plot(responders: 40 patients)
    """
    check_kind("trial", trial, SingleArmTrial, "SingleArmTrial(n, prior, success)")
    probability = (belief(trial.prior) if distribution is None else distribution).pmf(trial.n)
    table = pd.DataFrame(
        {"events": np.arange(trial.n + 1), "probability": probability, "success": trial.successes}
    )
    found = trial.probability_of_success(distribution)
    keys = [
        Key({"color": MODEL, "linewidth": 7}, "Success", f"{100 * found:.1f}%, {trial.words}"),
        Key({"color": FAINT, "linewidth": 7}, "No success", f"{100 * (1 - found):.1f}%"),
    ]
    with house_style():
        title = f"Predicted responders of {trial.n}: probability of success {100 * found:.1f}%"
        explained = f"Success: {trial.success}."
        if 0 < trial.successes.sum() <= trial.n:
            explained += " Dashed: where success begins or ends."
        figure, [graph] = panel_page(Words(title, [explained, *notes]), keys, GRAPH)
        _draw_responders(graph, table)
    return Plot("responders", figure, table, f"{trial.n} patients")


def _shown(table: pd.DataFrame) -> tuple[int, int]:
    """Return the numbers between which nearly all of the distribution and the ends of success lie."""
    last = len(table) - 1
    distribution = np.cumsum(table["probability"].to_numpy())
    ends = np.flatnonzero(np.diff(table["success"].to_numpy(dtype=int)))
    seen = [*np.searchsorted(distribution, [TAIL, 1 - TAIL]), *ends]
    low, high = int(min(seen)), int(max(seen)) + 1
    if last <= FEW or high - low > WIDE * last:
        return 0, last
    spare = max(1, (high - low) // 10)
    return max(low - spare, 0), min(high + spare, last)


def _draw_responders(graph: Axes, table: pd.DataFrame) -> None:
    events, success = table["events"].to_numpy(), table["success"].to_numpy(dtype=bool)
    low, high = _shown(table)
    draw_counts(graph, events, table["probability"].to_numpy(), success, bars=high - low)
    for edge in np.flatnonzero(np.diff(success.astype(int))) + 0.5:
        graph.axvline(edge, color=INK, linewidth=1.0, linestyle="--", zorder=3)
    bare(graph)
    graph.set(xlim=(low - 0.7, high + 0.7), xlabel="Responders")
    put_ticks(graph.xaxis, 10, whole=True)
    put_ticks(graph.yaxis, 8)
