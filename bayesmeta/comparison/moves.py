"""How answers and decisions moved between two fits of one model, beside their Monte-Carlo error."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from bayesmeta.comparison.predictions import answers, predictions_of
from bayesmeta.comparison.questions import asked_of
from bayesmeta.errors import listed
from bayesmeta.estimates.events import Event
from bayesmeta.estimates.posterior import posterior_of
from bayesmeta.estimates.precision import Row
from bayesmeta.estimates.questions import Question
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Coding, Profile
from bayesmeta.sensitivity.crossing import Point

Pair = tuple[Fit, Fit]
"""The fit before and the fit after."""

LABEL = ("outcome", "quantity", "scale")

SIDES = {1: "yes", -1: "no", 0: "open"}
"""What a decision is, by the side of the required certainty on which the probability lies."""


def moves(fits: Pair, question: Question) -> pd.DataFrame:
    """Return the quantities of a profile by both fits, with the change of each."""
    both = [answers(predictions_of(fit), asked_of(fit.coding, question)) for fit in fits]
    return pd.DataFrame([_move(*pair) for pair in zip(*both, strict=True)])


def _move(before: Row, after: Row) -> Row:
    row = {name: before[name] for name in LABEL if name in before}
    for end, one in (("before", before), ("after", after)):
        row |= {
            end: one["estimate"],
            f"{end}_lower": one["lower"],
            f"{end}_upper": one["upper"],
            f"mcse_{end}": one["mcse"],
        }
    change = after["estimate"] - before["estimate"]
    error = float(np.hypot(before["mcse"], after["mcse"]))
    clear = Point(0.0, change, error).side(0.0) != 0
    return row | {"change": change, "mcse_change": error, "clear": clear}


def decisions(
    fits: Pair,
    profile: Profile,
    events: Sequence[Event],
    *,
    certainty: float | None,
    time: float | None,
) -> pd.DataFrame:
    """Return the probability of each event by both fits, and what becomes of the decision."""
    rates = [posterior_of(fit, profile, time=time) for fit in fits]
    rows = []
    for event in events:
        for outcome in rates[0]:
            found = [event.of(one[outcome].cohort()) for one in rates]
            row: Row = {"outcome": outcome} if outcome else {}
            row |= {"event": str(event)}
            for end, one in zip(("before", "after"), found, strict=True):
                row |= {end: float(one), f"mcse_{end}": one.mcse}
            if certainty is not None:
                row |= _decided([Point(0.0, float(one), one.mcse) for one in found], certainty)
            rows.append(row)
    return pd.DataFrame(rows)


def _decided(points: Sequence[Point], certainty: float) -> Row:
    before, after = (SIDES[point.side(certainty)] for point in points)
    known = "unchanged" if before == after else "flipped"
    return {
        "decision_before": before,
        "decision_after": after,
        "result": "open" if "open" in {before, after} else known,
    }


def coding_notes(before: Coding, after: Coding) -> Iterator[str]:
    """Yield how the coding of covariates that was learnt anew differs from the first one."""
    for name, levels in before.levels.items():
        own = after.levels[name]
        added = [level for level in own if level not in levels]
        removed = [level for level in levels if level not in own]
        if added:
            yield f"{name} has new levels: {listed(added)}."
        if removed:
            yield f"{name} has lost levels: {listed(removed)}."
        if name in before.factors and name not in before.grouping and own[0] != levels[0]:
            yield f"The reference level of {name} is {own[0]} and was {levels[0]}: mu and coefficients are of another level."
    for name, centre in before.centres.items():
        if name in before.walks and after.centres[name] != centre:
            yield (
                f"The last year of {name} is {after.centre_text(name)} and was {before.centre_text(name)}; mu is at the "
                "last year."
            )
        elif after.centres[name] != centre:
            yield (
                f"The centre of {name} is {after.centre_text(name)} and was {before.centre_text(name)}; mu is at the "
                "centre."
            )


def version_note(before: Fit, after: Fit) -> Iterator[str]:
    """Yield which versions differ, since a part of each move may be theirs."""
    old, new = before.provenance.versions, after.provenance.versions
    differ = [f"{name} {old[name]} to {new[name]}" for name in new if old.get(name, new[name]) != new[name]]  # fmt: skip
    if differ:
        yield f"Versions differ, too ({listed(differ)}): chains differ, within Monte-Carlo error."
