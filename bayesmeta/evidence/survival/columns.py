"""Columns of a survival table that mean something to bayesmeta."""

from typing import Final

from bayesmeta.evidence.columns import ALWAYS_TEXT, ARM, OUTCOME, OVERLAP_RANK, STRATUM, STUDY, N

TIME: Final = "time"
SURVIVAL: Final = "survival"
CI_LOW: Final = "ci_low"
CI_HIGH: Final = "ci_high"
AT_RISK: Final = "at_risk"
MEDIAN: Final = "median"
MEDIAN_LOW: Final = "median_low"
MEDIAN_HIGH: Final = "median_high"
FOLLOWUP: Final = "followup"
REACHED: Final = "reached"
UNIT: Final = "unit"

LENGTHS: Final = (TIME, MEDIAN, MEDIAN_LOW, MEDIAN_HIGH, FOLLOWUP)
"""Lengths of time: in `unit` in a source, in months in a checked table."""

PROBABILITIES: Final = (SURVIVAL, CI_LOW, CI_HIGH)
PATIENTS: Final = (N, AT_RISK)
REPORTED: Final = (*LENGTHS, *PROBABILITIES, *PATIENTS)
"""Columns of numbers, each of which may be blank."""

LIMITS: Final = {SURVIVAL: (CI_LOW, CI_HIGH), MEDIAN: (MEDIAN_LOW, MEDIAN_HIGH)}
"""Limits of the interval of each estimate."""

CURVE: Final = (STUDY, ARM, STRATUM, OUTCOME)
"""What the rows of one survival curve share."""

TEXTS: Final = (*ALWAYS_TEXT, REACHED, UNIT)
MEANINGFUL: Final = (*TEXTS, *REPORTED, OVERLAP_RANK)
"""Columns that are not covariates."""

DURATION_OF_RESPONSE: Final = ("dor", "duration of response")
"""Names of the outcome that is of responders alone, without case."""

RESPONDERS: Final = "responders"
"""The stratum that says of which responders an outcome is, where it is conditional on response."""
