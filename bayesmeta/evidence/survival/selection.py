"""Rules that turn the rows of a survival table into the arms of one analysis."""

from functools import partial

import numpy as np
import pandas as pd

from bayesmeta.evidence.choices import Choices
from bayesmeta.evidence.columns import STRATUM, N
from bayesmeta.evidence.selection import Rule, families
from bayesmeta.evidence.strata import stratum_levels
from bayesmeta.evidence.survival.checks import has_precision
from bayesmeta.evidence.survival.columns import FOLLOWUP, MEDIAN, MEDIAN_LOW, RESPONDERS


def survival_rules(choices: Choices) -> list[Rule]:
    """Return the rules of `SurvivalTable.select` in order."""
    parts = partial(_parts_or_whole, prefer_parts=choices.parts == "parts")
    return choices.rules(unusable=_unusable, strata=_strata, parts=[parts])


def _without_precision(frame: pd.DataFrame) -> list[str]:
    reason = "no precision: neither an interval nor a number of patients is known"
    return ["" if known else reason for known in has_precision(frame)]


def _unusable(frame: pd.DataFrame) -> list[str]:
    """Drop what tells nothing: rows of no known precision, and medians not reached by some time."""
    found = zip(_without_precision(frame), _unreached(frame), strict=True)
    return [one or other for one, other in found]


def _unreached(frame: pd.DataFrame) -> list[str]:
    known = (frame[FOLLOWUP].notna() | frame[MEDIAN_LOW].notna()) & frame[N].notna()
    reason = "not reached: by when, or by how many patients, is not known"
    return [reason if one else "" for one in np.isinf(frame[MEDIAN]) & ~known]


def _strata(frame: pd.DataFrame) -> list[str]:
    """Drop strata; an outcome that is conditional on response is of its responders."""
    levels = [stratum_levels(text) for text in frame[STRATUM]]
    conditional = all(RESPONDERS in own for own in levels)
    allowed = {RESPONDERS} if conditional else set()
    return [
        f"stratum: {text} is part of the arm" if set(own) - allowed else ""
        for text, own in zip(frame[STRATUM], levels, strict=True)
    ]


def _parts_or_whole(frame: pd.DataFrame, *, prefer_parts: bool) -> list[str]:
    """Drop a whole arm that stands beside parts of itself, or else the parts."""
    reasons = np.full(len(frame), "", dtype=object)
    for (_, arm), whole, parts in families(frame):
        if prefer_parts:
            reasons[whole] = "whole: its parts are asked for"
        else:
            reasons[parts] = f"part: the whole arm, {arm}, is kept"
    return list(reasons)
