"""Evidence tables: what they hold, and selecting the arms of one analysis."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd

from bayesmeta.errors import SettingsError, counted
from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.checked_table import CheckedTable
from bayesmeta.evidence.choices import Choices
from bayesmeta.evidence.columns import ARM, COUNTS, OUTCOME, STUDY
from bayesmeta.evidence.contradictions import contradictions
from bayesmeta.evidence.count_rules import count_rules
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.nests import asked_outcomes, nested_arms
from bayesmeta.evidence.partition import Partition, by_level
from bayesmeta.evidence.repeats import patients_twice
from bayesmeta.evidence.requests import (
    Where,
    asked_conditions,
    asked_outcome,
    check_choice,
    check_derivations,
    check_strata,
    parts_of_arms,
)
from bayesmeta.labels import Labels


@dataclass(frozen=True, eq=False, repr=False)
class EvidenceTable(CheckedTable):
    """Counts of responders out of patients, one row per study, arm, stratum and outcome.

    Made by `read_evidence` and `load_evidence`.

    Parameters
    ----------
    frame : DataFrame
        The checked rows; the index says where each stands in its source.
    name : str
        What messages and provenance call the table.
    remarks : tuple of Finding
        What was found as the source was read, such as words taken as missing.
    reading : mapping
        The arguments of `read_evidence` that were given, kept with every selection.
    labels : Labels
        What people call levels and outcomes, kept with every selection.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> table = bm.read_evidence(pd.DataFrame({"study": ["a", "b"], "events": [3, 7], "n": [20, 30]}))
    >>> table.select()
    Arms(one outcome: 2 arms of 2 studies, 10 responders of 50 patients; 0 rows left out)
    """

    @property
    def outcomes(self) -> pd.DataFrame:
        """Rows with a count, studies and patients of each outcome."""
        counted = self.frame.dropna(subset=list(COUNTS))
        grouped = counted.groupby(OUTCOME)
        summary = pd.DataFrame({"rows": grouped.size(), "studies": grouped[STUDY].nunique()})
        return summary.sort_values(["rows", "studies"], ascending=False, kind="stable")

    def _of_numbers(self, frame: pd.DataFrame) -> tuple[Finding, ...]:
        return (*patients_twice(frame), *contradictions(frame))

    def select(  # noqa: PLR0913 - one argument a rule
        self,
        *,
        outcome: str | None = None,
        outcomes: Sequence[str] | None = None,
        by_definition: Literal["missing", "keep"] | None = None,
        where: Where | None = None,
        parts: Literal["parts", "whole"] = "parts",
        strata: str | None = None,
        unknown_sizes: Literal["drop", "keep"] = "drop",
        derivations: Sequence[str] | None = None,
        overlaps: Literal["resolve", "keep"] = "resolve",
        include: Literal["default", "all"] = "default",
        mixed: bool = False,
        **columns: Any,
    ) -> Arms:
        """Return the arms of one analysis, and keep what was left out with the rule that did it.

        Parameters
        ----------
        outcome : str, optional
            Which outcome; may be left out where the table holds one or names none.
        outcomes : sequence of str, optional
            Instead, nested outcomes, outermost first, such as ``["ORR", "CR_CRi", "CR"]``, for a joint
            model. An arm need not report them all; the rules below act on all outcomes of an arm alike.
        by_definition : {"missing", "keep"}, optional
            Where an arm's definition of an outcome (column ``orr_definition`` of ORR) lists only
            categories of the outcome within it: take its count as that of the outcome within, and the
            outer one as missing (the default), or keep both.
        where : str or mapping, optional
            A condition such as ``"source == '001' and n >= 20"``, or a mapping from column to the
            value or values wanted. A missing value meets only ``"age is missing"``. Columns whose names
            are not plain words stand in backquotes.
        parts : {"parts", "whole"}
            Where an arm and its parts (column `part_of`) both report the outcome: the parts, if every
            one reports it, they add up to the whole, and their counts are derived no worse (reported,
            then derived, then inferred); or the whole.
        strata : str, optional
            Divide arms by the levels of this stratum, such as ``"prior_hma"``, which becomes a column.
            An arm that reports both levels stands by level; one that reports a level and the total, too,
            the other level being the difference; one that reports the total alone as the total of two
            levels of known sizes. Sizes come from rows of levels with `n` and no count, or from columns
            ``prior_hma_n`` and ``prior_hma_percent``, patients of the study at level ``yes``; totals of
            levels of unknown size are left out (see `unknown_sizes`). No other stratum of an arm
            stands beside it, nor do its parts, unless these are divided, too. Of nested outcomes, arms
            stand by level alone.
        unknown_sizes : {"drop", "keep"}
            With `strata`: leave totals of unknown sizes out, or keep them. Of these, any share of
            patients at a level is as probable, and studies cannot be left out or scored.
        derivations : sequence of str, optional
            Keep only counts derived in these ways (column `derivation`).
        overlaps : {"resolve", "keep"}
            Of cohorts that may share patients (column `overlap_group`) and meet the conditions, keep
            the one of lowest rank that reports the outcome, or all.
        include : {"default", "all"}
            Leave out studies marked ``no`` in column `default_include`, or keep them.
        mixed : bool
            Keep counts that include patients outside the target population, where an arm reports
            no other.
        **columns
            Value, or list of values, wanted in a column: ``venetoclax="yes"``.

        Returns
        -------
        Arms
            One row per arm; `excluded` holds every row of the outcomes that was dropped.

        Raises
        ------
        EvidenceError
            If an outcome, column or value is not in the table, nothing is left, the counts of an arm are
            not nested or of different patients, or its levels contradict its total.
        SettingsError
            If an argument is not one of its choices, or would have no effect.

        Warns
        -----
        EvidenceWarning
            Of each finding about the rows; see `findings`.

        Examples
        --------
        >>> import bayesmeta as bm
        >>> table = bm.load_evidence("rr_aml_venetoclax")
        >>> table.select(outcome="ORR", venetoclax="yes")
        Arms(ORR: 28 arms of 27 studies, 456 responders of 919 patients; 36 rows left out)
        >>> len(table.select(outcomes=["ORR", "CR_CRi", "CR"], venetoclax="yes").of("CR"))
        14
        >>> arms = table.select(outcome="ORR", venetoclax="yes", strata="prior_hma")
        >>> arms.frame[["study", "prior_hma", "events", "n", "split_level", "split_n"]]
                 study prior_hma  events   n split_level  split_n
        0  dinardo2020        no      34  55         yes       25
        1     feld2021        no      12  18                    0
        2     feld2021       yes       3  21                    0
        3      italy57        no      17  35                    0
        4      italy57       yes       6  22                    0
        """
        choices = Choices(parts, derivations, overlaps, include, mixed)
        check_choice("unknown_sizes", unknown_sizes, ("drop", "keep"))
        if unknown_sizes == "keep" and (strata is None or outcomes is not None):
            where_not = "without `strata`" if strata is None else "with `outcomes`"
            raise SettingsError(f"`unknown_sizes` has no effect {where_not}. Leave it out.")
        asked = asked_conditions(self.frame, self.name, where, columns)
        wanted = self._wanted(outcome, outcomes, by_definition)
        check_strata(self.frame, self.name, strata)
        check_derivations(self.frame, self.name, derivations)
        nested = outcomes is not None
        candidates = self.frame[self.frame[OUTCOME].isin(wanted)]
        partition = (
            None
            if nested or strata is None
            else Partition(strata, candidates, unknown_sizes == "keep")
        )
        rules = count_rules(
            choices,
            all_parts=parts_of_arms(self.frame),
            nested=nested,
            strata=strata,
            partition=partition,
        )
        kept, excluded = self._kept(candidates, [*asked, *rules])
        there = list(dict.fromkeys(self.frame[OUTCOME]))
        of = {"table_outcomes": there, "outcome": " > ".join(wanted)}
        divided = {"strata": strata, "unknown_sizes": unknown_sizes}
        selection = self._selection(of, where, columns, choices, **divided)
        if outcomes is None:
            return Arms(
                kept if partition is None else by_level(kept, partition), excluded, selection
            )
        selection |= {"outcomes": list(wanted), "by_definition": by_definition or "missing"}
        return nested_arms(kept, excluded, selection)

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
            raise SettingsError("`outcome` and `outcomes` cannot both be given. Leave one out.")
        if by_definition is not None:
            check_choice("by_definition", by_definition, ("missing", "keep"))
        return asked_outcomes(self.frame, self.name, outcomes)

    def __repr__(self) -> str:
        counts = (
            counted(self.frame[STUDY].nunique(), "study", "studies"),
            counted(len(self.frame[[STUDY, ARM]].drop_duplicates()), "arm"),
            counted(self.frame[OUTCOME].nunique(), "outcome"),
            counted(len(self), "row"),
        )
        return f"EvidenceTable({self.name}: {', '.join(counts)})"


def labelled[T: CheckedTable](table: T, labels: Labels) -> T:
    """Return the table with further labels, which go before those it has."""
    labels.check(_values(table))
    return replace(table, labels=labels.over(table.labels))


def labelled_where_known[T: CheckedTable](table: T, labels: Labels) -> T:
    """Return the table with those of the labels that are of what it holds."""
    return replace(table, labels=labels.among(_values(table)).over(table.labels))


def _values(table: CheckedTable) -> dict[str, list[str]]:
    """Return the values of each column that labels may be of."""
    columns = [str(name) for name in table.frame.columns if name not in COUNTS]
    return {name: list(table.frame[name].dropna().astype(str).unique()) for name in columns}
