"""Simulation-based calibration of every part of the model family, and coverage of its intervals.

A new distribution of the study effects is calibrated once it is in its registry, a new prior
family once it has a role in `parts.ROLES`.
"""

from bayesmeta.calibration.case import Case
from bayesmeta.calibration.cases import all_cases, select_cases
from bayesmeta.calibration.identity import Change, changes, identity_of, status
from bayesmeta.calibration.judging import Calibration, judge
from bayesmeta.calibration.results import CaseResult, read_results
from bayesmeta.calibration.running import calibrate, run_case

__all__ = [
    "Calibration",
    "Case",
    "CaseResult",
    "Change",
    "all_cases",
    "calibrate",
    "changes",
    "identity_of",
    "judge",
    "read_results",
    "run_case",
    "select_cases",
    "status",
]
