"""The answers of a report of survival: medians, survival at times, restricted means, a new cohort."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayesmeta.estimates.summary_text import parameter_caption, parameter_table
from bayesmeta.estimates.survival_summary import conditional_note, person_of
from bayesmeta.estimates.survival_words import (
    ALIVE,
    ENDS,
    NEW_MEDIAN,
    NEW_RESTRICTED_MEAN,
    NEW_SURVIVAL,
    TIME,
    TYPICAL_MEDIAN,
    TYPICAL_RESTRICTED_MEAN,
    TYPICAL_SURVIVAL,
    median_ratio_table,
    median_table,
    months_interval,
    survival_precision,
    time_table,
    words_of_outcome,
)
from bayesmeta.evidence import SurvivalArms
from bayesmeta.evidence.survival.columns import MEDIAN, TIME as REPORTED_TIME
from bayesmeta.inference.result import Fit
from bayesmeta.report.contrast_text import contrast_blocks, rank_blocks
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.figures import figure_blocks
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.fit_text import heterogeneity_line
from bayesmeta.report.judgement_text import judgement_blocks
from bayesmeta.report.prediction_text import event_lines
from bayesmeta.report.sections.diagnostics import verdict_words
from bayesmeta.report.sections.evidence import evidence_sentence
from bayesmeta.report.sections.selection import inferred_in
from bayesmeta.report.survival_text import differences_table

NORMAL_95 = 1.96
"""Standard deviations on either side that make 95% of a normal distribution."""


def survival_question(results: FitResults) -> str:
    """Return what was asked of the evidence."""
    fit, by = results.fit, results.fit.spec.covariates.formula
    called = words_of_outcome(fit.arms)
    outcome = f" for {results.outcomes[0]}" if fit.arms.outcomes[0] else ""
    return (
        f"Question: which median and which {called.share} at {_months(results.times)} do these studies support{outcome}"
        f"{f', by {by}' if by else ''}, how much do studies differ, and what is to be expected in a new cohort of "
        f"{results.question.cohort} {_people(results)}?"
    )


def survival_sentences(results: FitResults) -> Iterator[str]:
    """Yield the evidence, the medians, and the verdict on the draws."""
    fit, words = results.fit, results.words
    arms = fit.arms
    found = _first_profile(results.summary)
    of = found[found[TIME].isna()].set_index("quantity")
    label = str(found["profile"].iloc[0])
    where = "" if label == "all studies" else f" ({words.text(label)})"
    sure = f"{100 * results.question.ci_prob:g}%"
    heterogeneous = "tau" in fit.posterior
    yield evidence_sentence(arms)
    yield inferred_in(arms)
    yield conditional_note(arms)
    yield (
        f"The typical median{where} is {months_interval(*of.loc[TYPICAL_MEDIAN, ENDS])} months, median and {sure} interval"
        f"{'' if fit.spec.study_effects.pools else '; without pooling, this is the prior of a new study'}."
    )
    spread = "Allowing for heterogeneity between studies, the" if heterogeneous else "The"
    yield (
        f"{'That is of the median study. ' if heterogeneous else ''}{spread} median of a new study is "
        f"{months_interval(*of.loc[NEW_MEDIAN, ENDS])} months, median and {sure} prediction interval."
    )
    yield verdict_words(results.diagnostics)


def survival_at_times(results: FitResults) -> Iterator[str]:
    """Yield survival at each time, with the patients of the new cohort, and the event asked for."""
    for time in results.times:
        yield " ".join(_at_time(results, time))


def _at_time(results: FitResults, time: float) -> Iterator[str]:
    summary = results.summary
    found = _first_profile(summary[summary[TIME] == time]).set_index("quantity")
    rates, called = results.words.rates, words_of_outcome(results.fit.arms)
    typical, new = (
        rates.sentence(*found.loc[name, ENDS]) for name in (TYPICAL_SURVIVAL, NEW_SURVIVAL)
    )
    median, low, high = found.loc[ALIVE, ENDS]
    yield f"{called.share.capitalize()} at {time:g} months: {typical} in a typical study, {new} in a new study."
    yield (
        f"Restricted mean to that time: {months_interval(*found.loc[TYPICAL_RESTRICTED_MEAN, ENDS])} months in a "
        f"typical study, {months_interval(*found.loc[NEW_RESTRICTED_MEAN, ENDS])} in a new study."
    )
    yield (
        f"Of a new cohort of {results.question.cohort} {_people(results)}, {median:.0f} ({low:.0f} to {high:.0f}) are "
        f"{called.state} then."
    )
    if results.event is not None:
        yield from event_lines(results.predicted(results.profile, time), [results.event])


def survival_answers(results: FitResults) -> Iterator[Block]:
    """Yield figures and tables of all that is told of survival."""
    summary, words = results.summary, results.words
    told = f"median and {summary.heading.interval}{words.rates.note}"
    called = words_of_outcome(results.fit.arms)
    forests = tuple(figure_blocks("survival_forest", results))
    yield from forests[:1]
    yield from judgement_blocks(results)
    yield Table(f"Median {called.length} in months: {told}", median_table(summary, words))
    yield from figure_blocks("survival_curve", results)
    for time in results.times:
        at = summary[summary[TIME] == time]
        yield Table(
            f"{called.share.capitalize()} at {time:g} months: {told}", time_table(at, words)
        )
    yield Text(survival_precision(summary, words))
    yield Items(tuple(_definitions(results)))
    yield from forests[1:]
    for contrasts in results.contrasts:
        if contrasts.time != results.time:
            # All but the differences is what it was at the first time.
            yield differences_table(contrasts, words)
            continue
        yield from contrast_blocks(contrasts, words)
        if results.options.ranks or contrasts.rankable:
            yield from rank_blocks(contrasts, words)
    yield Text(f"{heterogeneity_line(summary, results.fit.spec, words)}{_about_tau(results)}")
    yield Table(parameter_caption(summary, summary.heading), parameter_table(summary, words))
    yield from map(Text, summary.heading.mu)
    ratios = median_ratio_table(summary, results.fit.coding.spreads, words)
    if len(ratios):
        yield Table("Ratios of medians per unit of numbers: median and interval", ratios)


def _definitions(results: FitResults) -> Iterator[str]:
    """Yield what each answer is in a model of survival."""
    shape = ", with the typical shape of the curve" if results.fit.design.curve.has_shape else ""
    yield f"Typical: of the median study{shape}."
    called = words_of_outcome(results.fit.arms)
    yield f"Mean: {called.share} at the time, averaged over studies."
    yield (
        "New study: of a future study. Its interval is the prediction interval, which includes heterogeneity between "
        "studies."
    )
    yield f"{called.state.capitalize()}: of the {_people(results)} of a new cohort in such a study, with binomial variation."
    yield (
        f"Restricted mean: the mean time {called.state} up to that time, which is the area under the curve; here of the "
        "typical study."
    )


def _about_tau(results: FitResults) -> str:
    """Return what the posterior median of tau means for medians; of normal effects with one tau."""
    effects, summary = results.fit.spec.study_effects, results.summary
    rows = summary[summary["quantity"] == "tau"]
    if rows.empty or not effects.is_normal:
        return ""
    reach = float(np.exp(NORMAL_95 * rows["median"].iloc[0]))
    return f" At that tau, 95% of studies have medians of {1 / reach:.2g} to {reach:.2g} times the typical one."


def survival_limits(fit: Fit) -> Iterator[str]:
    """Yield what no model of published medians and landmarks can tell; nothing of response rates."""
    arms = fit.arms
    if not isinstance(arms, SurvivalArms):
        return
    reports = arms.reports
    medians = reports[MEDIAN].where(np.isfinite(reports[MEDIAN]))
    last = float(np.nanmax(reports[REPORTED_TIME].fillna(medians)))
    yield (
        f"The last report is at {last:.3g} months: {arms.words.share} beyond follows from the form of the curves "
        f"({fit.design.curve.words}) alone."
    )
    yield (
        "Medians and landmarks are used as published. The patients' own times are not known, nor how they were censored, "
        "nor from when time was counted."
    )


def _first_profile(summary: pd.DataFrame) -> pd.DataFrame:
    named = summary[summary["profile"] != ""]
    found: pd.DataFrame = named[named["profile"] == named["profile"].iloc[0]]
    return found


def _people(results: FitResults) -> str:
    return f"{person_of(results.fit.arms)}s"


def _months(times: tuple[float, ...]) -> str:
    *first, last = (f"{time:g}" for time in times)
    return f"{', '.join(first)} and {last} months" if first else f"{last} months"
