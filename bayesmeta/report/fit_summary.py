"""The summary of a fit's report: what was asked, and the answer in one paragraph."""

from collections.abc import Iterator

from bayesmeta.errors import counted
from bayesmeta.estimates.profiles import beyond_evidence
from bayesmeta.estimates.summary_text import rate_table
from bayesmeta.report.document import Block, Text
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.sections.diagnostics import verdict_words
from bayesmeta.report.sections.limits import inferred_sentence
from bayesmeta.report.text import prediction_lines

__all__ = ["fit_summary"]


def fit_summary(results: FitResults) -> tuple[Block, ...]:
    """Return the question, the answer, and what of the profile lies outside the evidence."""
    beyond = beyond_evidence(results.fit.coding, results.asked.profile)
    paragraph = " ".join(filter(None, _sentences(results)))
    return (Text(_question(results)), Text(paragraph), *map(Text, beyond))


def _question(results: FitResults) -> str:
    fit = results.fit
    outcome = results.words.outcome(fit.arms.selection.get("outcome") or "response")
    by = fit.spec.covariates.formula
    return (
        f"Question: which rates of {outcome} do these studies support{f', by {by}' if by else ''}, how much do studies "
        f"differ, and what is to be expected in a new cohort of {results.asked.cohort} patients?"
    )


def _sentences(results: FitResults) -> Iterator[str]:
    arms, asked = results.fit.arms, results.asked
    words, width = results.words, f"{100 * asked.ci_prob:g}%"
    rates, per = rate_table(results.summary, words).iloc[0], words.rates.per_text
    where = "" if rates["profile"] == "all studies" else f" ({rates['profile']})"
    yield (
        f"The evidence is {counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}; "
        f"{arms.events.sum():,} of {arms.n.sum():,} patients responded."
    )
    yield inferred_sentence(arms.frame)
    yield f"The typical rate{where} is {rates['typical']}{per}, median and {width} interval{_unpooled(results)}."
    yield (
        f"{_spread(results)} true rate of a new study is {rates['new study']}{per}, median and {width} prediction interval."
    )
    # The first line is of the true rate, with its Monte-Carlo errors.
    yield from prediction_lines(results.prediction, asked.ci_prob, _asked(results), words)[1:]
    yield verdict_words(results.diagnostics)


def _spread(results: FitResults) -> str:
    """Return what heterogeneity means for a new study, as the beginning of a sentence."""
    if results.fit.spec.study_effects.tau is None:
        return "The"
    return "That is the middle of the studies; allowing for the differences between them (heterogeneity), the"


def _unpooled(results: FitResults) -> str:
    """Return what to know of rates of a model in which no study tells of another."""
    pools = results.fit.spec.study_effects.pools
    return "" if pools else "; without pooling, this is what the priors say of a study not seen"


def _asked(results: FitResults) -> list[tuple[str, float]]:
    above = results.asked.rate_above
    return [] if above is None else [("rate_above", above)]
