"""The responders that a new cohort is expected to show, and which numbers of them succeed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.planning.single_arm import CountDistribution, SingleArmTrial
from bayesmeta.plots.checks import check_kind
from bayesmeta.plots.pages import Key, Plot, Words
from bayesmeta.plots.panels import draw_counts, graphs_page
from bayesmeta.plots.style import FAINT, INK, MODEL, house_style
from bayesmeta.plots.ticks import put_ticks

__all__ = ["responders"]

FEW, WIDE, TAIL = 60, 0.6, 0.001
"""All numbers are shown up to so many patients, or where so large a share is in view; else those but
for so little probability on either side."""


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
        If `trial` is no SingleArmTrial.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> trial = bm.SingleArmTrial(40, bm.BetaMixture([1], a=[1], b=[1]), "P(rate > 0.35) > 0.9")
    >>> bm.plots.responders(trial)
    Plot(responders: 40 patients)
    """
    check_kind("trial", trial, SingleArmTrial, "SingleArmTrial(n, prior, success)")
    probability = (trial.prior if distribution is None else distribution).pmf(trial.n)
    table = pd.DataFrame(
        {"events": np.arange(trial.n + 1), "probability": probability, "success": trial.successes}
    )
    found = trial.probability_of_success(distribution)
    keys = [
        Key({"color": MODEL, "linewidth": 7}, "Success", f"{100 * found:.1f}%: {trial.words}"),
        Key({"color": FAINT, "linewidth": 7}, "No success", f"{100 * (1 - found):.1f}%"),
    ]
    with house_style():
        title = f"Responders to expect of {trial.n}: probability of success {100 * found:.1f}%"
        explained = f"Success: {trial.success}."
        if 0 < trial.successes.sum() <= trial.n:
            explained += " Dashed: where success begins or ends."
        figure, [graph] = graphs_page(Words(title, [explained, *notes]), keys)
        _draw(graph, table)
    return Plot("responders", figure, table, f"{trial.n} patients")


def _window(table: pd.DataFrame) -> tuple[int, int]:
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


def _draw(graph: Axes, table: pd.DataFrame) -> None:
    events, success = table["events"].to_numpy(), table["success"].to_numpy(dtype=bool)
    low, high = _window(table)
    draw_counts(graph, events, table["probability"].to_numpy(), success, bars=high - low)
    for edge in np.flatnonzero(np.diff(success.astype(int))) + 0.5:
        graph.axvline(edge, color=INK, linewidth=1.0, linestyle="--", zorder=3)
    graph.set_xlim(low - 0.7, high + 0.7)
    put_ticks(graph.xaxis, 10, whole=True)
    put_ticks(graph.yaxis, 8)
    graph.set_xlabel("Responders", labelpad=2)
