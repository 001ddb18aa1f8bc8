"""Rules that turn the rows of a survival table into the arms of one analysis."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from bayesmeta.evidence.columns import STRATUM, N
from bayesmeta.evidence.selection import (
    Rule,
    derived_otherwise,
    excluded_by_default,
    families,
    mixed_beside_target,
    mixed_population,
    overlapping,
)
from bayesmeta.evidence.strata import stratum_levels
from bayesmeta.evidence.survival.checks import has_precision
from bayesmeta.evidence.survival.columns import FOLLOWUP, MEDIAN, MEDIAN_LOW, RESPONDERS


def selection_rules(
    *,
    prefer_parts: bool,
    derivations: Sequence[str] | None,
    overlaps: str,
    include: str,
    mixed: bool,
) -> list[Rule]:
    """Return the rules of `SurvivalTable.select` in order."""
    rules: list[Rule] = [_without_precision, _unreached]
    if derivations is not None:
        rules.append(partial(derived_otherwise, derivations=derivations))
    if include == "default":
        rules.append(excluded_by_default)
    if not mixed:
        rules.append(mixed_population)
    rules += [_strata, mixed_beside_target, partial(_parts_or_whole, prefer_parts=prefer_parts)]
    return [*rules, overlapping] if overlaps == "resolve" else rules


def _without_precision(frame: pd.DataFrame) -> list[str]:
    reason = "no precision: neither an interval nor a number of patients is known"
    return ["" if known else reason for known in has_precision(frame)]


def _unreached(frame: pd.DataFrame) -> list[str]:
    """Drop medians that were not reached, where it is not known by when, or by how many patients."""
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
