"""The forest plot: each arm as observed and as the model sees it, and each group's rates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.estimates.arm_labels import is_divided
from bayesmeta.estimates.contrasts import contrast
from bayesmeta.estimates.forest_table import ARM, TOTALS, TYPICAL, ForestNumbers, forest_numbers
from bayesmeta.estimates.words import words_of
from bayesmeta.evidence.risk_of_bias import RiskOfBias
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.plots.contrast_rows import ratio_texts
from bayesmeta.plots.fit_text import about_characters, about_conditional, fit_words
from bayesmeta.plots.forest_marks import draw_marks, mark_keys
from bayesmeta.plots.forest_notes import (
    about_heterogeneity,
    about_inferred,
    about_levels,
    about_priors,
    about_thin_groups,
    check_labels,
)
from bayesmeta.plots.forest_page import COLUMNS, evidence_columns, forest_rows
from bayesmeta.plots.lights import lights_of
from bayesmeta.plots.pages import Plot
from bayesmeta.plots.rate_axis import RateAxis, RateScale, rate_axis
from bayesmeta.plots.rows import draw_rows
from bayesmeta.plots.style import house_style
from bayesmeta.rounding import interval_of
from bayesmeta.wording import Wording


def forest(  # noqa: PLR0913 - each is a choice of the reader's
    fit: Fit,
    *,
    outcome: str | None = None,
    by: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    order: str | None = None,
    columns: Sequence[str] = COLUMNS,
    labels: Mapping[str, str] = MappingProxyType({}),
    title: str | None = None,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    judgements: RiskOfBias | None = None,
) -> Plot:
    """Return the forest plot of a fit.

    One row per arm shows the observed rate with its exact interval (hollow square, thin line) and
    the posterior median of its rate with its credible interval (filled circle, thick line). Below
    each group stand its typical rate (diamond) and the prediction interval of a new study (bar). Of
    arms divided by a stratum (``select(strata=...)``), those that report two levels together stand
    last, with the patients of each level, and the contrast between levels is the first note.

    The weight of an arm is its share of the information on its group's typical rate. It is left out
    where rates depend on more than the group. Markers grow with the weight or, where there are
    groups, with the patients. The page grows by 0.2 inches with each row.

    Parameters
    ----------
    fit : Fit
        Posterior draws. If their diagnostics fail, the figure says so in its first line.
    outcome : str, optional
        Which of several outcomes.
    by : str, optional
        Factor whose levels are the groups; the first of the formula where None.
    profile : mapping, optional
        Values of the other covariates; what is left out is at the reference level or the centre.
    ci_prob : float
        Probability of all intervals.
    order : str, optional
        Column that orders the arms of a group, such as ``"year"``; ``"-n"`` for the greatest first.
    columns : sequence of str
        Some of ``events``, ``observed``, ``model`` and ``weight``, and columns of the evidence.
    labels : mapping of str to str
        Other names, in the figure only, for labels of arms, levels and the factor.
    title : str, optional
        In place of the outcome and the name of the model.
    scale : RateScale
        How rates are shown.
    judgements : RiskOfBias, optional
        Judgements of the risk of bias, made by `read_risk_of_bias`: each row of a study ends in a circle
        for each domain and for the overall judgement, with the symbols of robvis. Those of a study with
        several arms stand at its first arm in a group.

    Returns
    -------
    Plot
        `table`: one row per arm, typical rate and new study (`kind`), with columns as of
        `bayesmeta.estimates.forest_table.forest_numbers`, and `D1`, `D2`, ..., `Overall` where there are
        judgements (blank where there is none); rates are probabilities.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or names what is not there.
    ProfileError
        If the profile cannot be coded.
    EvidenceError
        If a judged study is neither in the fit nor among the rows that its selection left out.

    References
    ----------
    Lewis & Clarke 2001, doi:10.1136/bmj.322.7300.1479 (forest plots).
    Riley, Higgins & Deeks 2011, doi:10.1136/bmj.d549 (prediction intervals).
    McGuinness & Higgins 2021, doi:10.1002/jrsm.1411 (traffic lights).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> bm.plots.forest(fit, order="-observed", columns=["year", "events", "model"])
    Plot(forest: 14 arms in 1 group)
    """
    numbers = forest_numbers(
        fit,
        outcome=outcome,
        by=by,
        profile=profile,
        ci_prob=ci_prob,
        order=order,
        more=evidence_columns(columns),
    )
    check_labels(labels, numbers)
    lights = lights_of(fit, numbers.table, judgements)
    words, axis = words_of(fit), _axis(numbers.table, scale)
    said = [
        _about_strata(fit, numbers, words, outcome=outcome, profile=profile),
        *_notes(fit, numbers, axis, words),
        *lights.notes,
        about_conditional(fit, outcome, "tau is that"),
        about_priors(fit, fit.spec.link.scale, words, outcome),
    ]
    own = fit_words("", fit, said, [], outcome=outcome)
    around = replace(own, title=title or own.title, subtitle=fit.spec.description)
    with house_style():
        rows = forest_rows(
            numbers, scale, columns, labels=labels, words=words, lights=lights.columns
        )
        keys = [*mark_keys(ci_prob), *lights.keys]
        figure, graph, heights = draw_rows(rows, around, keys)
        draw_marks(graph, numbers, heights, axis)
    kinds = numbers.table["kind"].value_counts()
    about = f"{counted(int(kinds[ARM]), 'arm')} in {counted(int(kinds[TYPICAL]), 'group')}"
    return Plot("forest", figure, lights.table, about)


def _axis(table: pd.DataFrame, scale: RateScale) -> RateAxis:
    rates = table[["observed", "observed_lower", "observed_upper", "rate", "lower", "upper"]]
    # An arm without patients could have any rate.
    rates = rates.where(table["n"] > 0) if (table["kind"] == ARM).any() else rates
    return rate_axis(scale, rates, table["rate"])


def _notes(fit: Fit, numbers: ForestNumbers, axis: RateAxis, words: Wording) -> list[str]:
    """Return the lines below the graph."""
    return [
        about_characters([*numbers.table["label"], *numbers.table["group"]]),
        about_heterogeneity(numbers, fit.spec, fit.spec.link.scale, words),
        about_levels(numbers, fit.spec, fit.spec.link.scale),
        f"Typical rates and new studies are at {words.text(numbers.held)}." if numbers.held else "",
        about_thin_groups(numbers),
        about_inferred(numbers.table),
        _about_weights(numbers),
        axis.note,
    ]


def _about_strata(fit: Fit, numbers: ForestNumbers, words: Wording, **of: Any) -> str:
    """Return the contrast between the levels that divide arms, and what totals over them are."""
    factor, ci_prob = numbers.factor, numbers.ci_prob
    if factor is None or not is_divided(fit.arms, factor) or factor not in fit.coding.factors:
        return ""
    versus = fit.coding.levels[factor][0]
    found = contrast(fit, factor, against=versus, ci_prob=ci_prob, **of)
    pairs = [
        f"{words.level(factor, row['level'])} against {words.level(factor, versus)} "
        f"{interval_of(row, 'odds_ratio', ratio_texts)}, {_within(row['within_share'])}"
        for row in found.table.to_dict("records")
    ]
    told = f"Odds ratio of typical rates by {words.column(factor)} ({100 * ci_prob:g}% CrI): {'; '.join(pairs)}."
    if (numbers.table["group"] == TOTALS).any():
        told += (
            " Total only: the sum of two binomial counts, one at each level; the label of the arm has the patients "
            "of each."
        )
    return told


def _within(share: float) -> str:
    return (
        "without evidence"
        if pd.isna(share)
        else f"{100 * share:.0f}% of the information within studies"
    )


def _about_weights(numbers: ForestNumbers) -> str:
    size = "number of patients" if numbers.sizes == "n" else "weight"
    markers = f"The area of a marker increases with the {size}."
    if not numbers.weighed:
        return markers
    whose = "the typical rate of its group" if numbers.factor else "the typical rate"
    tau = "tau squared + " if numbers.tau else ""
    return (
        f"Weight: an arm's share of the information on {whose}; that of a study is 1 / ({tau}sampling "
        f"variance). {markers}"
    )
