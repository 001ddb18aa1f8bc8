"""What every kind of selected arms has: studies, labels, covariates, and what was left out."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.arrays import Flags, Integers
from bayesmeta.evidence.columns import LABEL, STUDY, N, labels_of

Names = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False, repr=False)
class StudyArms:
    """The arms of one analysis, whatever was observed of their patients.

    Parameters
    ----------
    frame : DataFrame
        One row per arm: `study`, `arm`, `n` (patients) and covariates.
    excluded : DataFrame
        The rows that the selection dropped, each with the `rule` that dropped it.
    selection : mapping
        The table and the arguments that made the selection, kept with every fit.
    outcomes : tuple of str
        Names of the outcomes, outermost first; the only one may have no name.
    """

    frame: pd.DataFrame
    excluded: pd.DataFrame
    selection: Mapping[str, Any] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        outcomes = tuple(self.outcomes) or (str(self.selection.get("outcome") or ""),)
        object.__setattr__(self, "outcomes", outcomes)
        object.__setattr__(self, "excluded", self.excluded.reset_index(drop=True))
        object.__setattr__(self, "selection", dict(self.selection))

    @property
    def n(self) -> Integers:
        """Patients of each arm (counts)."""
        return self.frame[N].to_numpy(dtype=np.int64)

    @property
    def informed(self) -> Flags:
        """Which arms tell anything: those with patients."""
        return np.asarray(self.n > 0)

    @cached_property
    def labels(self) -> Names:
        """Label of each arm: its study, its arm where named, its stratum where it is one."""
        return np.array(labels_of(self.frame), dtype=object)

    @property
    def display_labels(self) -> Names:
        """Label of each arm's study as people write it: column `label`, or else the study's name."""
        names = self.frame[STUDY].tolist()
        shown = self.frame[LABEL].tolist() if LABEL in self.frame.columns else names
        return np.array([label or study for label, study in zip(shown, names, strict=True)], object)

    @cached_property
    def studies(self) -> Names:
        """Names of the studies, in order of first appearance."""
        return np.array(self._factorized[1], dtype=object)

    @cached_property
    def study_index(self) -> Integers:
        """Position in `studies` of each arm's study."""
        return np.array(self._factorized[0], dtype=np.int64)

    @cached_property
    def _factorized(self) -> tuple[npt.NDArray[np.intp], "pd.Index[Any]"]:
        return pd.factorize(self.frame[STUDY].astype(object))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the rows, their columns and their order."""
        return hash_of(self.frame)

    def rows(self, kept: Flags) -> Self:
        """Return some of the arms, with nothing listed as left out."""
        return replace(self, frame=self.frame[kept], excluded=self.excluded.iloc[:0])

    def drop(self, rows: Flags, rule: str) -> Self:
        """Return the arms without `rows`, which move to `excluded` under `rule`."""
        moved = self.frame[rows].assign(rule=rule)
        excluded = pd.concat([self.excluded, moved]) if len(self.excluded) else moved
        return replace(self, frame=self.frame[~rows], excluded=excluded)

    def __len__(self) -> int:
        return len(self.frame)


def hash_of(*frames: pd.DataFrame) -> str:
    """Return the SHA-256 of rows, their columns and their order."""
    text = "".join(frame.to_csv(index=False, lineterminator="\n") for frame in frames)
    return hashlib.sha256(text.encode()).hexdigest()
