"""What tables say of inferred counts: a mark at what rests on some, and a line on how many."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.estimates.inferred import INFERRED_MARK
from bayesmeta.wording import PLAIN, Wording

if TYPE_CHECKING:
    from bayesmeta.estimates.contrasts import Contrasts

__all__ = ["contrast_inferred", "inferred_lines", "inferred_words", "marked"]


def marked(label: str, inferred: int) -> str:
    """Return a label with the mark of what rests on inferred counts, where it does."""
    return f"{label} {INFERRED_MARK}" if inferred else label


def inferred_lines(summary: pd.DataFrame, words: Wording = PLAIN) -> list[str]:
    """Return how many counts behind the marked rates of a summary are inferred; none where none is."""
    rows = summary[summary["inferred"] > 0].drop_duplicates(["profile", "arms", "inferred"])
    found = ((row["profile"], row["arms"], row["inferred"]) for row in rows.to_dict("records"))
    return inferred_words(found, words)


def contrast_inferred(contrasts: "Contrasts", words: Wording = PLAIN) -> list[str]:
    """Return how many counts behind the marked levels of contrasts are inferred; none where none is."""
    names = [(end, f"arms_{end}", f"inferred_{end}") for end in ("level", "versus")]
    rows = contrasts.table.to_dict("records")
    found = dict.fromkeys(
        (words.level(contrasts.factor, row[end]), row[arms], row[few])
        for row in rows
        for end, arms, few in names
    )
    return inferred_words(found)


def inferred_words(found: Iterable[tuple[str, int, int]], words: Wording = PLAIN) -> list[str]:
    """Return one line on profiles that rest on inferred counts: where, of how many arms, how many."""
    parts = [
        f"{words.text(where)} {few} of {counted(arms, 'arm')}" for where, arms, few in found if few
    ]
    if not parts:
        return []
    return [
        f"{INFERRED_MARK} Some counts are inferred, which no source prints (column derivation): {'; '.join(parts)}."
    ]
