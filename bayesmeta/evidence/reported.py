"""`reported_outcomes`: which study reports which outcome, so that gaps can be seen."""

from collections.abc import Sequence

import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, nearest
from bayesmeta.evidence.columns import EVENTS, OUTCOME, STRATUM, STUDY, N
from bayesmeta.evidence.strata import stratum_levels
from bayesmeta.evidence.table import EvidenceTable

REPORTED, PARTLY, NO_COUNT, NOTHING = "reported", "in part", "no count", ""


def reported_outcomes(
    table: EvidenceTable, *, outcomes: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return what each study reports of each outcome, as a matrix.

    An outcome that many studies leave out may be missing because of its results (outcome reporting
    bias). The matrix shows the gaps; it cannot show their reasons.

    Parameters
    ----------
    table : EvidenceTable
        Made by `read_evidence` or `load_evidence`.
    outcomes : sequence of str, optional
        Outcomes that are columns; all of the table where None, that of most studies first.

    Returns
    -------
    DataFrame
        One row per study (index `study`), one column per outcome: ``"reported"`` where an arm has a
        count; ``"in part"`` where a part of an arm only has one (column `stratum`); ``"no count"``
        where rows have none; empty without rows.

    Raises
    ------
    SettingsError
        If `table` is no EvidenceTable.
    EvidenceError
        If an outcome is not in the table.

    References
    ----------
    Kirkham et al. 2010, doi:10.1136/bmj.c365 (outcome reporting bias).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> rows = [("a", "CR", 3, 20), ("a", "ORR", 9, 20), ("b", "ORR", None, 15)]
    >>> frame = pd.DataFrame(rows, columns=["study", "outcome", "events", "n"])
    >>> frame["derivation"] = ["reported", "reported", "not_reported"]
    >>> table = bm.read_evidence(frame.astype({"events": "Int64"}))
    >>> bm.reported_outcomes(table).to_dict("index")
    {'a': {'CR': 'reported', 'ORR': 'reported'}, 'b': {'CR': '', 'ORR': 'no count'}}
    """
    if not isinstance(table, EvidenceTable):
        raise SettingsError(
            f"`table` must be an EvidenceTable; got {type(table).__name__}. Make one by read_evidence."
        )
    frame = table.frame
    state = pd.Series(NO_COUNT, index=frame.index)
    known = frame[EVENTS].notna() & frame[N].notna()
    part = frame[STRATUM].map(lambda text: bool(stratum_levels(text)))
    state = state.mask(known & part, PARTLY).mask(known & ~part, REPORTED)
    best = {name: place for place, name in enumerate((NOTHING, NO_COUNT, PARTLY, REPORTED))}
    ranked = frame.assign(best=state.map(best)).groupby([STUDY, OUTCOME], sort=False)["best"].max()
    matrix = ranked.unstack(OUTCOME, fill_value=0).reindex(list(dict.fromkeys(frame[STUDY])))  # noqa: PD010
    order = _order(table, matrix, best[REPORTED], outcomes)
    names = {place: name for name, place in best.items()}
    found: pd.DataFrame = matrix[order].replace(names).astype(object)
    return found.rename_axis(columns=None)


def _order(
    table: EvidenceTable, matrix: pd.DataFrame, reported: int, outcomes: Sequence[str] | None
) -> list[str]:
    """Return the outcomes asked for, or all, that of most studies first."""
    if outcomes is None:
        counts = (matrix == reported).sum().sort_values(ascending=False, kind="stable")
        return list(map(str, counts.index))
    for name in outcomes:
        if name not in matrix.columns:
            raise EvidenceError(
                f"`outcomes` names '{name}', which {table.name} does not have. {nearest(name, map(str, matrix.columns))}"
            )
    return list(outcomes)
