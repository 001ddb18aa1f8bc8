"""What was observed, exactly as one model sees it: one row per treatment arm."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.errors import EvidenceError, counted, listed
from bayesmeta.evidence.columns import ARM, EVENTS, LABEL, PART_OF, REQUIRED, STRATUM, STUDY, N
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.labels import labels_of
from bayesmeta.evidence.repeats import patients_twice
from bayesmeta.evidence.spellings import two_spellings

__all__ = ["Arms"]


@dataclass(frozen=True, eq=False, repr=False)
class Arms:
    """Responders out of patients, one row per arm, and what was left out.

    Made by `EvidenceTable.select`.

    Parameters
    ----------
    frame : DataFrame
        One row per arm: `study`, `arm`, `events` (responders), `n` (patients) and covariates.
    excluded : DataFrame
        The rows that the selection dropped, each with the `rule` that dropped it.
    selection : mapping
        The table and the arguments that made the selection, kept with every fit.

    Raises
    ------
    EvidenceError
        If there is no row, two rows have one label, or a whole arm stands beside its own parts
        or strata.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> arms
    Arms(CR: 14 arms of 14 studies, 110 responders of 503 patients; 7 rows left out)
    """

    frame: pd.DataFrame
    excluded: pd.DataFrame
    selection: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [column for column in REQUIRED if column not in self.frame.columns]
        if missing:
            raise EvidenceError(
                f"Arms need the columns study, events and n; {listed(missing)} is missing."
            )
        named = {column: "" for column in (ARM, STRATUM) if column not in self.frame.columns}
        object.__setattr__(self, "frame", self.frame.assign(**named).reset_index(drop=True))
        object.__setattr__(self, "excluded", self.excluded.reset_index(drop=True))
        object.__setattr__(self, "selection", dict(self.selection))
        if self.frame.empty:
            raise EvidenceError("There is no arm. Select at least one.")
        labels = self.labels
        bad = labels[(self.events < 0) | (self.events > self.n)]
        if bad.size:
            raise EvidenceError(
                f"`events` must lie between 0 and `n`; not so in {listed(bad)}. Correct the counts."
            )
        _refuse_same_patients_twice(self.frame)
        twice = sorted(label for label, count in Counter(labels).items() if count > 1)
        if twice:
            raise EvidenceError(
                f"Each arm needs a label of its own; {listed(twice)} occurs again. Rename the arms."
            )

    @property
    def events(self) -> npt.NDArray[np.int64]:
        """Responders of each arm (counts)."""
        return self.frame[EVENTS].to_numpy(dtype=np.int64)

    @property
    def n(self) -> npt.NDArray[np.int64]:
        """Patients of each arm (counts)."""
        return self.frame[N].to_numpy(dtype=np.int64)

    @property
    def labels(self) -> npt.NDArray[np.object_]:
        """Label of each arm: its study, its arm where named, its stratum where it is one."""
        return np.array(labels_of(self.frame), dtype=object)

    @property
    def display_labels(self) -> npt.NDArray[np.object_]:
        """Label of each arm's study as people write it: column `label`, or else the study's name."""
        shown = zip(self._text(LABEL), self._text(STUDY), strict=True)
        return np.array([label or study for label, study in shown], dtype=object)

    @property
    def studies(self) -> npt.NDArray[np.object_]:
        """Names of the studies, in order of first appearance."""
        return np.array(self._factorized[1], dtype=object)

    @property
    def study_index(self) -> npt.NDArray[np.int64]:
        """Position in `studies` of each arm's study."""
        return np.array(self._factorized[0], dtype=np.int64)

    @cached_property
    def _factorized(self) -> tuple[npt.NDArray[np.intp], "pd.Index[Any]"]:
        """Position of each arm's study, and the studies: looked up many times by every fit."""
        return pd.factorize(self.frame[STUDY].astype(object))

    @property
    def without_patients(self) -> tuple[str, ...]:
        """Labels of the arms with n = 0; they carry no information."""
        return tuple(str(label) for label in self.labels[self.n == 0])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is no error and probably not meant: spellings, totals, patients who may count twice."""
        labelled = self.frame.set_axis(list(map(str, self.labels)), axis="index")
        return (*two_spellings(labelled), *patients_twice(labelled))

    @property
    def hash(self) -> str:
        """SHA-256 of the rows, their columns and their order."""
        return hashlib.sha256(
            self.frame.to_csv(index=False, lineterminator="\n").encode()
        ).hexdigest()

    def drop(self, rows: npt.NDArray[np.bool_], rule: str) -> "Arms":
        """Return the arms without `rows`, which move to `excluded` under `rule`."""
        moved = self.frame[rows].assign(rule=rule)
        excluded = pd.concat([self.excluded, moved]) if len(self.excluded) else moved
        return Arms(self.frame[~rows], excluded, self.selection)

    def _text(self, column: str) -> list[str]:
        known = column in self.frame.columns
        return self.frame[column].tolist() if known else [""] * len(self.frame)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        outcome = self.selection.get("outcome") or "one outcome"
        empty = f"; {len(self.without_patients)} without patients" if self.without_patients else ""
        return (
            f"Arms({outcome}: {counted(len(self), 'arm')} of "
            f"{counted(len(self.studies), 'study', 'studies')}, {self.events.sum()} responders of {self.n.sum()} "
            f"patients{empty}; {counted(len(self.excluded), 'row')} left out)"
        )


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
            f"A whole arm can't be pooled with its own parts or strata: {listed(again)}. "
            "Keep the parts or the whole."
        )
