"""What was observed of survival, exactly as one model sees it: arms with landmarks and medians."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self, override

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Flags, Integers
from bayesmeta.errors import EvidenceError, counted
from bayesmeta.evidence.arms import Arms, hash_of
from bayesmeta.evidence.columns import ARM, STRATUM, STUDY, N
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.repeats import two_spellings
from bayesmeta.evidence.strata import stratum_levels
from bayesmeta.evidence.survival.columns import REPORTED, RESPONDERS, SURVIVAL, UNIT
from bayesmeta.evidence.survival.findings import contradictions
from bayesmeta.evidence.survival.outcomes import OutcomeWords, outcome_words

OF_AN_ARM = [STUDY, ARM]

OF_A_REPORT = [name for name in REPORTED if name != N]
"""Columns that differ between the reports of an arm."""


@dataclass(frozen=True, eq=False, repr=False)
class SurvivalArms(Arms):
    """Landmarks and medians of the survival of each arm, for one outcome.

    Made by `SurvivalTable.select`.

    Parameters
    ----------
    frame : DataFrame
        One row per arm: `study`, `arm`, `n` (patients, the most of its reports; missing where none
        tells) and covariates.
    excluded : DataFrame
        The rows that the selection dropped, each with the `rule` that dropped it.
    selection : mapping
        The table and the arguments that made the selection.
    outcomes : tuple of str
        The name of the outcome.
    reports : DataFrame
        One row per landmark or median; lengths of time in months. `survival`, `ci_low` and `ci_high` are
        probabilities. A median, or an upper limit, that was not reached is infinite.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_survival("rr_aml_venetoclax")
    >>> table.select(outcome="EFS")
    SurvivalArms(EFS: 7 arms of 6 studies, 1 landmark and 6 medians; 5 rows left out)
    """

    shown = "reports"

    reports: pd.DataFrame = field(kw_only=True)

    @override
    def _check_counts(self) -> None:
        """Do nothing: there are no counts of responders."""

    @property
    @override
    def events(self) -> Integers:
        raise self._no_counts()

    @property
    @override
    def counts(self) -> Array:
        raise self._no_counts()

    @property
    @override
    def _sheets(self) -> dict[str, pd.DataFrame]:
        return {"arms": self.reports}

    def _no_counts(self) -> EvidenceError:
        return EvidenceError(
            f"Counts are not available for survival: the arms report {self.outcome or 'it'} by landmarks and medians. "
            "Use `reports`."
        )

    @property
    @override
    def without_patients(self) -> tuple[str, ...]:
        return ()

    @property
    @override
    def findings(self) -> tuple[Finding, ...]:
        labelled = self.reports.set_axis(self.labels[self.arm_of_report].astype(str), axis="index")
        return (*two_spellings(self.frame), *contradictions(labelled))

    @property
    def outcome(self) -> str:
        """Name of the outcome; empty where the table names none."""
        return self.outcomes[0]

    @property
    def words(self) -> OutcomeWords:
        """What text calls the outcome."""
        return outcome_words(self.outcome)

    @property
    @override
    def n(self) -> Integers:
        """Patients of each arm (counts); 0 where no report tells."""
        return self.frame[N].fillna(0).to_numpy(dtype=np.int64)

    @property
    @override
    def informed(self) -> Flags:
        return np.ones(len(self), dtype=bool)

    @property
    def is_conditional(self) -> bool:
        """Whether the outcome is that of responders alone, such as the duration of response."""
        return any(RESPONDERS in stratum_levels(text) for text in self.reports[STRATUM])

    @cached_property
    def arm_of_report(self) -> Integers:
        """Position of each report's arm."""
        arms = pd.MultiIndex.from_frame(self.frame[OF_AN_ARM])
        reports = pd.MultiIndex.from_frame(self.reports[OF_AN_ARM])
        return np.asarray(arms.get_indexer(reports), dtype=np.int64)

    @property
    def landmarks(self) -> pd.DataFrame:
        """The reports that are survival at a time."""
        return self.reports[self.reports[SURVIVAL].notna()]

    @property
    def medians(self) -> pd.DataFrame:
        """The reports that are medians, reached or not."""
        return self.reports[self.reports[SURVIVAL].isna()]

    @cached_property
    @override
    def hash(self) -> str:
        return hash_of(self.frame, self.reports)

    @override
    def rows(self, kept: Flags) -> Self:
        own = self.reports[kept[self.arm_of_report]]
        return replace(super().rows(kept), reports=own)

    @override
    def drop(self, rows: Flags, rule: str) -> Self:
        gone = rows[self.arm_of_report]
        moved = self.reports[gone].assign(rule=rule)
        excluded = pd.concat([self.excluded, moved]) if len(self.excluded) else moved
        frame = self.frame[~rows]
        return replace(self, frame=frame, excluded=excluded, reports=self.reports[~gone])

    def __repr__(self) -> str:
        studies = counted(len(self.studies), "study", "studies")
        return (
            f"SurvivalArms({self.outcome or 'one outcome'}: {counted(len(self), 'arm')} of {studies}, "
            f"{counted(len(self.landmarks), 'landmark')} and {counted(len(self.medians), 'median')}; "
            f"{counted(len(self.excluded), 'row')} left out)"
        )


def survival_arms(
    reports: pd.DataFrame, excluded: pd.DataFrame, selection: Mapping[str, Any]
) -> SurvivalArms:
    """Return the arms of the reports that a selection kept."""
    arms = reports.drop_duplicates(OF_AN_ARM).drop(columns=[*OF_A_REPORT, UNIT])
    patients = reports.groupby(OF_AN_ARM, sort=False)[N].max()
    frame = arms.assign(**{N: patients.to_numpy()}).reset_index(drop=True)
    return SurvivalArms(frame, excluded, selection, reports=reports.reset_index(drop=True))
