"""Rows of typical rates and new studies: of each level of a factor, and of each year."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.comparison.cumulative import Cumulative
from bayesmeta.errors import counted
from bayesmeta.estimates.heterogeneity import without_tau
from bayesmeta.estimates.inferred import inferred_words, marked
from bayesmeta.estimates.subgroup_numbers import SubgroupNumbers, subgroup_numbers
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.result import Fit
from bayesmeta.labels import Labels
from bayesmeta.model.coded_levels import NEW
from bayesmeta.model.coding import Profile
from bayesmeta.plots.checks import check_kind, rows_of_outcome
from bayesmeta.plots.estimate_rows import draw_rates, rate_columns
from bayesmeta.plots.fit_text import about_characters, about_conditional, fit_words, warning_of_fits
from bayesmeta.plots.pages import Plot, Words
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.rows import Column, Rows, draw_rows
from bayesmeta.plots.style import house_style


def cumulative(
    result: Cumulative,
    *,
    outcome: str | None = None,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    labels: Labels = Labels(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the cumulative forest: the typical rate and a new study's, as studies were added.

    Each row is a fit to all studies up to then. The thin, dark line and the mark are the typical
    rate. The wide, light bar is the prediction interval of a new study, which does not shrink to
    nothing however many studies there are. The band is the interval of the last typical rate.

    Parameters
    ----------
    result : Cumulative
        Of `bayesmeta.cumulative`. Rows whose draws failed their diagnostics have an asterisk.
    outcome : str, optional
        Which of several outcomes.
    scale : RateScale
        How rates are shown.
    labels : Labels
        Labels of levels, columns and outcomes, in place of their names.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: the rows of `bayesmeta.cumulative`: rates are probabilities, tau is on the scale
        of the link.

    Raises
    ------
    SettingsError
        If `result` is not a Cumulative, or `outcome` is not one of its outcomes.

    References
    ----------
    Lau et al. 1992, doi:10.1056/NEJM199207233270406 (cumulative meta-analysis).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> fit = bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=few)
    >>> plot = bm.plots.cumulative(bm.cumulative(fit, seed=2, settings=few))
    >>> plot
    Plot(cumulative: 7 rows)
    >>> plot.table["typical"].round(1).tolist()[1:]
    [0.1, 0.2, 0.2, 0.2, 0.2, 0.2]
    """
    check_kind("result", result, Cumulative, "cumulative")
    table = rows_of_outcome(result.table, outcome).reset_index(drop=True)
    rows = Rows(
        heading=f"Up to {result.by}",
        axis=scale.label("Rate"),
        labels=list(map(_year, table.to_dict("records"))),
        columns=[
            Column("Studies", table["studies"].astype(str).tolist()),
            Column("Patients", [f"{patients:,}" for patients in table["patients"]]),
            *rate_columns(table, result.ci_prob, scale),
        ],
        bold=[len(table) - 1],
    )
    title = f"Cumulative meta-analysis by {result.by}: {labels.text(result.profile)}"
    words = Words(
        labels.about(outcome, title),
        [*_cumulative_notes(result), *notes],
        warning_of_fits(int((~table["ok"].astype(bool)).sum()), len(table)),
    )
    with house_style():
        figure, graph, heights = draw_rows(rows, words)
        draw_rates(graph, table, heights, len(table) - 1, scale=scale)
    return Plot("cumulative", figure, table, counted(len(table), "row"))


def _year(row: Mapping[Hashable, Any]) -> str:
    name = "All" if np.isnan(row["year"]) else f"{row['year']:.10g}"
    return name if row["ok"] else f"{name}*"


def _cumulative_notes(result: Cumulative) -> list[str]:
    found = [
        "Each row: the same model fitted to all studies up to then. Thin, dark lines and marks: typical "
        "rate. Wide, light bars: prediction interval of a new study. Band: typical rate of the last row. "
        "Rows share their studies, so a stable estimate is not a test."
    ]
    if result.undated:
        found.append(
            f"{counted(len(result.undated), 'arm')} without {result.by} enter{'s' if len(result.undated) == 1 else ''} "
            "in the last row only."
        )
    if not result.ok:
        found.append("* The draws of this fit failed their diagnostics.")
    return found


def subgroups(
    fit: Fit,
    *,
    outcome: str | None = None,
    by: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the typical rate of each level of a factor, a new study's, those of all studies, and tau.

    A forest plot without its arms: one row per level, and below them all studies together.

    Parameters
    ----------
    fit : Fit
        Posterior draws. If their diagnostics fail, the figure says so in its first line.
    outcome : str, optional
        Which of several outcomes.
    by : str, optional
        The factor; the first of the formula where None.
    profile : mapping, optional
        Values of the other covariates; what is left out is at the reference level or the centre.
    ci_prob : float
        Probability of the intervals.
    scale : RateScale
        How rates are shown.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per level and one of all studies, with columns as of
        `bayesmeta.estimates.subgroup_numbers.subgroup_numbers`; rates are probabilities.

    Raises
    ------
    SettingsError
        If `fit` has no draws, the model no such factor, or an argument is out of its range.
    ProfileError
        If the profile cannot be coded.
    EvidenceError
        If no arm has patients.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    >>> bm.plots.subgroups(bm.fit(bm.load_model("regimen"), arms, seed=1))
    Plot(subgroups: 8 levels)
    """
    numbers = subgroup_numbers(fit, outcome=outcome, by=by, profile=profile, ci_prob=ci_prob)
    table, said = numbers.table, words_of(fit)
    factor = said.column(numbers.factor)
    levels = [
        "New level" if one == NEW else said.level(numbers.factor, one)
        for one in table["label"].iloc[:-1]
    ]
    labels = [*levels, "All studies"]
    rows = Rows(
        heading=factor,
        axis=scale.label("Rate"),
        labels=[marked(*each) for each in zip(labels, table["inferred"], strict=True)],
        columns=[
            Column("Studies", table["studies"].astype(str).tolist()),
            Column(
                "Responders\n/ patients",
                [f"{k}/{n}" if n else "" for k, n in table[["events", "n"]].to_numpy()],
            ),
            *rate_columns(table, ci_prob, scale),
        ],
        bold=[len(levels)],
    )
    words = fit_words(
        f"By {factor}", fit, _subgroup_notes(fit, outcome, numbers, labels), notes, outcome=outcome
    )
    with house_style():
        figure, graph, heights = draw_rows(rows, words)
        draw_rates(graph, table, heights, len(table) - 1, scale=scale)
    known = int((table["label"] != NEW).sum()) - 1
    return Plot("subgroups", figure, table.copy(), counted(known, "level"))


def _subgroup_notes(
    fit: Fit, outcome: str | None, numbers: SubgroupNumbers, labels: Sequence[str]
) -> list[str]:
    table = numbers.table
    return [
        "Thin, dark lines and marks: typical rate. Wide, light bars: prediction interval of a new study. "
        "All studies: the mean of the typical rates, each level with its share of the studies, and a new "
        "study of any level.",
        f"tau is the {'standard deviation' if fit.spec.study_effects.tau_is_sd else 'scale'} of the {fit.spec.link.scale}."
        if "tau" in fit.posterior
        else f"Heterogeneity: {without_tau(fit.spec)}.",
        _about_apart(table),
        about_conditional(fit, outcome, "tau is that"),
        f"Rates are at {words_of(fit).text(numbers.held)}." if numbers.held else "",
        *inferred_words(zip(labels[:-1], table["arms"], table["inferred"], strict=False)),
        about_characters(table["label"].tolist()),
    ]


def _about_apart(table: pd.DataFrame) -> str:
    """Return what a new level is, and whose patients are in no row of a level."""
    said = []
    if (table["label"] == NEW).any():
        said.append(
            "New level: one that no study has, drawn from the distribution of all levels; it has no share in all studies."
        )
    levels, whole = table.iloc[:-1], table.iloc[-1]
    events, n = (int(whole[name] - levels[name].sum()) for name in ("events", "n"))
    if n:
        said.append(
            f"Arms that report two levels in total only ({events} responders of {n} patients) are among the studies of "
            "both levels; their responders and patients are in the last row only."
        )
    return " ".join(said)
