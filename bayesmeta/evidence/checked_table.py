"""What every kind of evidence table is: checked rows, and what a selection of them keeps and tells."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import pandas as pd

from bayesmeta.evidence.arms import hash_of
from bayesmeta.evidence.choices import Choices
from bayesmeta.evidence.columns import MEANINGFUL
from bayesmeta.evidence.described import described
from bayesmeta.evidence.findings import Finding, warn_of
from bayesmeta.evidence.repeats import two_spellings
from bayesmeta.evidence.requests import Where, plain_values
from bayesmeta.evidence.selection import Rule, apply_rules, check_left
from bayesmeta.labels import Labels
from bayesmeta.shown import Shown


@dataclass(frozen=True, eq=False, repr=False)
class CheckedTable(Shown):
    """Rows that passed the checks of their kind of table; see `EvidenceTable` for the fields."""

    shown = "frame"

    frame: pd.DataFrame
    name: str
    remarks: tuple[Finding, ...] = ()
    reading: Mapping[str, Any] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)

    meaningful: ClassVar[Collection[str]] = MEANINGFUL
    """Columns that are not covariates."""

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the rows, their columns and their order."""
        return hash_of(self.frame)

    @property
    def covariates(self) -> tuple[str, ...]:
        """Columns that a model or a condition can use."""
        return tuple(column for column in self.frame.columns if column not in self.meaningful)

    @property
    def covariate_summary(self) -> pd.DataFrame:
        """Kind, levels or range, and missing values of each covariate, one row each.

        A factor is a text of which some value occurs twice; its levels are told with their rows.

        Examples
        --------
        >>> import bayesmeta as bm
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"study": list("abc"), "events": 1, "n": 9, "age": [61, None, 70],
        ...                      "regimen": ["aza", "dec", "aza"]})
        >>> bm.read_evidence(rows).covariate_summary
          covariate    kind                     values  missing
        0       age  number                   61 to 70        1
        1   regimen  factor  2 levels: aza (2), dec (1)        0
        """
        return described(self.frame, self.covariates)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Probable mistakes that are not errors: spellings, and numbers that contradict each other.

        Among counts: totals beside their parts, patients who may count twice, and counts that contradict
        a printed percentage, its interval, or other counts of their study.
        """
        return (*self._of_words, *self._of_numbers(self.frame))

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def _of_words(self) -> tuple[Finding, ...]:
        return (*self.remarks, *two_spellings(self.frame))

    def _of_words_in(self, candidates: pd.DataFrame) -> list[Finding]:
        """Return what was found of names and words, where it concerns one of these rows."""
        rows = set(map(str, candidates.index))
        return [one for one in self._of_words if not one.rows or rows.intersection(one.rows)]

    def _of_numbers(self, frame: pd.DataFrame) -> Iterable[Finding]:
        """Return what is probably wrong with the numbers of these rows."""
        raise NotImplementedError

    def _kept(
        self, candidates: pd.DataFrame, rules: Sequence[Rule]
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the rows that every rule keeps, and the others, after telling what was found."""
        kept, excluded = apply_rules(candidates, rules)
        warn_of(self.name, [*self._of_words_in(candidates), *self._of_numbers(kept)])
        check_left(self.name, kept, excluded)
        return kept, excluded

    def _selection(
        self,
        outcome: Mapping[str, Any],
        where: Where | None,
        columns: Mapping[str, Any],
        choices: Choices,
        **others: Any,
    ) -> dict[str, Any]:
        """Return the arguments of a selection as its arms keep them, in the order of `select`."""
        selection: dict[str, Any] = {
            "table": self.name,
            "table_hash": self.hash,
            **outcome,
            "where": where if isinstance(where, str) else plain_values(where or {}) or None,
            "columns": plain_values(columns),
            "parts": choices.parts,
            **others,
            **choices.plain,
        }
        if self.reading:
            selection["reading"] = dict(self.reading)
        if self.labels.names:
            selection["labels"] = self.labels.table
        return selection
