"""Nested outcomes, exactly as one joint model sees them: one row per treatment arm."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.errors import EvidenceError, counted, listed
from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.columns import ARM, EVENTS, STRATUM, STUDY, N
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.spellings import SPELLING

__all__ = ["NestedArms"]


@dataclass(frozen=True, eq=False, repr=False)
class NestedArms:
    """Patients of each arm with each of several nested outcomes, and what was left out.

    Made by ``EvidenceTable.select(outcomes=[...])``. Each outcome is among the patients of the one
    before it; an arm need not report them all.

    Parameters
    ----------
    frame : DataFrame
        One row per arm: `study`, `arm`, `n` (patients), a column of counts for each outcome, missing
        where the arm does not report it, and covariates.
    outcomes : sequence of str
        The outcomes from the outside in, such as ``("ORR", "CR_CRi", "CR")``.
    excluded : DataFrame
        The rows that the selection dropped, each with the `rule` that dropped it.
    selection : mapping
        The table and the arguments that made the selection, kept with every fit.

    Raises
    ------
    EvidenceError
        If there is no arm, an arm reports no outcome, counts are not nested, or two rows have one
        label.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 55")
    >>> arms
    NestedArms(ORR > CR: 4 arms of 4 studies (ORR of 4, CR of 3); 78 rows left out)
    >>> arms.counts.tolist()
    [[41.0, 23.0], [34.0, 13.0], [23.0, 14.0], [27.0, nan]]
    >>> arms.of("CR").events.tolist()
    [23, 13, 14]
    """

    frame: pd.DataFrame
    outcomes: tuple[str, ...]
    excluded: pd.DataFrame
    selection: Mapping[str, Any] = field(default_factory=dict)
    _plain: Arms = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcomes", tuple(self.outcomes))
        if len(set(self.outcomes)) < max(2, len(self.outcomes)):
            raise EvidenceError(
                f"`outcomes` must name two outcomes or more, each once; got {list(self.outcomes)}. For one, use Arms."
            )
        needed = (STUDY, N, *self.outcomes)
        missing = [column for column in needed if column not in self.frame.columns]
        if missing:
            raise EvidenceError(
                f"Nested arms need the columns {', '.join(needed)}; {listed(missing)} is missing."
            )
        named = {column: "" for column in (ARM, STRATUM) if column not in self.frame.columns}
        object.__setattr__(self, "frame", self.frame.assign(**named).reset_index(drop=True))
        object.__setattr__(self, "excluded", self.excluded.reset_index(drop=True))
        object.__setattr__(self, "selection", dict(self.selection))
        if self.frame.empty:
            raise EvidenceError("There is no arm. Select at least one.")
        # What holds of the arms of one outcome holds here, too: labels, parts beside the whole.
        object.__setattr__(self, "_plain", self._as_arms(self.frame.assign(**{EVENTS: 0})))
        self._check_counts()
        self._check_nests()

    def _check_counts(self) -> None:
        for name in self.outcomes:
            column = self.frame[name]
            numbers = pd.to_numeric(column, errors="coerce").astype("Float64")
            wrong = (numbers.isna() & column.notna()) | (numbers % 1 != 0).fillna(value=False)
            if wrong.any():
                raise EvidenceError(
                    f"Counts of {name} must be whole numbers; not so: {listed(map(repr, column[wrong]))}. "
                    "Correct the counts."
                )

    def _other_order(self) -> str:
        """Return the advice to list the outcomes otherwise, where their mean shares fall so."""
        shares = pd.DataFrame(
            self.counts / np.maximum(self.n, 1)[:, None], columns=list(self.outcomes)
        ).mean()
        falling = tuple(map(str, shares.sort_values(ascending=False, kind="stable").index))
        if falling == tuple(self.outcomes):
            return ""
        return f", or list the outcomes from the outside in, such as {', '.join(falling)}"

    def _check_nests(self) -> None:
        counts = np.column_stack([self.n.astype(np.float64), self.counts])
        # Where a count is missing, the one around it bounds what is within.
        bounds = np.fmin.accumulate(counts, axis=1)
        with np.errstate(invalid="ignore"):
            wrong = (counts[:, 1:] > bounds[:, :-1]) | (counts[:, 1:] < 0)
        if wrong.any():
            other = self._other_order()
            raise EvidenceError(
                f"Counts must be nested, {' >= '.join(('n', *self.outcomes))}; not so in "
                f"{listed(self._shown(int(row)) for row in np.flatnonzero(wrong.any(axis=1)))}. Correct the table, "
                f"{'' if other else 'or '}leave the arm out by `where`{other}."
            )
        silent = np.isnan(self.counts).all(axis=1)
        if silent.any():
            raise EvidenceError(
                f"Each arm must report at least one of {listed(self.outcomes)}; not so "
                f"{listed(self.labels[silent])}. Leave it out."
            )

    def _shown(self, row: int) -> str:
        counts = [
            f"{name} {int(value)}"
            for name, value in zip(self.outcomes, self.counts[row], strict=True)
            if not np.isnan(value)
        ]
        return f"{self.labels[row]} (n {self.n[row]}, {', '.join(counts)})"

    @cached_property
    def counts(self) -> npt.NDArray[np.float64]:
        """Patients with each outcome, dims (arm, level); NaN where the arm does not report it."""
        return (
            self.frame[list(self.outcomes)].astype("Float64").to_numpy(np.float64, na_value=np.nan)
        )

    @property
    def n(self) -> npt.NDArray[np.int64]:
        """Patients of each arm (counts)."""
        return self.frame[N].to_numpy(dtype=np.int64)

    @cached_property
    def labels(self) -> npt.NDArray[np.object_]:
        """Label of each arm: its study, its arm where named, its stratum where it is one."""
        return self._plain.labels

    @property
    def display_labels(self) -> npt.NDArray[np.object_]:
        """Label of each arm's study as people write it: column `label`, or else the study's name."""
        return self._plain.display_labels

    @cached_property
    def studies(self) -> npt.NDArray[np.object_]:
        """Names of the studies, in order of first appearance."""
        return np.asarray(pd.unique(self.frame[STUDY].astype(object)), dtype=object)

    @cached_property
    def study_index(self) -> npt.NDArray[np.int64]:
        """Position in `studies` of each arm's study."""
        return np.asarray(pd.factorize(self.frame[STUDY].astype(object))[0], dtype=np.int64)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is no error and probably not meant, of the arms and of the counts of each outcome."""
        named = (one for one in self._plain.findings if one.kind == SPELLING)
        counted = (
            one
            for outcome in self.outcomes
            for one in self.of(outcome).findings
            if one.kind != SPELLING
        )
        return tuple(dict.fromkeys((*named, *counted)))

    @property
    def hash(self) -> str:
        """SHA-256 of the rows, their columns and their order."""
        return hashlib.sha256(
            self.frame.to_csv(index=False, lineterminator="\n").encode()
        ).hexdigest()

    def of(self, outcome: str) -> Arms:
        """Return the arms that report one of the outcomes, with its counts as `events`.

        Raises
        ------
        EvidenceError
            If no arm reports it, or it is none of `outcomes`.
        """
        if outcome not in self.outcomes:
            raise EvidenceError(
                f"`outcome` must be one of {listed(self.outcomes)}; got {outcome!r}."
            )
        there = self.frame[outcome].notna().to_numpy(dtype=bool)
        frame = self.frame[there]
        own = frame.drop(columns=list(self.outcomes)).assign(**{EVENTS: frame[outcome]})
        return self._as_arms(own, {**self.selection, "outcome": outcome})

    def drop(self, rows: npt.NDArray[np.bool_], rule: str) -> "NestedArms":
        """Return the arms without `rows`, which move to `excluded` under `rule`."""
        moved = self.frame[rows].assign(rule=rule)
        excluded = pd.concat([self.excluded, moved]) if len(self.excluded) else moved
        return replace(self, frame=self.frame[~rows], excluded=excluded)

    def _as_arms(self, frame: pd.DataFrame, selection: Mapping[str, Any] | None = None) -> Arms:
        return Arms(frame, self.excluded, selection or self.selection)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        reported = (~np.isnan(self.counts)).sum(axis=0)
        counts = ", ".join(
            f"{name} of {arms}" for name, arms in zip(self.outcomes, reported, strict=True)
        )
        return (
            f"NestedArms({' > '.join(self.outcomes)}: {counted(len(self), 'arm')} of "
            f"{counted(len(self.studies), 'study', 'studies')} ({counts}); "
            f"{counted(len(self.excluded), 'row')} left out)"
        )
