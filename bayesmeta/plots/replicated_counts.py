"""Replicated counts of arms beside those observed."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bayesmeta.arrays import Array
from bayesmeta.comparison.predictive_checks import PosteriorPredictiveCheck
from bayesmeta.errors import counted
from bayesmeta.plots.checks import check_kind
from bayesmeta.plots.pages import Plot, Words, bare
from bayesmeta.plots.panels import two_panels
from bayesmeta.plots.style import FAINT, INK, MODEL, RANGE, house_style
from bayesmeta.plots.ticks import put_ticks

LINES, BINS = 50, 40
"""Replicates drawn one by one, and bins of all."""

HEADINGS = ("Rates of arms", "How much arms differ")

NOTE = (
    "Each replicate draws the responders of every arm anew, with the effects that one posterior draw has of "
    "these studies and arms. Left: share of arms whose rate is at most this high; pale, 50 replicates; black, "
    "observed. Right: standard deviation of the arms' rates in all replicates; black line, observed. A p "
    "near 0 or 1 is a misfit. Where each study has its own effect, p is near 0.5 whatever the fit."
)


def posterior_predictive(check: PosteriorPredictiveCheck, *, notes: Sequence[str] = ()) -> Plot:
    """Return replicated rates of arms beside the observed ones, and how much arms differ in both.

    Parameters
    ----------
    check : PosteriorPredictiveCheck
        Of `posterior_predictive_check`.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: the statistics of the check; see `PosteriorPredictiveCheck`.

    Raises
    ------
    SettingsError
        If `check` is something else.

    References
    ----------
    Gelman, Meng & Stern 1996, Statistica Sinica 6:733-807.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> bm.plots.posterior_predictive(bm.posterior_predictive_check(fit, seed=1))
    Plot(posterior_predictive: 2 statistics)
    """
    check_kind("check", check, PosteriorPredictiveCheck, "posterior_predictive_check")
    title = f"Model '{check.model}': {counted(len(check.arms), 'arm')}, replicated from the posterior and observed"
    with house_style():
        words = Words(title, [_values(check), NOTE, *notes])
        figure, [left, right] = two_panels(words, HEADINGS)
        _draw_rates(left, check)
        _draw_statistic(right, check)
    return Plot("posterior_predictive", figure, check.table, counted(len(check.table), "statistic"))


def _values(check: PosteriorPredictiveCheck) -> str:
    chi, sd = check.table.to_dict("records")
    return (
        f"Chi-square of arms about their pooled rate {chi['observed']:.1f}, replicated {chi['lower']:.1f} to "
        f"{chi['upper']:.1f} (95%), p {_p(chi['p'])}. Standard deviation of rates {100 * sd['observed']:.1f} "
        f"points, replicated {100 * sd['lower']:.1f} to {100 * sd['upper']:.1f}, p {_p(sd['p'])}. p: share "
        "of replicates that are at least as high."
    )


def _p(value: float) -> str:
    """Return a p-value, of which draws tell no more than three decimals."""
    if value < 0.001:  # noqa: PLR2004
        return "below 0.001"
    return "above 0.999" if value > 0.999 else f"{value:.3f}"  # noqa: PLR2004


def _draw_rates(graph: Axes, check: PosteriorPredictiveCheck) -> None:
    bare(graph, grid=None)
    n = check.arms["n"].to_numpy()
    share = np.arange(len(n) + 1) / len(n)
    # Even steps through the chains rather than the first draws of the first.
    chosen = np.linspace(0, len(check.events) - 1, LINES).astype(int)
    for one in check.events[chosen]:
        _steps(graph, 100 * one / n, share, MODEL, width=0.6, alpha=0.25)
    _steps(graph, 100 * check.arms["events"].to_numpy() / n, share, INK, width=1.6)
    rates = 100 * np.concatenate([check.events[chosen], check.arms[["events"]].to_numpy().T]) / n
    graph.set(xlim=(min(rates.min(), 0), min(1.05 * rates.max(), 100) or 1), ylim=(0, 1.02))
    graph.set(xlabel="Rate of an arm (%)", ylabel="Share of arms")
    put_ticks(graph.xaxis, 5)


def _steps(
    graph: Axes, rates: Array, share: Array, colour: str, *, width: float, alpha: float = 1.0
) -> None:
    places = np.sort(rates)
    graph.step([places[0], *places], share, where="post", color=colour, lw=width, alpha=alpha)


def _draw_statistic(graph: Axes, check: PosteriorPredictiveCheck) -> None:
    bare(graph, grid=None)
    values = 100 * check.statistics["sd of rates"].to_numpy()
    observed = 100 * float(check.table.set_index("statistic")["observed"]["sd of rates"])
    height, _, _ = graph.hist(
        values, bins=BINS, density=True, color=RANGE, edgecolor=FAINT, linewidth=0.3
    )
    reach = 1.05 * max(values.max(), observed) or 1
    graph.set(xlim=(0, reach), xlabel="Standard deviation of rates (points)")
    graph.set(ylim=(0, 1.1 * np.max(height)), yticks=[], ylabel="Density of replicates")
    graph.axvline(observed, color=INK, linewidth=1.6)
    put_ticks(graph.xaxis, 5)
