"""The report of one fit: results first, then what they rest on; diagnostics in the appendix."""

from collections.abc import Iterator

from bayesmeta.errors import counted
from bayesmeta.estimates.contrasts import Contrasts
from bayesmeta.estimates.inferred import contrast_inferred
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.profiles import beyond_evidence
from bayesmeta.estimates.summary_text import rate_table
from bayesmeta.report.contrast_text import RANKS_SAY, contrast_cells, contrasts_say, rank_cells
from bayesmeta.report.document import Block, Document, Items, Section, Table, Text
from bayesmeta.report.figures import figure_blocks
from bayesmeta.report.fit_checks import fit_answers, sensitivity_of_fit, validation_of_fit
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.sections.checklists import checklists_section
from bayesmeta.report.sections.diagnostics import (
    UNRELIABLE,
    diagnostics_section,
    verdict_line,
    verdict_words,
)
from bayesmeta.report.sections.evidence import evidence_section
from bayesmeta.report.sections.limits import inferred_sentence, limits_section
from bayesmeta.report.sections.model import model_section, prior_blocks
from bayesmeta.report.sections.rates import parameter_blocks, rate_blocks, rate_definitions
from bayesmeta.report.sections.redo import redo_section
from bayesmeta.report.sections.titles import ANSWERS, BRIEF, PRIORS, SENSITIVITY, VALIDATION
from bayesmeta.report.text import (
    category_cells,
    heterogeneity_line,
    outcome_texts,
    prediction_lines,
)

__all__ = ["fit_document"]


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
    yield Section(BRIEF, tuple(_summary(results)))
    yield Section(ANSWERS, tuple(_answers(results)))
    yield evidence_section(fit.arms, fit.coding.columns, words)
    yield model_section(fit.design, words)
    densities = figure_blocks("prior_posterior", results)
    yield Section(PRIORS, (*prior_blocks(fit, words), *densities))
    yield Section(SENSITIVITY, tuple(sensitivity_of_fit(results)))
    yield Section(VALIDATION, tuple(validation_of_fit(results)))
    yield limits_section(
        fit.arms,
        tuple(map(words.note, results.notes)),
        covariates=bool(fit.spec.covariates.parsed.terms),
        tau="tau" in fit.posterior,
    )
    yield diagnostics_section(fit, results.diagnostics, *figure_blocks("trace", results))
    yield checklists_section(fit_answers(results))
    yield redo_section(fit)


def _summary(results: FitResults) -> Iterator[Block]:
    """Yield the question, the answer, and what of the profile lies outside the evidence."""
    beyond = beyond_evidence(results.fit.coding, results.profile)
    yield Text(_question(results))
    if results.several:
        yield Text(" ".join(_nested_sentences(results)))
        yield Items((*_by_outcome(results, results.prediction), *beyond))
    else:
        yield Text(" ".join(filter(None, _sentences(results))))
        yield from map(Text, beyond)


def _question(results: FitResults) -> str:
    fit = results.fit
    outcomes = ", ".join(results.outcomes)
    nested = ", each a part of the one before," if results.several else ""
    by = fit.spec.covariates.formula
    return (
        f"Question: which rates of {outcomes}{nested} do these studies support{f', by {by}' if by else ''}, how much do "
        f"studies differ, and what is to be expected in a new cohort of {results.question.cohort} patients?"
    )


def _evidence(results: FitResults) -> str:
    arms = results.fit.arms
    return f"The evidence is {counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}"


def _nested_sentences(results: FitResults) -> Iterator[str]:
    asked = results.question
    yield f"{_evidence(results)}, {results.fit.arms.n.sum():,} patients."
    yield verdict_words(results.diagnostics)
    yield (
        "Below, the typical rate is that of the middle of the studies; that of a new study, and a new cohort, allow for "
        f"the differences between studies (heterogeneity), too. Medians and {100 * asked.ci_prob:g}% intervals "
        f"({results.prediction.profile}):"
    )


def _by_outcome(results: FitResults, prediction: Prediction) -> Iterator[str]:
    found, words = results.summary, results.words
    texts = outcome_texts(prediction, results.question.ci_prob, words)
    for name, (outcome, rate, patients) in zip(prediction.outcomes, texts, strict=True):
        typical = rate_table(found[found["outcome"] == name], words)["typical"].iloc[0]
        yield (
            f"{outcome}: typical rate {typical}{words.rates.per_text}; new study {rate}; "
            f"of {prediction.n} patients {patients}."
        )


def _sentences(results: FitResults) -> Iterator[str]:
    arms, asked = results.fit.arms, results.question
    words, width = results.words, f"{100 * asked.ci_prob:g}%"
    rates, per = rate_table(results.summary, words).iloc[0], words.rates.per_text
    where = "" if rates["profile"] == "all studies" else f" ({rates['profile']})"
    above = [] if asked.rate_above is None else [("rate_above", asked.rate_above)]
    yield f"{_evidence(results)}; {arms.events.sum():,} of {arms.n.sum():,} patients responded."
    yield inferred_sentence(arms.frame)
    yield f"The typical rate{where} is {rates['typical']}{per}, median and {width} interval{_unpooled(results)}."
    yield (
        f"{_spread(results)} true rate of a new study is {rates['new study']}{per}, median and {width} prediction interval."
    )
    # The first line is of the true rate, with its Monte-Carlo errors.
    yield from prediction_lines(results.predictions[""], asked.ci_prob, above, words)[1:]
    yield verdict_words(results.diagnostics)


def _spread(results: FitResults) -> str:
    """Return what heterogeneity means for a new study, as the beginning of a sentence."""
    if "tau" not in results.fit.posterior:
        return "The"
    return "That is the middle of the studies; allowing for the differences between them (heterogeneity), the"


def _unpooled(results: FitResults) -> str:
    """Return what to know of rates of a model in which no study tells of another."""
    pools = results.fit.spec.study_effects.pools
    return "" if pools else "; without pooling, this is what the priors say of a study not seen"


def _answers(results: FitResults) -> Iterator[Block]:
    yield from figure_blocks("nested_outcomes", results)
    yield from figure_blocks("forest", results)
    yield from rate_blocks(results.summary)
    yield Items(rate_definitions(results.fit))
    yield from figure_blocks("prediction", results)
    yield from _categories(results)
    drawn = tuple(figure_blocks("contrasts", results))
    for figure, found in zip(drawn, results.contrasts, strict=True):
        yield figure
        yield from _contrasts(results, found)
    yield from figure_blocks("regression", results)
    if "tau" in results.fit.posterior:
        yield from figure_blocks("heterogeneity", results)
    if not results.several:
        yield Text(heterogeneity_line(results.summary, results.fit.spec, results.words))
    yield from parameter_blocks(results.summary)


def _categories(results: FitResults) -> Iterator[Block]:
    found = results.prediction
    if found.outcomes:
        yield Table(
            f"Patients of a new cohort of {found.n} by category ({found.profile})",
            category_cells(found.table(results.question.ci_prob), results.words),
        )


def _contrasts(results: FitResults, found: Contrasts) -> Iterator[Block]:
    """Yield the contrasts of a factor, and its ranks where they may be shown or are asked for."""
    words, width = results.words, f"{100 * found.ci_prob:g}%"
    factor = words.labels.column(found.factor)
    caption = results.of(found.outcome, f"Contrasts of {factor}: median and {width} interval")
    yield Table(caption, contrast_cells(found, words))
    yield Items((*contrasts_say(words), *contrast_inferred(found, words)))
    if results.options.ranks or found.rankable:
        caption = results.of(found.outcome, f"Probability of each rank of {factor}, 1 the highest")
        yield Table(caption, rank_cells(found, words))
        yield Text(RANKS_SAY)
