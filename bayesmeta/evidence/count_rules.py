"""Rules that turn the rows of an evidence table into the arms of one analysis.

In this order: conditions asked for, rows without a count, derivations, default exclusions, strata and
mixed populations, parts or the whole, overlapping cohorts, totals or levels.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from bayesmeta.arrays import Integers
from bayesmeta.evidence.choices import Choices
from bayesmeta.evidence.columns import ARM, DERIVATION, EVENTS, OUTCOME, STRATUM, N
from bayesmeta.evidence.derivations import standing
from bayesmeta.evidence.partition import Partition
from bayesmeta.evidence.selection import Parts, Places, Rule, families
from bayesmeta.evidence.strata import stratum_levels


def count_rules(
    choices: Choices,
    *,
    all_parts: Parts,
    nested: bool,
    strata: str | None,
    partition: Partition | None,
) -> list[Rule]:
    """Return the rules of `EvidenceTable.select` in order.

    `all_parts` names the parts of each arm; `partition` chooses between its total and its levels.
    """
    parts: Rule = partial(
        parts_or_whole,
        all_parts=all_parts,
        prefer_parts=choices.parts == "parts",
        nested=nested,
    )
    if partition is None:
        outside = partial(_outside_stratum, name=strata)
        return choices.rules(unusable=_without_count, strata=outside, parts=[parts])
    rules = choices.rules(
        unusable=_without_count,
        strata=partition.outside,
        parts=[partition.instead_of_parts, parts],
    )
    return [partition.size_alone, *rules, partition.total_or_levels]


def _without_count(frame: pd.DataFrame) -> list[str]:
    reasons = np.select(
        [frame[EVENTS].isna(), frame[N].isna()],
        [
            "no count: none can be recovered from the source",
            "no count: the number of patients is not known",
        ],
        "",
    )
    return list(map(str, reasons))


def _outside_stratum(frame: pd.DataFrame, name: str | None) -> list[str]:
    """Drop strata, or all that are not levels of the one asked for."""
    if name is None:
        return [
            f"stratum: {stratum} is part of the arm" if stratum_levels(stratum) else ""
            for stratum in frame[STRATUM]
        ]
    reason = f"strata: not a level of '{name}'"
    return ["" if list(stratum_levels(text)) == [name] else reason for text in frame[STRATUM]]


class _Counts(NamedTuple):
    """Counts of rows and how each was derived: looked up once, however many arms have parts."""

    events: Integers
    n: Integers
    standing: Integers


def _counts(frame: pd.DataFrame) -> _Counts:
    events, n = (frame[name].to_numpy(dtype=np.int64) for name in (EVENTS, N))
    known = DERIVATION in frame.columns
    return _Counts(events, n, standing(frame[DERIVATION]) if known else np.zeros_like(n))


def parts_or_whole(
    frame: pd.DataFrame, all_parts: Parts, *, prefer_parts: bool, nested: bool
) -> list[str]:
    """Drop a whole arm whose parts stand for it, or else the parts; for all its outcomes together.

    Parts do if every one of them reports each outcome that the whole arm reports and, in each, they add
    up to the whole and are derived no worse. `all_parts` names them, whatever outcome they report.
    """
    reasons = np.full(len(frame), "", dtype=object)
    counts, outcomes, arms = _counts(frame), frame[OUTCOME].to_numpy(), frame[ARM].to_numpy()
    every = "report every outcome that it reports" if nested else "all report the outcome"
    for arm, whole, parts in families(frame):
        reported = set(zip(arms[parts], outcomes[parts], strict=True))
        wanted = {(part, outcome) for part in all_parts[arm] for outcome in outcomes[whole]}
        against = "" if prefer_parts and wanted <= reported else "the whole arm is kept"
        # By name, so that the reason does not depend on the order of the rows.
        for outcome in sorted(outcomes[whole]):
            own, inner = (places[outcomes[places] == outcome] for places in (whole, parts))
            where = f" ({outcome})" if nested else ""
            against = against or _against_parts(counts, own, inner, where)
        reasons[parts if against else whole] = (
            f"part: {against}" if against else f"whole: its parts {every}, and add up to it"
        )
    return list(reasons)


def _against_parts(counts: _Counts, whole: Places, parts: Places, where: str) -> str:
    """Return why the parts of an arm do not stand for it in an outcome; empty if they do."""
    [own], [own_n] = counts.events[whole], counts.n[whole]
    events, n = counts.events[parts].sum(), counts.n[parts].sum()
    if (events, n) != (own, own_n):
        return f"the whole arm is kept, for its parts add up to {events} of {n}, not to {own} of {own_n}{where}"
    worst, best = int(counts.standing[parts].max()), int(counts.standing[whole][0])
    if worst <= best:
        return ""
    words = ("reported", "derived", "inferred")
    return (
        f"the whole arm is kept, for its count is {words[best]} and counts of its parts are "
        f"{words[worst]}{where}"
    )
