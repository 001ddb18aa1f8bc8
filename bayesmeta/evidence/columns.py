"""Columns that mean something to bayesmeta, and labels of arms; every other column is a covariate."""

from typing import Final

import pandas as pd

STUDY: Final = "study"
ARM: Final = "arm"
STRATUM: Final = "stratum"
OUTCOME: Final = "outcome"
EVENTS: Final = "events"
N: Final = "n"

REQUIRED: Final = (STUDY, EVENTS, N)
COUNTS: Final = (EVENTS, N)
KEY: Final = (STUDY, ARM, STRATUM, OUTCOME)

PART_OF: Final = "part_of"
OVERLAP_GROUP: Final = "overlap_group"
OVERLAP_RANK: Final = "overlap_rank"
DEFAULT_INCLUDE: Final = "default_include"
EXCLUSION_REASON: Final = "exclusion_reason"
DERIVATION: Final = "derivation"
LABEL: Final = "label"
RANDOMISED: Final = "randomised"
"""Whether a study was randomised: a covariate, by which alone `within(x)` tells its studies."""
INFERRED: Final = "inferred_outcomes"
"""Of nested outcomes: those of an arm whose counts are inferred, joined by semicolons."""

PERCENT: Final = "percent_reported"
"""The rate of a row as its source prints it, in percent; its interval stands in the next two columns."""
CI_LOW: Final = "ci_low_reported"
CI_HIGH: Final = "ci_high_reported"
PRINTED: Final = (PERCENT, CI_LOW, CI_HIGH)

SPLIT_BY: Final = "split_by"
"""Of a total over two levels of a stratum: the stratum; blank where a row is of one level."""
SPLIT_LEVEL: Final = "split_level"
"""The second level; the first stands in the column of the stratum."""
SPLIT_N: Final = "split_n"
"""Patients at the second level; 0 where a row is of one level, missing where it is not known."""
SPLIT_COLUMNS: Final = (SPLIT_BY, SPLIT_LEVEL, SPLIT_N)

ALWAYS_TEXT: Final = (
    *KEY,
    PART_OF,
    OVERLAP_GROUP,
    DEFAULT_INCLUDE,
    EXCLUSION_REASON,
    DERIVATION,
    LABEL,
    INFERRED,
    SPLIT_BY,
    SPLIT_LEVEL,
)
"""Columns whose values are names, even where they look like numbers."""

MEANINGFUL: Final = (*ALWAYS_TEXT, *COUNTS, *PRINTED, OVERLAP_RANK, SPLIT_N)
"""Columns that are not covariates."""

MISSING_TEXT: Final = ("", "NA")
"""What a cell of any column holds where its value is not known."""

MISSING_WORDS: Final = ("NR", "ND", "n/a", "-")
"""What else a cell of a count or a covariate holds where its value is not known."""


def labels_of(frame: pd.DataFrame) -> list[str]:
    """Return each row's label: its study, its arm where named, its stratum where it is one."""
    named = [frame[column].tolist() for column in (STUDY, ARM, STRATUM) if column in frame.columns]
    return ["/".join(filter(None, parts)) for parts in zip(*named, strict=True)]
