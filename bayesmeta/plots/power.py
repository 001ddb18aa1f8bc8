"""Power curves: the probability that trials succeed, against the true rate."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import SettingsError, counted
from bayesmeta.planning.single_arm import SingleArmTrial
from bayesmeta.plots.checks import check_lines
from bayesmeta.plots.pages import Key, Plot, Words
from bayesmeta.plots.panels import graphs_page
from bayesmeta.plots.style import INK, LINES, house_style

__all__ = ["power"]

POINTS = 201
"""True rates of a curve."""

ZOOMS, FLAT = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2), 0.001
"""True rates at which curves may end, and the probability of success that is left beyond them."""

TOLD_APART = 0.01
"""Difference of probabilities of success below which lines lie on each other."""

SHOWN = 0.05
"""Type-I error (%) that a decimal shows."""


def power(designs: Mapping[str, SingleArmTrial], *, notes: Sequence[str] = ()) -> Plot:
    """Return the probability of success against the true rate, one line for each design.

    Parameters
    ----------
    designs : mapping of str to SingleArmTrial
        One to six trials by name, which may differ in prior, patients and success.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per design and true rate: `design`, `rate` and `success` (both probabilities).

    Raises
    ------
    SettingsError
        If there are no designs, or too many.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> trial = bm.SingleArmTrial(40, bm.BetaMixture([1], a=[1], b=[1]), "P(rate > 0.35) > 0.9")
    >>> bm.plots.power({"flat prior": trial})
    Plot(power: 1 design)
    """
    if not designs or not all(isinstance(each, SingleArmTrial) for each in designs.values()):
        raise SettingsError(
            f"`designs` must map a name to each SingleArmTrial; got {designs!r}. Write {{'MAP': trial}}."
        )
    check_lines("designs", designs)
    rates = np.linspace(0, _highest(list(designs.values())), POINTS)
    table = pd.concat(
        [
            trial.operating_characteristics(rates).assign(design=name)
            for name, trial in designs.items()
        ],
        ignore_index=True,
    )[["design", "rate", "success"]]
    keys = [
        Key(look, name, _about(trial) + _same(name, designs, table))
        for look, (name, trial) in zip(LINES, designs.items(), strict=False)
    ]
    conditions = dict.fromkeys(str(trial.success) for trial in designs.values())
    explained = (
        f"Success: {'; or '.join(conditions)}. Points: the type-I error, which is the probability of "
        f"success at the null. Dotted: {_thresholds(designs)}."
    )
    with house_style():
        words = Words("Probability of success by true rate", [explained, *notes])
        figure, [graph] = graphs_page(words, keys)
        _draw(graph, table, designs)
    return Plot("power", figure, table, counted(len(designs), "design"))


def _highest(trials: Sequence[SingleArmTrial]) -> float:
    """Return the true rate up to which curves are drawn: 1, or less where all is decided earlier."""
    for rate in ZOOMS:
        ends = [
            each.operating_characteristics([rate, 1])["success"].diff().iloc[1] for each in trials
        ]
        beyond = all(each.value <= rate for trial in trials for each in trial.success.thresholds)
        if beyond and max(map(abs, ends)) < FLAT:
            return rate
    return 1.0


def _about(trial: SingleArmTrial) -> str:
    """Return which counts succeed, and the type-I error."""
    error = 100 * trial.type_one_error()
    return (
        f"{trial.words}; type-I error {error:.1f}%"
        if error >= SHOWN
        else f"{trial.words}; type-I error {error:.1g}%"
    )


def _same(name: str, designs: Mapping[str, SingleArmTrial], table: pd.DataFrame) -> str:
    """Return which line above this one lies on, or can't be told from it; empty if none."""
    curves = {one: rows["success"].to_numpy() for one, rows in table.groupby("design")}
    names = list(designs)
    for other in names[: names.index(name)]:
        if np.array_equal(designs[other].successes, designs[name].successes):
            return f"; on the line of {other}"
        apart = float(np.abs(curves[other] - curves[name]).max())
        if apart < TOLD_APART:
            return f"; at most {100 * apart:.1g} points from the line of {other}"
    return ""


def _thresholds(designs: Mapping[str, SingleArmTrial]) -> str:
    """Return the thresholds of all designs with their names."""
    found = dict.fromkeys(each for trial in designs.values() for each in trial.success.thresholds)
    return ", ".join(f"{each.name} {100 * each.value:g}%" for each in found)


def _draw(graph: Axes, table: pd.DataFrame, designs: Mapping[str, SingleArmTrial]) -> None:
    values = {each.value for trial in designs.values() for each in trial.success.thresholds}
    for value in sorted(values):
        graph.axvline(100 * value, color=INK, linewidth=0.8, linestyle=":", zorder=1)
    for look, (name, trial) in zip(LINES, designs.items(), strict=False):
        curve = table[table["design"] == name]
        graph.plot(100 * curve["rate"], 100 * curve["success"], zorder=2, clip_on=False, **look)
        point = 100 * trial.success.null_value, 100 * trial.type_one_error()
        graph.scatter(*point, s=24, color=look["color"], edgecolor="white", zorder=3, clip_on=False)
    graph.set(xlim=(0, 100 * float(table["rate"].max())), ylim=(0, 100))
    graph.set_xlabel("True response rate (%)", labelpad=2)
    graph.set_ylabel("Probability of success (%)", labelpad=2)
