"""The rules of columns that say which rows an analysis takes: inclusion, parts, overlapping cohorts."""

import pandas as pd

from bayesmeta.evidence.columns import (
    ARM,
    DEFAULT_INCLUDE,
    OVERLAP_GROUP,
    OVERLAP_RANK,
    PART_OF,
    STUDY,
)
from bayesmeta.evidence.findings import Finding, broken, where
from bayesmeta.evidence.values import Notation, blank_column, count_of


def broken_bookkeeping(frame: pd.DataFrame) -> list[Finding]:
    """Return the broken rules of inclusion and of parts."""
    found = []
    if DEFAULT_INCLUDE in frame.columns:
        found += broken(
            "inclusion",
            f"`{DEFAULT_INCLUDE}` must be 'yes', 'no' or blank",
            where(frame[DEFAULT_INCLUDE], lambda value: value not in (None, "yes", "no")),
            "Write yes or no.",
        )
    if PART_OF in frame.columns:
        found += _broken_parts(frame)
    return found


def with_ranks(frame: pd.DataFrame, notation: Notation) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows with ranks of overlapping studies as numbers, and the broken rules of ranks."""
    if OVERLAP_GROUP not in frame.columns:
        return frame, []
    ranks = frame.get(OVERLAP_RANK, blank_column(frame))
    values = [None if value is None else count_of(value, notation) for value in ranks]
    ranked = frame.assign(**{OVERLAP_RANK: pd.array(values, dtype="Int64")})
    unranked = ranked[OVERLAP_RANK].isna() & frame[OVERLAP_GROUP].notna()
    found = broken(
        "overlap",
        f"`{OVERLAP_RANK}` must be a whole number wherever `{OVERLAP_GROUP}` is given",
        where(ranks[unranked], lambda _: True),
        "Rank the overlapping studies; the lowest rank is kept.",
    )
    return ranked, [*found, *_tied(ranked)]


def _tied(frame: pd.DataFrame) -> list[Finding]:
    each = frame[[OVERLAP_GROUP, OVERLAP_RANK, STUDY]].dropna().drop_duplicates()
    tied = each[each.duplicated([OVERLAP_GROUP, OVERLAP_RANK], keep=False)]
    return broken(
        "overlap",
        f"studies of one `{OVERLAP_GROUP}` must differ in `{OVERLAP_RANK}`",
        [
            (str(place), f"{row[STUDY]}, rank {row[OVERLAP_RANK]} of {row[OVERLAP_GROUP]}")
            for place, row in tied.iterrows()
        ],
        "Give each study of the group a rank of its own; the lowest is kept.",
    )


def _broken_parts(frame: pd.DataFrame) -> list[Finding]:
    arms = set(zip(frame[STUDY], frame[ARM], strict=True))
    parts = frame[frame[PART_OF].notna()]
    owners = set(zip(parts[STUDY], parts[PART_OF], strict=True))
    unexpected, nested = [], []
    for place, row in parts.iterrows():
        if (row[STUDY], row[PART_OF]) not in arms or row[PART_OF] == row[ARM]:
            unexpected.append((str(place), row[PART_OF]))
        if (row[STUDY], row[ARM]) in owners:
            nested.append((str(place), f"{row[ARM]}, part of {row[PART_OF]}"))
    return [
        *broken(
            "part",
            f"`{PART_OF}` must name another arm of the same study",
            unexpected,
            "Correct the name.",
        ),
        *broken(
            "part",
            f"an arm that has parts cannot be part of another (`{PART_OF}`)",
            nested,
            "Name the whole arm as the owner of the smallest parts.",
        ),
    ]
