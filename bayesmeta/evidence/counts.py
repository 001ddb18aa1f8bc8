"""The rules that the arms of one analysis keep: columns, labels, counts and how they are nested."""

from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.arrays import Array, Integers
from bayesmeta.errors import EvidenceError, listed
from bayesmeta.evidence.columns import ARM, EVENTS, PART_OF, STRATUM, STUDY, N, labels_of

Outcomes = tuple[str, ...]


def completed(frame: pd.DataFrame, outcomes: Outcomes) -> pd.DataFrame:
    """Return the rows of arms with every column that names one, after checking what they must have."""
    if len(set(outcomes)) < len(outcomes):
        raise EvidenceError(f"`outcomes` must name each outcome once; got {list(outcomes)}.")
    needed = (STUDY, *_columns(outcomes), N)
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        *others, last = needed
        raise EvidenceError(
            f"Arms need the columns {', '.join(others)} and {last}; {listed(missing)} is missing."
        )
    if frame.empty:
        raise EvidenceError("There is no arm. Select at least one.")
    named = {column: "" for column in (ARM, STRATUM) if column not in frame.columns}
    return frame.assign(**named).reset_index(drop=True)


def counts_of(frame: pd.DataFrame, outcomes: Outcomes) -> Array:
    """Return patients with each outcome, dims (arm, outcome); NaN where it is not reported."""
    columns = frame[list(_columns(outcomes))]
    return columns.astype("Float64").to_numpy(np.float64, na_value=np.nan)


def check_arms(frame: pd.DataFrame, outcomes: Outcomes) -> None:
    """Raise unless the rows can be the arms of one analysis."""
    labels = np.array(labels_of(frame), dtype=object)
    if len(outcomes) > 1:
        _check_whole(frame, outcomes)
        _check_nested(frame, outcomes, labels)
    else:
        bad = labels[((frame[EVENTS] < 0) | (frame[EVENTS] > frame[N])).to_numpy(dtype=bool)]
        if bad.size:
            raise EvidenceError(
                f"`events` must lie between 0 and `n`; not so in {listed(bad)}. Correct the counts."
            )
    _refuse_same_patients_twice(frame)
    twice = sorted(label for label, count in Counter(labels).items() if count > 1)
    if twice:
        raise EvidenceError(
            f"Arm labels must be unique; {listed(twice)} occurs again. Rename the arms."
        )


def _columns(outcomes: Outcomes) -> Outcomes:
    """Return the columns of counts."""
    return outcomes if len(outcomes) > 1 else (EVENTS,)


def _check_whole(frame: pd.DataFrame, outcomes: Outcomes) -> None:
    for name in outcomes:
        column = frame[name]
        numbers = pd.to_numeric(column, errors="coerce").astype("Float64")
        wrong = (numbers.isna() & column.notna()) | (numbers % 1 != 0).fillna(value=False)
        if wrong.any():
            raise EvidenceError(
                f"Counts of {name} must be whole numbers; not so: {listed(map(repr, column[wrong]))}. "
                "Correct the counts."
            )


def _check_nested(frame: pd.DataFrame, outcomes: Outcomes, labels: npt.NDArray[np.object_]) -> None:
    counts, n = counts_of(frame, outcomes), frame[N].to_numpy(dtype=np.int64)
    # Where a count is missing, that of the enclosing outcome bounds what is within.
    bounds = np.fmin.accumulate(np.column_stack([n, counts]), axis=1)
    with np.errstate(invalid="ignore"):
        wrong = ((counts > bounds[:, :-1]) | (counts < 0)).any(axis=1)
    if wrong.any():
        other = _other_order(counts, n, outcomes)
        shown = (
            _shown(labels[row], n[row], outcomes, counts[row]) for row in np.flatnonzero(wrong)
        )
        raise EvidenceError(
            f"Counts must be nested, {' >= '.join(('n', *outcomes))}; not so in {listed(shown)}. Correct the table, "
            f"{'' if other else 'or '}leave the arm out by `where`{other}."
        )
    silent = np.isnan(counts).all(axis=1)
    if silent.any():
        raise EvidenceError(
            f"Each arm must report at least one of {listed(outcomes)}; not so {listed(labels[silent])}. Leave it out."
        )


def _other_order(counts: Array, n: Integers, outcomes: Outcomes) -> str:
    """Return the advice to list the outcomes otherwise, where their mean rates fall so."""
    rates = pd.DataFrame(counts / np.maximum(n, 1)[:, None], columns=list(outcomes)).mean()
    falling = tuple(map(str, rates.sort_values(ascending=False, kind="stable").index))
    if falling == outcomes:
        return ""
    return f", or list the outcomes outermost first, such as {', '.join(falling)}"


def _shown(label: str, n: int, outcomes: Outcomes, counts: Array) -> str:
    reported = (
        f"{name} {int(count)}"
        for name, count in zip(outcomes, counts, strict=True)
        if not np.isnan(count)
    )
    return f"{label} (n {n}, {', '.join(reported)})"


def _refuse_same_patients_twice(frame: pd.DataFrame) -> None:
    """Raise if a whole arm stands beside its own parts or strata."""
    rows = list(zip(*(frame[column].tolist() for column in (STUDY, ARM, STRATUM)), strict=True))
    owners = frame[PART_OF].tolist() if PART_OF in frame.columns else [""] * len(rows)
    inner = [(study, owner) for (study, *_), owner in zip(rows, owners, strict=True) if owner != ""]
    inner += [(study, arm) for study, arm, stratum in rows if stratum != ""]
    whole = {(study, arm) for study, arm, stratum in rows if stratum == ""}
    again = dict.fromkeys(f"{study}/{arm}" for study, arm in inner if (study, arm) in whole)
    if again:
        raise EvidenceError(
            f"A whole arm cannot be pooled with its own parts or strata: {listed(again)}. "
            "Keep the parts or the whole."
        )
