"""Levels of a factor against each other."""

from collections.abc import Iterator

from bayesmeta import plots
from bayesmeta.estimates.contrasts import Contrasts
from bayesmeta.report.contrast_text import (
    CONTRASTS_SAY,
    RANKS_SAY,
    contrast_cells,
    contrast_inferred_lines,
    rank_cells,
)
from bayesmeta.report.document import Block, Figure, Items, Table, Text

__all__ = ["contrast_blocks"]


def contrast_blocks(found: Contrasts, *, ranks: bool = False) -> Iterator[Block]:
    """Yield the contrasts of a factor, and its ranks where they may be shown or are asked for."""
    width = f"{100 * found.ci_prob:g}%"
    said = f"Odds ratios between levels of {found.factor}"
    # The ranks stand in a table of their own.
    yield Figure(f"contrasts_{found.factor}", plots.contrasts(found, ranks=False), f"{said}.", said)
    yield Table(f"Contrasts of {found.factor}: median and {width} interval", contrast_cells(found))
    yield Items((*CONTRASTS_SAY, *contrast_inferred_lines(found)))
    if ranks or found.rankable:
        yield Table(f"Probability of each rank of {found.factor}, 1 the highest", rank_cells(found))
        yield Text(RANKS_SAY)
