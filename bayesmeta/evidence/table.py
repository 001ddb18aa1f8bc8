"""Evidence tables: reading them, and selecting the arms of one analysis."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Literal, overload

import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, counted, listed
from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.checks import checked
from bayesmeta.evidence.columns import (
    ALWAYS_TEXT,
    ARM,
    COUNTS,
    EVENTS,
    OUTCOME,
    OVERLAP_RANK,
    STRATUM,
    STUDY,
)
from bayesmeta.evidence.nested_arms import NestedArms
from bayesmeta.evidence.nests import (
    WHOLE_ARM,
    asked_outcomes,
    definition_column,
    nested_parts_or_whole,
    one_row_per_arm,
    told_by_definition,
)
from bayesmeta.evidence.reading import cells_of_csv, cells_of_frame
from bayesmeta.evidence.requests import (
    Where,
    asked_conditions,
    asked_outcome,
    check_choice,
    check_derivations,
    check_strata,
    parts_of_arms,
    plain,
)
from bayesmeta.evidence.selection import Parts, Rule, apply_rules, parts_or_whole, selection_rules
from bayesmeta.evidence.strata import ranges_overlap, stratum_levels

__all__ = ["EvidenceTable", "read_evidence"]


@dataclass(frozen=True, eq=False, repr=False)
class EvidenceTable:
    """Counts of responders out of patients, one row per study, arm, stratum and outcome.

    Made by `read_evidence` and `load_evidence`.

    Parameters
    ----------
    frame : DataFrame
        The checked rows; the index says where each stands in its source.
    name : str
        What messages and provenance call the table.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> table = bm.read_evidence(pd.DataFrame({"study": ["a", "b"], "events": [3, 7], "n": [20, 30]}))
    >>> table.select()
    Arms(one outcome: 2 arms of 2 studies, 10 responders of 50 patients; 0 rows left out)
    """

    frame: pd.DataFrame
    name: str

    @property
    def outcomes(self) -> pd.DataFrame:
        """Rows with a count, studies and patients of each outcome."""
        counted = self.frame.dropna(subset=list(COUNTS))
        grouped = counted.groupby(OUTCOME)
        summary = pd.DataFrame({"rows": grouped.size(), "studies": grouped[STUDY].nunique()})
        return summary.sort_values(["rows", "studies"], ascending=False, kind="stable")

    @property
    def covariates(self) -> tuple[str, ...]:
        """Columns that a model or a condition can use."""
        reserved = (*ALWAYS_TEXT, *COUNTS, OVERLAP_RANK)
        return tuple(column for column in self.frame.columns if column not in reserved)

    @property
    def hash(self) -> str:
        """SHA-256 of the rows, their columns and their order."""
        return hashlib.sha256(
            self.frame.to_csv(index=False, lineterminator="\n").encode()
        ).hexdigest()

    @overload
    def select(
        self,
        *,
        outcome: str | None = None,
        where: Where | None = None,
        parts: Literal["parts", "whole"] = "parts",
        strata: str | None = None,
        derivations: Sequence[str] | None = None,
        overlaps: Literal["resolve", "keep"] = "resolve",
        include: Literal["default", "all"] = "default",
        mixed: bool = False,
        **columns: Any,
    ) -> Arms: ...
    @overload
    def select(
        self,
        *,
        outcomes: Sequence[str],
        by_definition: Literal["missing", "keep"] = "missing",
        where: Where | None = None,
        parts: Literal["parts", "whole"] = "parts",
        strata: str | None = None,
        derivations: Sequence[str] | None = None,
        overlaps: Literal["resolve", "keep"] = "resolve",
        include: Literal["default", "all"] = "default",
        mixed: bool = False,
        **columns: Any,
    ) -> NestedArms: ...
    def select(  # noqa: PLR0913 - one argument a rule
        self,
        *,
        outcome: str | None = None,
        outcomes: Sequence[str] | None = None,
        by_definition: Literal["missing", "keep"] | None = None,
        where: Where | None = None,
        parts: Literal["parts", "whole"] = "parts",
        strata: str | None = None,
        derivations: Sequence[str] | None = None,
        overlaps: Literal["resolve", "keep"] = "resolve",
        include: Literal["default", "all"] = "default",
        mixed: bool = False,
        **columns: Any,
    ) -> Arms | NestedArms:
        """Return the arms of one analysis, and keep what was left out with the rule that did it.

        Parameters
        ----------
        outcome : str, optional
            Which outcome; may be left out where the table holds one or names none.
        outcomes : sequence of str, optional
            Nested outcomes from the outside in, such as ``["ORR", "CR_CRi", "CR"]``, for one joint
            model, in place of `outcome`. An arm need not report them all. Parts or the whole, and one
            of overlapping cohorts, are then chosen once for all outcomes of an arm.
        by_definition : {"missing", "keep"}, optional
            With `outcomes`: where an arm's definition of an outcome (column ``orr_definition`` of
            ORR) lists no category but those of the outcome within it, it recorded nothing more: its
            count is taken as that of the outcome within, and the outer one as missing (the default);
            or both are kept as they stand.
        where : str or mapping, optional
            A condition such as ``"source == '001' and n >= 20"``, or a mapping from column to
            the value or list of values wanted.
        parts : {"parts", "whole"}
            Where an arm and its parts (column `part_of`) both report the outcome: the parts, if
            every one of them reports it, or the whole.
        strata : str, optional
            Take the levels of this stratum as rows, in place of whole arms.
        derivations : sequence of str, optional
            Keep only counts had in these ways (column `derivation`).
        overlaps : {"resolve", "keep"}
            Of cohorts that plausibly share patients (column `overlap_group`), keep the one of lowest
            rank that reports the outcome, or all. Conditions act first: a narrower one that drops
            this cohort may bring in another.
        include : {"default", "all"}
            Leave out studies marked ``no`` in column `default_include`, or keep them.
        mixed : bool
            Keep counts that include patients outside the target population, where an arm reports
            no other.
        **columns
            Value, or list of values, wanted in a column: ``venetoclax="yes"``.

        Returns
        -------
        Arms or NestedArms
            One row per arm; `excluded` holds every row of the outcomes that was dropped.

        Raises
        ------
        EvidenceError
            If an outcome, a column or a value is not in the table, or nothing is left; of nested
            outcomes, also if an arm has counts that are not nested, or different patients.
        SettingsError
            If an argument is not one of its choices, or would have no effect.

        Examples
        --------
        >>> import bayesmeta as bm
        >>> table = bm.load_evidence("rr_aml_venetoclax")
        >>> table.select(outcome="ORR", venetoclax="yes")
        Arms(ORR: 32 arms of 27 studies, 455 responders of 915 patients; 32 rows left out)
        >>> len(table.select(outcomes=["ORR", "CR_CRi", "CR"], venetoclax="yes").of("CR"))
        14
        """
        check_choice("parts", parts, ("parts", "whole"))
        check_choice("overlaps", overlaps, ("resolve", "keep"))
        check_choice("include", include, ("default", "all"))
        check_choice("mixed", mixed, (True, False))
        asked = asked_conditions(self.frame, self.name, where, columns)
        wanted = self._wanted(outcome, outcomes, by_definition)
        check_strata(self.frame, self.name, strata)
        check_derivations(self.frame, self.name, derivations)
        all_parts = parts_of_arms(self.frame)
        rules = selection_rules(
            parts=_parts_rule(
                all_parts, prefer_parts=parts == "parts", nested=outcomes is not None
            ),
            strata=strata,
            derivations=derivations,
            overlaps=overlaps,
            include=include,
            mixed=mixed,
        )
        candidates = self.frame[self.frame[OUTCOME].isin(wanted)]
        kept, excluded = apply_rules(candidates, [*asked, *rules])
        if kept.empty:
            reasons = [
                f"{reason} ({rows} rows)"
                for reason, rows in excluded["rule"].value_counts().items()
            ]
            raise EvidenceError(
                f"{self.name}: the selection leaves no arm. Dropped by: {listed(reasons)}. Ask for less."
            )
        selection = {
            "table": self.name,
            "table_hash": self.hash,
            "outcome": " > ".join(wanted),
            "where": where
            if isinstance(where, str)
            else {key: plain(value) for key, value in (where or {}).items()} or None,
            "columns": {key: plain(value) for key, value in columns.items()},
            "parts": parts,
            "strata": strata,
            "derivations": None if derivations is None else list(derivations),
            "overlaps": overlaps,
            "include": include,
            "mixed": mixed,
        }
        if outcomes is None:
            return Arms(_with_stratum_column(kept, strata), excluded, selection)
        selection |= {"outcomes": list(wanted), "by_definition": by_definition or "missing"}
        return self._nested(kept, excluded, selection)

    def _wanted(
        self, outcome: str | None, outcomes: Sequence[str] | None, by_definition: str | None
    ) -> tuple[str, ...]:
        """Return the outcomes asked for: one, or nested ones."""
        if outcomes is None:
            if by_definition is not None:
                raise SettingsError(
                    "`by_definition` has no effect without `outcomes`. Leave it out."
                )
            return (asked_outcome(self.frame, self.name, outcome),)
        if outcome is not None:
            raise SettingsError("`outcome` and `outcomes` can't both be given. Leave one out.")
        if by_definition is not None:
            check_choice("by_definition", by_definition, ("missing", "keep"))
        return asked_outcomes(self.frame, self.name, outcomes)

    def _nested(
        self, kept: pd.DataFrame, excluded: pd.DataFrame, selection: dict[str, Any]
    ) -> NestedArms:
        outcomes = tuple(selection["outcomes"])
        wide = one_row_per_arm(kept, outcomes, self.name)
        selection["differing"] = [
            str(name) for name in kept.columns if name not in (*wide.columns, OUTCOME, *COUNTS)
        ]
        if selection["by_definition"] == "missing":
            told = told_by_definition(wide, kept, outcomes)
            for _, row in told.iterrows():
                same = (wide[list(WHOLE_ARM)] == row[list(WHOLE_ARM)]).all(axis=1)
                wide.loc[same, row["inner"]] = row[EVENTS]
                wide.loc[same, row[OUTCOME]] = pd.NA
            moved = kept.merge(told.drop(columns=[EVENTS, "inner"]), on=[*WHOLE_ARM, OUTCOME])
            excluded = pd.concat([excluded, moved]) if len(moved) else excluded
        wide = wide.drop(columns=[definition_column(name) for name in outcomes], errors="ignore")
        return NestedArms(
            _with_stratum_column(wide, selection["strata"]), outcomes, excluded, selection
        )

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        counts = (
            counted(self.frame[STUDY].nunique(), "study", "studies"),
            counted(len(self.frame[[STUDY, ARM]].drop_duplicates()), "arm"),
            counted(self.frame[OUTCOME].nunique(), "outcome"),
            counted(len(self), "row"),
        )
        return f"EvidenceTable({self.name}: {', '.join(counts)})"


def read_evidence(source: str | PathLike[str] | pd.DataFrame) -> EvidenceTable:
    """Return a checked evidence table from a CSV file or a DataFrame.

    Parameters
    ----------
    source : path or DataFrame
        One row per study, arm, stratum and outcome. Needed columns: `study`, `events`
        (responders) and `n` (patients). `arm`, `stratum` (``covariate=level``) and `outcome` are
        optional; so are `label`, `part_of`, `overlap_group`, `overlap_rank`, `default_include`,
        `exclusion_reason` and `derivation`, which `EvidenceTable.select` uses. Every other column
        is a covariate. Blank and ``NA`` cells are missing; blanks around a cell don't count.

    Raises
    ------
    EvidenceError
        If the table can't be read or breaks a rule; the message names file, row and column.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayesmeta as bm
    >>> bm.read_evidence(pd.DataFrame({"study": ["a", "b"], "events": [4, 7], "n": [10, 20]}))
    EvidenceTable(DataFrame: 2 studies, 2 arms, 1 outcome, 2 rows)
    """
    if isinstance(source, pd.DataFrame):
        return EvidenceTable(checked(cells_of_frame(source), "DataFrame"), "DataFrame")
    if not isinstance(source, str | PathLike):
        raise EvidenceError(
            f"`source` must be the path of a CSV file or a DataFrame; got {type(source).__name__}."
        )
    path = Path(source)
    return EvidenceTable(checked(cells_of_csv(path), path.name), path.name)


def _parts_rule(all_parts: Parts, *, prefer_parts: bool, nested: bool) -> Rule:
    rule = nested_parts_or_whole if nested else parts_or_whole
    return partial(rule, all_parts=all_parts, prefer_parts=prefer_parts)


def _with_stratum_column(frame: pd.DataFrame, strata: str | None) -> pd.DataFrame:
    """Add the level of the stratum asked for as a covariate of its name."""
    if strata is None:
        return frame
    levels = [stratum_levels(text)[strata] for text in frame[STRATUM]]
    for (study, arm), own in pd.Series(levels).groupby(
        [frame[STUDY].to_numpy(), frame[ARM].to_numpy()]
    ):
        if ranges_overlap(list(own)):
            raise EvidenceError(
                f"The levels {listed(own)} of '{strata}' share patients of arm {study}/{arm}. Drop one of them."
            )
    return frame.assign(**{strata: levels})
