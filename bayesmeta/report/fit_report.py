"""The report of one fit: results first, then what they rest on; diagnostics in the appendix."""

from collections.abc import Iterator

from bayesmeta.errors import counted
from bayesmeta.estimates.inferred import inferred_lines
from bayesmeta.estimates.level_table import has_level_rates, level_effects
from bayesmeta.estimates.posterior import outcomes_of
from bayesmeta.estimates.profiles import beyond_evidence
from bayesmeta.estimates.summary_text import (
    SummaryTable,
    by_outcome,
    odds_ratio_table,
    parameter_caption,
    parameter_table,
    rate_precision,
    rate_table,
)
from bayesmeta.inference.result import Fit
from bayesmeta.model import Logit
from bayesmeta.report.contrast_text import contrast_blocks, rank_blocks
from bayesmeta.report.document import Block, Document, Items, Section, Table, Text
from bayesmeta.report.figures import figure_blocks
from bayesmeta.report.fit_checks import (
    fit_answers,
    missing_lines,
    sensitivity_of_fit,
    validation_of_fit,
)
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.fit_text import heterogeneity_line
from bayesmeta.report.judgement_text import judgement_blocks
from bayesmeta.report.levels_text import level_blocks
from bayesmeta.report.prediction_text import (
    category_cells,
    cohort_lines,
    event_lines,
    outcome_texts,
)
from bayesmeta.report.sections import titles
from bayesmeta.report.sections.checklists import checklists_section
from bayesmeta.report.sections.diagnostics import (
    UNRELIABLE,
    diagnostics_section,
    verdict_line,
    verdict_words,
)
from bayesmeta.report.sections.evidence import (
    evidence_section,
    evidence_sentence,
    limits_section,
)
from bayesmeta.report.sections.model import model_section, prior_blocks
from bayesmeta.report.sections.redo import redo_section
from bayesmeta.report.sections.selection import inferred_in
from bayesmeta.report.survival_report import (
    survival_answers,
    survival_at_times,
    survival_limits,
    survival_question,
    survival_sentences,
)

UNRELIABLE_REFITS = "NOT RELIABLE: fits without a study failed, or the diagnostics of their draws. Do not use Validation."


def fit_document(results: FitResults) -> Document:
    """Return the report of a fit; every sentence and number is made from the results."""
    fit, origin = results.fit, results.fit.provenance
    studies = counted(len(fit.arms.studies), "study", "studies")
    return Document(
        title=f"{' > '.join(results.outcomes)}: model '{fit.spec.name}' on {studies}",
        warning=_warning(results),
        sections=tuple(_sections(results)),
        made=f"Made by bayesmeta {origin.versions['bayesmeta']} from a fit of {origin.created}, random seed {origin.seed}.",
        verdict=verdict_line(results.diagnostics),
    )


def _warning(results: FitResults) -> str:
    if not results.diagnostics.ok:
        return UNRELIABLE
    if results.left_out is not None and not results.left_out.ok:
        return UNRELIABLE_REFITS
    return ""


def _sections(results: FitResults) -> Iterator[Section]:
    fit, words = results.fit, results.words
    yield Section(titles.BRIEF, tuple(_summary(results)))
    answers = survival_answers if results.of_survival else _answers
    yield Section(titles.ANSWERS, tuple(answers(results)))
    yield evidence_section(fit.arms, fit.coding.columns, words)
    yield model_section(fit.design, words)
    densities = figure_blocks("prior_posterior", results)
    yield Section(titles.PRIORS, (*prior_blocks(fit, words), *densities))
    yield Section(titles.SENSITIVITY, tuple(sensitivity_of_fit(results)))
    yield Section(titles.VALIDATION, tuple(validation_of_fit(results)))
    yield limits_section(
        fit.arms,
        (*map(words.note, results.notes), *survival_limits(fit), *missing_lines(results)),
        covariates=bool(fit.spec.covariates.parsed.columns),
        tau="tau" in fit.posterior,
    )
    yield diagnostics_section(fit, results.diagnostics, *figure_blocks("trace", results))
    yield checklists_section(fit_answers(results))
    yield redo_section(fit)


def _summary(results: FitResults) -> Iterator[Block]:
    """Yield the question, the answer, and what of the profile lies outside the evidence."""
    beyond = beyond_evidence(results.fit.coding, results.profile)
    if results.of_survival:
        yield Text(survival_question(results))
        yield Text(" ".join(filter(None, survival_sentences(results))))
        yield Items(tuple(survival_at_times(results)))
        yield from map(Text, beyond)
        return
    yield Text(_question(results))
    if results.several:
        yield Text(" ".join(_nested_sentences(results)))
        yield Items((*_by_outcome(results), *beyond))
    else:
        yield Text(" ".join(filter(None, _sentences(results))))
        yield from map(Text, beyond)


def _question(results: FitResults) -> str:
    nested = ", each a part of the one before," if results.several else ""
    by = results.fit.spec.covariates.formula
    return (
        f"Question: which rates of {', '.join(results.outcomes)}{nested} do these studies support{f', by {by}' if by else ''}, "
        f"how much do studies differ, and what is to be expected in a new cohort of {results.question.cohort} patients?"
    )


def _nested_sentences(results: FitResults) -> Iterator[str]:
    yield evidence_sentence(results.fit.arms)
    yield verdict_words(results.diagnostics)
    yield (
        "Below, the typical rate is that of the median study; the rate of a new study and the new cohort allow for "
        f"heterogeneity between studies. Medians and {100 * results.question.ci_prob:g}% intervals "
        f"({results.prediction.profile}):"
    )


def _by_outcome(results: FitResults) -> Iterator[str]:
    found, words = results.summary, results.words
    texts = outcome_texts(results.prediction, results.question.ci_prob, words)
    for name, (outcome, rate, patients) in zip(results.names, texts, strict=True):
        typical = rate_table(found[found["outcome"] == name], words)["typical"].iloc[0]
        yield (
            f"{outcome}: typical rate {typical}{words.rates.per_text}; new study {rate}; of {results.question.cohort} "
            f"patients {patients}. {_above(results, name)}".rstrip()
        )


def _above(results: FitResults, outcome: str) -> str:
    """Return the probability that was asked for, as a sentence."""
    asked = [results.event] if results.event else []
    return " ".join(event_lines(results.predictions[outcome], asked))


def _sentences(results: FitResults) -> Iterator[str]:
    words = results.words
    width = f"{100 * results.question.ci_prob:g}%"
    rates, per = rate_table(results.summary, words).iloc[0], words.rates.per_text
    where = "" if rates["profile"] == "all studies" else f" ({rates['profile']})"
    unpooled = "; without pooling, this is the prior of a new study"
    spread = "That is the rate of the median study. Allowing for heterogeneity between studies, the"
    yield evidence_sentence(results.fit.arms)
    yield inferred_in(results.fit.arms)
    yield (
        f"The typical rate{where} is {rates['typical']}{per}, median and {width} interval"
        f"{'' if results.fit.spec.study_effects.pools else unpooled}."
    )
    yield (
        f"{spread if 'tau' in results.fit.posterior else 'The'} true rate of a new study is {rates['new study']}{per}, "
        f"median and {width} prediction interval."
    )
    # The first line is of the true rate, with its Monte-Carlo errors.
    yield from cohort_lines(results.prediction, results.question.ci_prob, words)[1:]
    yield _above(results, "")
    yield verdict_words(results.diagnostics)


def _answers(results: FitResults) -> Iterator[Block]:
    yield from figure_blocks("nested_outcomes", results)
    yield from figure_blocks("forest", results)
    yield from judgement_blocks(results)
    yield from _rate_blocks(results.summary)
    yield Items(_rate_definitions(results.fit))
    yield from figure_blocks("prediction", results)
    if results.several:
        new = results.prediction
        yield Table(
            f"Patients of a new cohort of {new.n} by category ({new.profile})",
            category_cells(new.table(results.question.ci_prob), results.words),
        )
    if has_level_rates(results.fit.coding):
        sure = results.question.ci_prob
        yield from level_blocks(level_effects(results.fit, ci_prob=sure), sure, results.words)
    drawn = tuple(figure_blocks("contrasts", results))
    for figure, found in zip(drawn, results.contrasts, strict=True):
        yield figure
        yield from contrast_blocks(found, results.words)
        if results.options.ranks or found.rankable:
            yield from rank_blocks(found, results.words)
    yield from figure_blocks("regression", results)
    if "tau" in results.fit.posterior:
        yield from figure_blocks("heterogeneity", results)
    if not results.several:
        yield Text(heterogeneity_line(results.summary, results.fit.spec, results.words))
    yield from _parameter_blocks(results.summary)


def _rate_definitions(fit: Fit) -> tuple[str, ...]:
    """Return what each of the four rates is in a model."""
    pooled = not outcomes_of(fit) and fit.spec.study_effects.tau is not None
    nearer = "; nearer 50% than the typical rate" if pooled and fit.spec.link == Logit() else ""
    return (
        _typical(fit),
        f"Mean rate: averaged over studies{nearer}.",
        "New study: the true rate of a future study. Its interval is the prediction interval, which includes "
        "heterogeneity.",
        "New cohort: the responders of such a study's n patients, with binomial variation.",
    )


def _typical(fit: Fit) -> str:
    if outcomes_of(fit):
        return "Typical rate: the product of the conditional probabilities of the median study."
    if fit.spec.likelihood.parameters:
        return "Typical rate: that of the covariates alone, about which arms vary independently."
    return "Typical rate: of the median study."


def _rate_blocks(summary: SummaryTable) -> Iterator[Block]:
    """Yield the four rates of each profile, with a table for each outcome, and their precision."""
    words, width = summary.words, summary.heading.interval
    several = "outcome" in summary
    rated = summary[summary["profile"] != ""]
    for outcome, own in rated.groupby("outcome", sort=False) if several else [("", summary)]:
        what = f"{words.outcome(str(outcome))}, of all patients" if several else "Response rates"
        yield Table(f"{what}: median and {width}{words.rates.note}", rate_table(own, words))
        yield from map(Text, inferred_lines(own, words))
    yield Text(rate_precision(summary, words))


def _parameter_blocks(summary: SummaryTable) -> Iterator[Block]:
    """Yield the parameters of a summary, where mu stands, and the odds ratios of numbers."""
    words, caption = summary.words, parameter_caption(summary, summary.heading)
    yield Table(caption, by_outcome(parameter_table(summary, words), summary, words))
    yield from map(Text, summary.heading.mu)
    ratios = odds_ratio_table(summary, words)
    if len(ratios):
        yield Table(
            "Odds ratios of numbers: median and interval", by_outcome(ratios, summary, words)
        )
