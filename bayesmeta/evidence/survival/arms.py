"""What was observed of survival, exactly as one model sees it: one row per landmark and median."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.arrays import Integers
from bayesmeta.errors import counted
from bayesmeta.evidence.columns import ARM, STUDY, labels_of
from bayesmeta.evidence.survival.columns import REPORTED, SURVIVAL


@dataclass(frozen=True, eq=False, repr=False)
class SurvivalArms:
    """Landmarks and medians of the survival of each arm, for one outcome.

    Made by `SurvivalTable.select`.

    Parameters
    ----------
    frame : DataFrame
        One row per landmark or median; lengths of time in months. `survival`, `ci_low` and `ci_high` are
        probabilities. A median, or an upper limit, that was not reached is infinite.
    excluded : DataFrame
        The rows that the selection dropped, each with the `rule` that dropped it.
    selection : mapping
        The table and the arguments that made the selection.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_survival("rr_aml_venetoclax")
    >>> table.select(outcome="EFS")
    SurvivalArms(EFS: 7 arms of 6 studies, 1 landmark and 6 medians; 5 rows left out)
    """

    frame: pd.DataFrame
    excluded: pd.DataFrame
    selection: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """Name of the outcome; empty where the table names none."""
        return str(self.selection.get("outcome") or "")

    @cached_property
    def arms(self) -> pd.DataFrame:
        """One row per arm: `study`, `arm` and its covariates."""
        own = self.frame.drop_duplicates([STUDY, ARM]).reset_index(drop=True)
        return own.drop(columns=[name for name in REPORTED if name != "n"])

    @cached_property
    def arm_index(self) -> Integers:
        """Position in `arms` of each row's arm."""
        keys = pd.MultiIndex.from_frame(self.frame[[STUDY, ARM]])
        return np.asarray(pd.MultiIndex.from_frame(self.arms[[STUDY, ARM]]).get_indexer(keys))

    @property
    def labels(self) -> list[str]:
        """Label of each arm: its study, and its arm where named."""
        return labels_of(self.arms[[STUDY, ARM]])

    @property
    def landmarks(self) -> pd.DataFrame:
        """The rows that are survival at a time."""
        return self.frame[self.frame[SURVIVAL].notna()]

    @property
    def medians(self) -> pd.DataFrame:
        """The rows that are medians, reached or not."""
        return self.frame[self.frame[SURVIVAL].isna()]

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the rows, their columns and their order."""
        text = self.frame.to_csv(index=False, lineterminator="\n")
        return hashlib.sha256(text.encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.arms)

    def __repr__(self) -> str:
        studies = counted(self.frame[STUDY].nunique(), "study", "studies")
        return (
            f"SurvivalArms({self.outcome or 'one outcome'}: {counted(len(self), 'arm')} of {studies}, "
            f"{counted(len(self.landmarks), 'landmark')} and {counted(len(self.medians), 'median')}; "
            f"{counted(len(self.excluded), 'row')} left out)"
        )
