"""Power curves: the probability that trials succeed, against the true rate."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import SettingsError, counted
from bayesmeta.planning.single_arm import SingleArmTrial
from bayesmeta.plots.graph_page import LINES, Key, check_lines, graph_page
from bayesmeta.plots.pages import Plot
from bayesmeta.plots.style import INK, house_style

__all__ = ["PowerPlot", "power"]

POINTS = 201
"""True rates of a curve."""


class PowerPlot(Plot):
    """Power curves and the numbers they show.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; it belongs to no pyplot window.
    table : DataFrame
        One row per design and true rate: `design`, `rate` and `success` (both probabilities).

    See Also
    --------
    power : Draws one, with an example.
    """

    def __repr__(self) -> str:
        return f"PowerPlot({counted(self.table['design'].nunique(), 'design')})"


def power(designs: Mapping[str, SingleArmTrial], *, notes: Sequence[str] = ()) -> PowerPlot:
    """Return the probability of success against the true rate, one line for each design.

    Parameters
    ----------
    designs : mapping of str to SingleArmTrial
        One to six trials by name, which may differ in prior, patients and success.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    PowerPlot
        With `figure`, `table` and `save(path)`.

    Raises
    ------
    SettingsError
        If there are no designs, or too many.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> trial = bm.SingleArmTrial(40, bm.BetaMixture([1], a=[1], b=[1]), "P(rate > 0.35) > 0.9")
    >>> bm.plots.power({"flat prior": trial})
    PowerPlot(1 design)
    """
    if not designs or not all(isinstance(each, SingleArmTrial) for each in designs.values()):
        raise SettingsError(
            f"`designs` must map a name to each SingleArmTrial; got {designs!r}. Write {{'MAP': trial}}."
        )
    check_lines("designs", designs)
    rates = np.linspace(0, 1, POINTS)
    table = pd.concat(
        [
            trial.operating_characteristics(rates).assign(design=name)
            for name, trial in designs.items()
        ],
        ignore_index=True,
    )[["design", "rate", "success"]]
    keys = [
        Key(look, name, f"{trial.words}; type-I error {100 * trial.type_one_error():.1f}%")
        for look, (name, trial) in zip(LINES, designs.items(), strict=False)
    ]
    conditions = dict.fromkeys(str(trial.success) for trial in designs.values())
    explained = (
        f"Success: {'; or '.join(conditions)}. Points: the type-I error, which is the probability of "
        "success at the hardest threshold that is tested (dotted)."
    )
    with house_style():
        figure, graph = graph_page("Probability of success by true rate", keys, [explained, *notes])
        _draw(graph, table, designs)
    return PowerPlot(figure, table)


def _draw(graph: Axes, table: pd.DataFrame, designs: Mapping[str, SingleArmTrial]) -> None:
    for null in dict.fromkeys(trial.success.null_value for trial in designs.values()):
        graph.axvline(100 * null, color=INK, linewidth=0.8, linestyle=":", zorder=1)
    for look, (name, trial) in zip(LINES, designs.items(), strict=False):
        curve = table[table["design"] == name]
        graph.plot(100 * curve["rate"], 100 * curve["success"], zorder=2, clip_on=False, **look)
        point = 100 * trial.success.null_value, 100 * trial.type_one_error()
        graph.scatter(*point, s=24, color=look["color"], edgecolor="white", zorder=3, clip_on=False)
    graph.set(xlim=(0, 100), ylim=(0, 100))
    graph.set_xlabel("True response rate (%)", labelpad=2)
    graph.set_ylabel("Probability of success (%)", labelpad=2)
