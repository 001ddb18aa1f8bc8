"""Curves of trials: the probability of success by true rate, and the boundary by patients."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError, counted, listed
from bayesmeta.planning.analysis_priors import AnalysisPrior, check_priors
from bayesmeta.planning.arguments import check_patients
from bayesmeta.planning.single_arm import SingleArmTrial
from bayesmeta.planning.success import Success, as_success
from bayesmeta.plots.checks import check_lines
from bayesmeta.plots.pages import Key, Plot, Words, bare
from bayesmeta.plots.panels import panel_page
from bayesmeta.plots.style import INK, LINES, house_style
from bayesmeta.plots.ticks import put_ticks

GRAPH = (5.4, 2.7)
"""Size in inches."""

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
    curves = {name: own["success"].to_numpy() for name, own in table.groupby("design", sort=False)}
    keys = [
        Key(look, name, _about(trial) + _same(name, curves, TOLD_APART))
        for look, (name, trial) in zip(LINES, designs.items(), strict=False)
    ]
    conditions = dict.fromkeys(str(trial.success) for trial in designs.values())
    explained = (
        f"Success: {'; or '.join(conditions)}. Points: the type-I error, which is the probability of "
        f"success at the null. Dotted: {_thresholds(designs)}."
    )
    with house_style():
        words = Words("Probability of success by true rate", [explained, *notes])
        figure, [graph] = panel_page(words, keys, GRAPH)
        _draw_power(graph, table, designs)
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
    return f"{trial.words}; type-I error {error:{'.1f' if error >= SHOWN else '.1g'}}%"


def _same(name: str, lines: Mapping[Any, Array], near: float = 0.0) -> str:
    """Return which line above this one lies on, or is too near to be told from it; empty if none."""
    for other, line in lines.items():
        if other == name:
            return ""
        apart = float(np.abs(line - lines[name]).max())
        if not apart:
            return f"; on the line of {other}"
        if apart < near:
            return f"; at most {100 * apart:.1g} points from the line of {other}"
    return ""


def _thresholds(designs: Mapping[str, SingleArmTrial]) -> str:
    """Return the thresholds of all designs with their names."""
    found = dict.fromkeys(each for trial in designs.values() for each in trial.success.thresholds)
    return ", ".join(f"{each.name} {100 * each.value:g}%" for each in found)


def _draw_power(graph: Axes, table: pd.DataFrame, designs: Mapping[str, SingleArmTrial]) -> None:
    values = {each.value for trial in designs.values() for each in trial.success.thresholds}
    for value in sorted(values):
        graph.axvline(100 * value, color=INK, linewidth=0.8, linestyle=":", zorder=1)
    for look, (name, trial) in zip(LINES, designs.items(), strict=False):
        curve = table[table["design"] == name]
        graph.plot(100 * curve["rate"], 100 * curve["success"], zorder=2, clip_on=False, **look)
        point = 100 * trial.success.null_value, 100 * trial.type_one_error()
        graph.scatter(*point, s=24, color=look["color"], edgecolor="white", zorder=3, clip_on=False)
    bare(graph)
    graph.set(xlim=(0, 100 * float(table["rate"].max())), xlabel="True response rate (%)")
    graph.set(ylim=(0, 100), ylabel="Probability of success (%)")


def boundary(
    priors: Mapping[str, AnalysisPrior],
    success: Success | str,
    *,
    n: Sequence[int],
    notes: Sequence[str] = (),
) -> Plot:
    """Return the number of responders that success needs, against the patients of the trial.

    Where success asks for low rates, it is the largest number that succeeds.

    Parameters
    ----------
    priors : mapping of str to BetaMixture or SamPrior
        One to six priors of the analysis by name.
    success : Success or str
        Such as ``"P(rate > 0.35) > 0.9"``; its conditions must have one direction.
    n : sequence of int
        Numbers of patients, ascending.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per prior and trial size: `prior`, `n` (patients) and `boundary` (responders),
        missing where no number succeeds.

    Raises
    ------
    SettingsError
        If an argument is out of its range.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> prior = bm.BetaMixture([1], a=[12], b=[28])
    >>> bm.plots.boundary({"history": prior}, "P(rate > 0.3) > 0.9", n=range(10, 41, 10))
    Plot(boundary: 1 prior)
    """
    check_priors(priors)
    check_lines("priors", priors)
    success = as_success(success)
    sizes = [check_patients("n", each) for each in n]
    if not sizes or sizes != sorted(set(sizes)):
        raise SettingsError(
            f"`n` must be ascending numbers of patients, at least one; got {listed(n) or 'none'}."
        )
    if success.direction is None:
        raise SettingsError(
            f"`success` must ask for rates on one side only, else it has two boundaries; got {success}."
        )
    table = pd.concat(
        [_boundaries(name, prior, success, sizes) for name, prior in priors.items()],
        ignore_index=True,
    )
    below = success.direction == "<"
    what = "Largest" if below else "Smallest"
    counts = {
        name: own["boundary"].to_numpy(dtype=np.float64, na_value=-1)
        for name, own in table.groupby("prior", sort=False)
    }
    keys = [
        Key(look, name, _range(table[table["prior"] == name]) + _same(name, counts))
        for look, name in zip(LINES, priors, strict=False)
    ]
    shares = " and ".join(f"{100 * each.value:g}%, the {each.name}" for each in success.thresholds)
    explained = f"Success: {success}. Dotted, as a share of the patients: {shares}."
    with house_style():
        title = f"{what} number of responders that succeeds, by patients"
        figure, [graph] = panel_page(Words(title, [explained, *notes]), keys, GRAPH)
        _draw_boundaries(graph, table, list(priors), [each.value for each in success.thresholds])
    return Plot("boundary", figure, table, counted(len(priors), "prior"))


def _boundaries(
    name: str, prior: AnalysisPrior, success: Success, sizes: Sequence[int]
) -> pd.DataFrame:
    trials = [SingleArmTrial(n, prior, success) for n in sizes]
    edges = [each.boundary if success.direction == ">" else each.largest for each in trials]
    return pd.DataFrame({"prior": name, "n": sizes, "boundary": pd.array(edges, dtype="Int64")})


def _range(rows: pd.DataFrame) -> str:
    """Return where the boundary of a prior starts and ends."""
    found = rows.dropna()
    if found.empty:
        return "no number of responders succeeds"
    first, last = found.iloc[0], found.iloc[-1]
    words = f"{first['boundary']} of {first['n']}"
    words += f" to {last['boundary']} of {last['n']}" if len(found) > 1 else ""
    return f"{words}; none of fewer" if len(found) < len(rows) else words


def _draw_boundaries(
    graph: Axes, table: pd.DataFrame, names: Sequence[str], thresholds: Sequence[float]
) -> None:
    sizes = np.array(sorted(set(table["n"])))
    for threshold in thresholds:
        graph.plot(sizes, threshold * sizes, color=INK, linewidth=0.8, linestyle=":", zorder=1)
    for look, name in zip(LINES, names, strict=False):
        rows = table[table["prior"] == name]
        counts = rows["boundary"].to_numpy(dtype=np.float64, na_value=np.nan)
        graph.step(rows["n"], counts, where="mid", zorder=2, **look)
        if len(sizes) == 1:
            graph.scatter(rows["n"], counts, s=24, color=look["color"], zorder=3)
    top = np.nanmax([*table["boundary"].dropna().astype(float), max(thresholds) * sizes[-1], 1])
    spare = max(1.0, 0.02 * (sizes[-1] - sizes[0]))
    bare(graph)
    graph.set(xlim=(sizes[0] - spare, sizes[-1] + spare), xlabel="Patients")
    graph.set(ylim=(0, max(1.06 * top, 2)), ylabel="Responders")
    for axis in (graph.xaxis, graph.yaxis):
        put_ticks(axis, 8, whole=True)
