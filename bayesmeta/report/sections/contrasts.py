"""Levels of a factor against each other."""

from collections.abc import Iterator

from bayesmeta import plots
from bayesmeta.estimates.contrasts import Contrasts
from bayesmeta.estimates.inferred_text import contrast_inferred
from bayesmeta.report.contrast_text import (
    RANKS_SAY,
    contrast_cells,
    contrasts_say,
    rank_cells,
)
from bayesmeta.report.document import Block, Figure, Items, Table, Text
from bayesmeta.wording import Wording

__all__ = ["contrast_blocks"]


def contrast_blocks(
    found: Contrasts, words: Wording, scale: plots.RateScale, *, ranks: bool = False
) -> Iterator[Block]:
    """Yield the contrasts of a factor, and its ranks where they may be shown or are asked for."""
    width, factor = f"{100 * found.ci_prob:g}%", words.labels.column(found.factor)
    said = f"Odds ratios between levels of {factor}"
    # The ranks stand in a table of their own.
    plot = plots.contrasts(found, ranks=False, scale=scale)
    yield Figure(f"contrasts_{found.factor}", plot, f"{said}.", said)
    yield Table(f"Contrasts of {factor}: median and {width} interval", contrast_cells(found, words))
    yield Items((*contrasts_say(words), *contrast_inferred(found, words)))
    if ranks or found.rankable:
        yield Table(
            f"Probability of each rank of {factor}, 1 the highest", rank_cells(found, words)
        )
        yield Text(RANKS_SAY)
