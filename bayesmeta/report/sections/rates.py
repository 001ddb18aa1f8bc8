"""The four rates, told apart."""

from collections.abc import Iterator

from bayesmeta.estimates.inferred_text import inferred_lines
from bayesmeta.estimates.summary_table import SummaryTable
from bayesmeta.estimates.summary_text import (
    by_outcome,
    odds_ratio_table,
    parameter_table,
    rate_precision,
    rate_table,
)
from bayesmeta.model import Logit, ModelSpec
from bayesmeta.report.document import Block, Table, Text

__all__ = ["parameter_blocks", "rate_blocks", "rate_definitions"]


def rate_definitions(spec: ModelSpec, *, several: bool = False) -> tuple[str, ...]:
    """Return what each of the four rates is in a model."""
    return (
        _typical(spec, several=several),
        _mean(spec, several=several),
        "New study: the true rate of a study not yet done. Its interval is the prediction interval, which tells how "
        "much studies differ, too.",
        "New cohort: the responders of such a study's n patients, with the play of chance.",
    )


def _typical(spec: ModelSpec, *, several: bool) -> str:
    if several:
        return "Typical rate: the product of the ratios of the median study, outcome by outcome."
    if spec.likelihood.parameters:
        return "Typical rate: that of the covariates themselves, about which arms differ for themselves."
    return "Typical rate: of the median study. Its interval tells where the middle of the studies lies."


def _mean(spec: ModelSpec, *, several: bool) -> str:
    if not several and spec.link == Logit() and spec.study_effects.tau is not None:
        return "Mean rate: averaged over studies; nearer 50% than the typical rate."
    return "Mean rate: averaged over studies."


def rate_blocks(summary: SummaryTable) -> tuple[Block, ...]:
    """Return the four rates of each profile of a summary."""
    heading, words = summary.heading, summary.words
    caption = f"Response rates: median and {heading.interval}{words.rates.note}"
    marked = map(Text, inferred_lines(summary, words))
    rates = Table(caption, rate_table(summary, words))
    return rates, *marked, Text(rate_precision(summary, words))


def parameter_blocks(summary: SummaryTable, caption: str) -> Iterator[Block]:
    """Yield the parameters of a summary, where mu stands, and the odds ratios of numbers."""
    words = summary.words
    yield Table(caption, by_outcome(parameter_table(summary, words), summary, words))
    yield from map(Text, summary.heading.mu)
    ratios = odds_ratio_table(summary, words)
    if len(ratios):
        yield Table(
            "Odds ratios of numbers: median and interval", by_outcome(ratios, summary, words)
        )
