"""Names that a reader of a registry or a review gives to the outcomes that are wanted."""

from collections.abc import Mapping
from typing import Any

from bayesmeta.errors import EvidenceError, SettingsError, nearest
from bayesmeta.evidence.columns import OUTCOME

Rows = list[dict[str, Any]]


def check_outcomes(outcomes: Mapping[str, str] | None) -> None:
    """Raise unless the outcomes that are wanted are named, or all are."""
    if outcomes is not None and (not isinstance(outcomes, Mapping) or not outcomes):
        raise SettingsError(
            f"`outcomes` must map titles of outcomes to names; got {outcomes!r}. Write {{'Overall Response': 'ORR'}}."
        )


def renamed(rows: Rows, outcomes: Mapping[str, str] | None, name: str) -> Rows:
    """Return the rows of the outcomes that are wanted, under their new names; all where None."""
    if outcomes is None:
        return rows
    there = {row[OUTCOME] for row in rows}
    for wanted in outcomes:
        if wanted not in there:
            raise EvidenceError(f"{name} has no outcome '{wanted}'. {nearest(str(wanted), there)}")
    return [{**row, OUTCOME: outcomes[row[OUTCOME]]} for row in rows if row[OUTCOME] in outcomes]
