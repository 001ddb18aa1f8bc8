"""The four rates, told apart."""

import pandas as pd

from bayesmeta.report.document import Block, Table, Text
from bayesmeta.report.text import parameter_table, rate_precision, rate_table

__all__ = ["QUESTION", "RATE_DEFINITIONS", "parameter_blocks", "rate_blocks"]

QUESTION = "Question"

RATE_DEFINITIONS = (
    "Typical rate: of the median study. Its interval tells where the middle of the studies lies.",
    "Mean rate: averaged over studies; nearer 50% than the typical rate.",
    "New study: the true rate of a study not yet done. Its interval is the prediction interval, which tells how much "
    "studies differ, too.",
    "New cohort: the responders of such a study's n patients, with the play of chance.",
)


def rate_blocks(summary: pd.DataFrame, ci_prob: float) -> tuple[Block, ...]:
    """Return the four rates of each profile of a summary."""
    caption = f"Response rates: median and {100 * ci_prob:g}% interval"
    return Table(caption, rate_table(summary)), Text(rate_precision(summary))


def parameter_blocks(summary: pd.DataFrame, scale: str, ci_prob: float) -> tuple[Block, ...]:
    """Return the parameters of a summary."""
    caption = f"Parameters ({scale}; {100 * ci_prob:g}% interval)"
    return (Table(caption, parameter_table(summary)),)
