"""Survival tables: what they hold, and selecting the arms of one analysis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.evidence.checked_table import CheckedTable
from bayesmeta.evidence.choices import Choices
from bayesmeta.evidence.columns import ARM, OUTCOME, STUDY
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.requests import (
    Where,
    asked_conditions,
    asked_outcome,
    check_derivations,
)
from bayesmeta.evidence.survival.arms import SurvivalArms, survival_arms
from bayesmeta.evidence.survival.columns import MEANINGFUL, MEDIAN, SURVIVAL
from bayesmeta.evidence.survival.findings import contradictions
from bayesmeta.evidence.survival.selection import survival_rules


@dataclass(frozen=True, eq=False, repr=False)
class SurvivalTable(CheckedTable):
    """Survival at landmarks, and medians, one row each.

    Made by `read_survival` and `load_survival`. Lengths of time are in months. A median, or an upper
    limit, that was not reached is infinite.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"study": ["a", "b"], "median": [8.2, "NR"], "n": [57, 12]})
    >>> table = bm.read_survival(rows, time_unit="months")
    >>> table
    SurvivalTable(DataFrame: 2 studies, 2 arms, 0 landmarks and 2 medians)
    >>> table.frame["median"].tolist()
    [8.2, inf]
    """

    meaningful = MEANINGFUL

    @property
    def outcomes(self) -> pd.DataFrame:
        """Landmarks, medians and studies of each outcome."""
        grouped = self.frame.groupby(OUTCOME)
        summary = pd.DataFrame(
            {
                "landmarks": grouped[SURVIVAL].count(),
                "medians": grouped[MEDIAN].count(),
                "studies": grouped[STUDY].nunique(),
            }
        )
        return summary.sort_values(["studies", "medians"], ascending=False, kind="stable")

    def _of_numbers(self, frame: pd.DataFrame) -> tuple[Finding, ...]:
        return contradictions(frame)

    def select(
        self,
        *,
        outcome: str | None = None,
        where: Where | None = None,
        parts: Literal["parts", "whole"] = "whole",
        derivations: Sequence[str] | None = None,
        overlaps: Literal["resolve", "keep"] = "resolve",
        include: Literal["default", "all"] = "default",
        mixed: bool = False,
        **columns: Any,
    ) -> SurvivalArms:
        """Return the arms of one analysis, and keep what was left out with the rule that did it.

        Parameters
        ----------
        outcome : str, optional
            Which outcome, such as ``"OS"``; may be left out where the table holds one or names none.
        where : str or mapping, optional
            A condition such as ``"n >= 20"``; see `EvidenceTable.select`.
        parts : {"parts", "whole"}
            Where an arm stands beside its parts (column `part_of`): the whole, or the parts.
        derivations : sequence of str, optional
            Keep only numbers derived in these ways (column `derivation`).
        overlaps : {"resolve", "keep"}
            Of cohorts that may share patients (column `overlap_group`) keep the one of lowest rank that
            reports the outcome, or all.
        include : {"default", "all"}
            Leave out studies marked ``no`` in column `default_include`, or keep them.
        mixed : bool
            Keep numbers of patients outside the target population, where an arm reports no other.
        **columns
            Value, or list of values, wanted in a column: ``venetoclax="yes"``.

        Returns
        -------
        SurvivalArms
            Rows without an interval and without a number of patients are left out, and strata of an arm.
            An outcome that is conditional on response is that of its responders.

        Raises
        ------
        EvidenceError
            If an outcome, column or value is not in the table, or nothing is left.
        SettingsError
            If an argument is not one of its choices, or would have no effect.

        Warns
        -----
        EvidenceWarning
            Of each finding about the rows; see `findings`.

        Examples
        --------
        >>> import bayesmeta as bm
        >>> table = bm.load_survival("rr_aml_venetoclax")
        >>> arms = table.select(outcome="DOR")
        >>> arms.reports[["study", "n", "median", "median_low", "median_high"]].round(1)
                   study     n  median  median_low  median_high
        0       amit2021  11.0     4.4         NaN          NaN
        1    dinardo2020  23.0    16.8         6.6          inf
        2       feld2021  15.0     8.1         NaN          NaN
        3  konopleva2016   2.0     1.6         NaN          NaN
        """
        choices = Choices(parts, derivations, overlaps, include, mixed)
        asked = asked_conditions(self.frame, self.name, where, columns)
        wanted = asked_outcome(self.frame, self.name, outcome, otherwise="")
        check_derivations(self.frame, self.name, derivations)
        candidates = self.frame[self.frame[OUTCOME] == wanted]
        kept, excluded = self._kept(candidates, [*asked, *survival_rules(choices)])
        selection = self._selection({"outcome": wanted}, where, columns, choices)
        return survival_arms(kept, excluded, selection)

    def __repr__(self) -> str:
        studies = counted(self.frame[STUDY].nunique(), "study", "studies")
        arms = counted(len(self.frame[[STUDY, ARM]].drop_duplicates()), "arm")
        landmarks = counted(int(self.frame[SURVIVAL].notna().sum()), "landmark")
        medians = counted(int(self.frame[MEDIAN].notna().sum()), "median")
        return f"SurvivalTable({self.name}: {studies}, {arms}, {landmarks} and {medians})"
