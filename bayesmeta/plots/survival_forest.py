"""The forest plot of survival: medians, or survival at a time, as reported and by the model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.arrays import Array
from bayesmeta.errors import counted
from bayesmeta.estimates.forest_table import ARM, NEW_STUDY, ForestNumbers
from bayesmeta.estimates.survival_forest_table import (
    MEDIAN,
    SURVIVAL,
    Quantity,
    survival_forest_numbers,
)
from bayesmeta.estimates.survival_summary import conditional_note, person_of
from bayesmeta.estimates.survival_words import months_texts, words_of_outcome
from bayesmeta.estimates.words import words_of
from bayesmeta.evidence.risk_of_bias import RiskOfBias
from bayesmeta.evidence.survival.outcomes import OutcomeWords
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.plots.fit_text import about_characters, fit_words
from bayesmeta.plots.forest_marks import APART, ForestAxis, draw_marks, keys_of
from bayesmeta.plots.forest_notes import (
    about_heterogeneity,
    about_inferred,
    about_levels,
    about_priors,
    about_thin_groups,
    check_labels,
)
from bayesmeta.plots.forest_page import evidence_columns, evidence_text, page_rows
from bayesmeta.plots.lettering import printable
from bayesmeta.plots.lights import lights_of
from bayesmeta.plots.months_axis import MonthsAxis, months_axis
from bayesmeta.plots.pages import Key, Plot
from bayesmeta.plots.rate_axis import RateScale, rate_axis
from bayesmeta.plots.rows import Column, draw_rows
from bayesmeta.plots.style import MODEL, OBSERVED, RANGE, house_style
from bayesmeta.rounding import PERCENT, fixed_text, interval_text
from bayesmeta.wording import Wording

Row = Mapping[Any, Any]

COLUMNS = ("n", "reported", "model")
"""Those of a forest plot of survival, from the left; the graph stands after the first."""

NOT_REACHED = "not reached"

SCALE = RateScale()
"""How survival at a time is shown."""


def survival_forest(  # noqa: PLR0913 - each is a choice of the reader's
    fit: Fit,
    quantity: Quantity = "median",
    *,
    time: float | None = None,
    by: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    order: str | None = None,
    columns: Sequence[str] = COLUMNS,
    labels: Mapping[str, str] = MappingProxyType({}),
    title: str | None = None,
    judgements: RiskOfBias | None = None,
) -> Plot:
    """Return the forest plot of a fit of survival.

    One row per arm shows the median (or the survival) as reported, with its interval where there is
    one (hollow square, thin line), and its posterior median with its credible interval (filled circle,
    thick line). What the arm reports instead is in words. Below each group stand the typical study
    (diamond) and the prediction interval of a new study (bar).

    Medians are on a log axis of months. An arrowhead is a median, or a limit of one, that was not
    reached, or an interval that goes on beyond the axis.

    Parameters
    ----------
    fit : Fit
        Posterior draws of a model with a `curve`. If their diagnostics fail, the figure says so in its
        first line.
    quantity : {"median", "survival"}
        Median survival (months), or survival at a time (probability).
    time : float, optional
        Months at which survival is shown, 12 where None; it has no effect on medians and is refused.
    by : str, optional
        Factor whose levels are the groups; the first of the formula where None.
    profile : mapping, optional
        Values of the other covariates; what is left out is at the reference level or the centre.
    ci_prob : float
        Probability of the intervals of the model; those of the reports are 95% intervals.
    order : str, optional
        Column that orders the arms of a group, such as ``"year"``; ``"-n"`` for the greatest first.
    columns : sequence of str
        Some of ``n``, ``reported`` and ``model``, and columns of the evidence.
    labels : mapping of str to str
        Other names, in the figure only, for labels of arms, levels and the factor.
    title : str, optional
        In place of the outcome and the name of the model.
    judgements : RiskOfBias, optional
        Judgements of the risk of bias, drawn as by `forest`.

    Returns
    -------
    Plot
        `table`: one row per arm, typical study and new study (`kind`), with columns as of
        `bayesmeta.estimates.survival_forest_table.survival_forest_numbers`, and those of the judgements;
        medians are in months, infinite where not reached; survival is a probability.

    Raises
    ------
    SettingsError
        If the fit is not of survival, or an argument is out of its range, or names what is not there.
    ProfileError
        If the profile cannot be coded.
    EvidenceError
        If a judged study is neither in the fit nor among the rows that its selection left out.

    References
    ----------
    Lewis & Clarke 2001, doi:10.1136/bmj.322.7300.1479 (forest plots).
    Riley, Higgins & Deeks 2011, doi:10.1136/bmj.d549 (prediction intervals).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_survival("rr_aml_venetoclax").select(outcome="EFS")
    >>> fit = bm.fit(bm.ModelSpec("efs", curve=bm.WeibullSurvival()), arms, seed=1)
    >>> bm.plots.survival_forest(fit)
    Plot(survival_forest: 7 arms in 1 group)
    """
    numbers = survival_forest_numbers(
        fit,
        quantity,
        time=time,
        by=by,
        profile=profile,
        ci_prob=ci_prob,
        order=order,
        more=evidence_columns(columns, COLUMNS),
    )
    check_labels(labels, numbers)
    lights = lights_of(fit, numbers.table, judgements)
    words, what = words_of(fit), _what(numbers, words_of_outcome(fit.arms))
    axis = _axis(numbers, what.capitalize())
    person = person_of(fit.arms)
    said = [*_notes(fit, numbers, axis, words), *lights.notes]
    own = fit_words(what.capitalize(), fit, said, [])
    around = replace(own, title=title or own.title, subtitle=fit.spec.description)
    with house_style():
        texts = [*_columns(numbers, columns, words, person), *lights.columns]
        rows = page_rows(numbers, texts, axis.label, labels=labels, words=words, person=person)
        keys = [*_keys(numbers, what), *lights.keys]
        figure, graph, heights = draw_rows(rows, around, keys)
        draw_marks(graph, numbers, heights, axis)
        if isinstance(axis, MonthsAxis):
            _draw_arrows(graph, numbers, heights, axis)
    arms, groups = (int((numbers.table["kind"] == one).sum()) for one in (ARM, numbers.typical))
    about = f"{counted(arms, 'arm')} in {counted(groups, 'group')}"
    return Plot("survival_forest", figure, lights.table, about)


def _what(numbers: ForestNumbers, outcome: OutcomeWords) -> str:
    """Return what is estimated, in words."""
    if numbers.estimate == MEDIAN:
        return f"median {outcome.length}"
    return f"{outcome.share} at {numbers.table['time'].iloc[0]:g} months"


def _axis(numbers: ForestNumbers, title: str) -> ForestAxis:
    table = numbers.table
    shown = table[
        ["observed", "observed_lower", "observed_upper", numbers.estimate, "lower", "upper"]
    ]
    estimates = table[numbers.estimate]
    if numbers.estimate == SURVIVAL:
        return rate_axis(SCALE, shown, estimates, title)
    both = table[["observed", numbers.estimate]]
    return months_axis(shown, both, f"{title} (months)")


def _notes(fit: Fit, numbers: ForestNumbers, axis: ForestAxis, words: Wording) -> list[str]:
    """Return the lines below the graph."""
    scale, table = fit.spec.scale.scale, numbers.table
    drawn = {one.name for one in fit.design.scalars}
    units = {name: unit for name, unit in fit.design.curve.units.items() if name in drawn}
    scales = "; ".join([scale, *(f"{name}: {unit}" for name, unit in units.items())])
    return [
        conditional_note(fit.arms),
        about_characters([*table["label"], *table["group"]]),
        f"Curves: {fit.design.curve.words}. Intervals as reported are taken to be 95% intervals.",
        about_heterogeneity(numbers, fit.spec, scale, words),
        about_levels(numbers, fit.spec, scale),
        f"Typical and new studies are at {words.text(numbers.held)}." if numbers.held else "",
        about_thin_groups(numbers, "studies"),
        about_inferred(table, "numbers", "an estimate"),
        f"The area of a marker increases with the number of {person_of(fit.arms)}s.",
        _about_arrows(numbers, axis),
        axis.note,
        about_priors(fit, scales, words),
    ]


def _about_arrows(numbers: ForestNumbers, axis: ForestAxis) -> str:
    if not isinstance(axis, MonthsAxis):
        return ""
    shown = numbers.table[["observed", "observed_lower", "observed_upper", "lower", "upper"]]
    values = shown.to_numpy(dtype=np.float64)
    said = []
    if np.isinf(values).any():
        said.append(f"a median, or a limit of it, that was {NOT_REACHED}")
    if ((values < axis.ends[0]) | ((values > axis.ends[1]) & (values < np.inf))).any():
        said.append("an interval that goes on beyond the axis")
    return f"Arrowheads: {' or '.join(said)}." if said else ""


def _keys(numbers: ForestNumbers, what: str) -> list[Key]:
    """Return what each mark means."""
    sure, table = f"{100 * numbers.ci_prob:g}%", numbers.table
    typical = table.loc[table["kind"] == numbers.typical, "label"].iloc[0]
    return keys_of(
        f"{what.capitalize()} as reported, confidence interval (CI) where reported",
        f"Model: posterior median of the arm's {what}, {sure} credible interval (CrI)",
        f"{typical}, that of the median study (also dotted), {sure} CrI",
        f"New study: {sure} prediction interval of its true {what}",
    )


def _columns(
    numbers: ForestNumbers, columns: Sequence[str], words: Wording, person: str
) -> list[Column]:
    sure = f"{100 * numbers.ci_prob:g}%"
    unit = "months" if numbers.estimate == MEDIAN else SCALE.unit
    written = months_texts if numbers.estimate == MEDIAN else _percent
    own: dict[str, tuple[str, Callable[[Row], str]]] = {
        "n": (f"{person.capitalize()}s", _patients),
        "reported": (f"Reported\n{unit} (95% CI)", lambda row: _reported(row, numbers.estimate)),
        "model": (
            f"Model\n{unit} ({sure} CrI)",
            lambda row: _model(row, numbers.estimate, written),
        ),
    }
    rows, found = numbers.table.to_dict("records"), []
    for name in columns:
        heading, text = own.get(name, (printable(words.column(name)), evidence_text(name, words)))
        found.append(Column(heading, list(map(text, rows)), left=name == "n" or name not in own))
    return found


def _patients(row: Row) -> str:
    return f"{row['n']:,}" if row["n"] and row["kind"] != NEW_STUDY else ""


def _reported(row: Row, quantity: str) -> str:
    """Return what an arm reports: of the quantity, or else what else there is."""
    if row["kind"] != ARM:
        return ""
    values = [row[name] for name in ("observed", "observed_lower", "observed_upper")]
    if pd.isna(values[0]):
        return str(row["others"])
    if quantity == SURVIVAL:
        texts = [f"{100 * value:.3g}" for value in values if not pd.isna(value)]
    else:
        texts = [_months(value) for value in values if not pd.isna(value)]
    if len(texts) > 1:
        return interval_text(*texts)
    followup = float(row["followup"])
    return texts[0] if np.isnan(followup) else f"{texts[0]} (follow-up {followup:.1f})"


def _months(value: float) -> str:
    return NOT_REACHED if value == np.inf else fixed_text(value, 1)


def _percent(*survival: float) -> list[str]:
    return [text.removesuffix("%") for text in PERCENT.texts(*survival)]


def _model(row: Row, quantity: str, written: Callable[..., Sequence[str]]) -> str:
    texts = written(row[quantity], row["lower"], row["upper"])
    return f"({interval_text(*texts[1:])})" if row["kind"] == NEW_STUDY else interval_text(*texts)


def _draw_arrows(graph: Axes, numbers: ForestNumbers, heights: Array, axis: MonthsAxis) -> None:
    """Draw where intervals go on, of arms as reported and by the model, and of new studies."""
    table = numbers.table.assign(y=heights)
    arms, others = table[table["kind"] == ARM], table[table["kind"] != ARM]
    seen = pd.DataFrame(
        {end: arms[f"observed_{end}"].fillna(arms["observed"]) for end in ("lower", "upper")}
    )
    axis.draw_arrows(graph, seen.assign(y=arms["y"] - APART), OBSERVED)
    axis.draw_arrows(graph, arms.assign(y=arms["y"] + APART), RANGE)
    axis.draw_arrows(graph, others, MODEL)
