"""The four rates, told apart."""

from collections.abc import Iterator

from bayesmeta.estimates.inferred import inferred_lines
from bayesmeta.estimates.posterior import outcomes_of
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
from bayesmeta.report.document import Block, Table, Text

__all__ = ["parameter_blocks", "rate_blocks", "rate_definitions"]


def rate_definitions(fit: Fit) -> tuple[str, ...]:
    """Return what each of the four rates is in a model."""
    return (
        _typical(fit),
        _mean(fit),
        "New study: the true rate of a study not yet done. Its interval is the prediction interval, which tells how "
        "much studies differ, too.",
        "New cohort: the responders of such a study's n patients, with binomial variation.",
    )


def _typical(fit: Fit) -> str:
    if outcomes_of(fit):
        return "Typical rate: the product of the conditional probabilities of the median study."
    if fit.spec.likelihood.parameters:
        return "Typical rate: that of the covariates themselves, about which arms differ for themselves."
    return "Typical rate: of the median study. Its interval tells where the middle of the studies lies."


def _mean(fit: Fit) -> str:
    pooled = not outcomes_of(fit) and fit.spec.study_effects.tau is not None
    if pooled and fit.spec.link == Logit():
        return "Mean rate: averaged over studies; nearer 50% than the typical rate."
    return "Mean rate: averaged over studies."


def rate_blocks(summary: SummaryTable) -> Iterator[Block]:
    """Yield the four rates of each profile, with a table for each outcome, and their precision."""
    words, width = summary.words, summary.heading.interval
    several = "outcome" in summary
    rated = summary[summary["profile"] != ""]
    for outcome, own in rated.groupby("outcome", sort=False) if several else [("", summary)]:
        what = f"{words.outcome(str(outcome))}, of all patients" if several else "Response rates"
        yield Table(f"{what}: median and {width}{words.rates.note}", rate_table(own, words))
        yield from map(Text, inferred_lines(own, words))
    yield Text(rate_precision(summary, words))


def parameter_blocks(summary: SummaryTable) -> Iterator[Block]:
    """Yield the parameters of a summary, where mu stands, and the odds ratios of numbers."""
    words, caption = summary.words, parameter_caption(summary, summary.heading)
    yield Table(caption, by_outcome(parameter_table(summary, words), summary, words))
    yield from map(Text, summary.heading.mu)
    ratios = odds_ratio_table(summary, words)
    if len(ratios):
        yield Table(
            "Odds ratios of numbers: median and interval", by_outcome(ratios, summary, words)
        )
