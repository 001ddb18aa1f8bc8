"""What was observed, exactly as one model sees it: one row per treatment arm."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.arrays import Array, Flags, Integers
from bayesmeta.errors import EvidenceError, SettingsError, counted
from bayesmeta.evidence.columns import EVENTS, LABEL, STUDY, N, labels_of
from bayesmeta.evidence.counts import check_arms, completed, counts_of
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.repeats import SPELLING, patients_twice, two_spellings
from bayesmeta.shown import Shown

Names = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False, repr=False)
class Arms(Shown):
    """Patients of each arm with one outcome, or with each of several nested outcomes.

    Made by `EvidenceTable.select`. Each of several outcomes is counted among the patients of the one
    before it; an arm need not report them all.

    Parameters
    ----------
    frame : DataFrame
        One row per arm: `study`, `arm`, `n` (patients) and covariates; of one outcome `events`
        (responders); of several a column of counts for each, missing where the arm does not report it.
        Of an arm that is a total over two levels of a stratum (`split_by`), the column of the stratum
        holds the first level; `split_level` and `split_n` are the second and its patients.
    excluded : DataFrame
        The rows that the selection dropped, each with the `rule` that dropped it.
    selection : mapping
        The table and the arguments that made the selection, kept with every fit.
    outcomes : sequence of str
        Names of the outcomes, outermost first, such as ``("ORR", "CR_CRi", "CR")``. Where left out,
        the one outcome of the selection, which may have no name.

    Raises
    ------
    EvidenceError
        If there is no arm, counts are impossible or not nested, an arm reports no outcome, two rows
        have one label, or a whole arm stands beside its own parts or strata.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> table.select(outcome="CR", venetoclax="yes")
    Arms(CR: 14 arms of 14 studies, 110 responders of 503 patients; 7 rows left out)
    >>> arms = table.select(outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 55")
    >>> arms
    Arms(ORR > CR: 4 arms of 4 studies (ORR of 4, CR of 3); 78 rows left out)
    >>> arms.counts.tolist()
    [[41.0, 23.0], [34.0, 13.0], [23.0, 14.0], [27.0, nan]]
    """

    shown = "frame"

    frame: pd.DataFrame
    excluded: pd.DataFrame
    selection: Mapping[str, Any] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        outcomes = tuple(self.outcomes) or (str(self.selection.get("outcome") or ""),)
        object.__setattr__(self, "outcomes", outcomes)
        object.__setattr__(self, "excluded", self.excluded.reset_index(drop=True))
        object.__setattr__(self, "selection", dict(self.selection))
        self._check_counts()

    def _check_counts(self) -> None:
        object.__setattr__(self, "frame", completed(self.frame, self.outcomes))
        check_arms(self.frame, self.outcomes)

    @property
    def events(self) -> Integers:
        """Responders of each arm (counts), dims (arm,), where there is one outcome.

        Raises
        ------
        EvidenceError
            If there are several outcomes.
        """
        if len(self.outcomes) > 1:
            raise EvidenceError(
                f"The arms have several outcomes, {', '.join(self.outcomes)}, and no one count of `events`. Use "
                "`counts`, or .of(outcome)."
            )
        return self.frame[EVENTS].to_numpy(dtype=np.int64)

    @cached_property
    def counts(self) -> Array:
        """Patients with each outcome, dims (arm, outcome); NaN where the arm does not report it."""
        return counts_of(self.frame, self.outcomes)

    @property
    def n(self) -> Integers:
        """Patients of each arm (counts)."""
        return self.frame[N].to_numpy(dtype=np.int64)

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

    @property
    def informed(self) -> Flags:
        """Which arms tell anything: those with patients."""
        return np.asarray(self.n > 0)

    @property
    def without_patients(self) -> tuple[str, ...]:
        """Labels of the arms with n = 0; they carry no information."""
        return tuple(str(label) for label in self.labels[self.n == 0])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Probable mistakes that are not errors: spellings, totals, patients who may count twice."""
        labelled = self.frame.set_axis(list(map(str, self.labels)), axis="index")
        if len(self.outcomes) == 1:
            return (*two_spellings(labelled), *patients_twice(labelled))
        found = (one for outcome in self.outcomes for one in self.of(outcome).findings)
        counted = (one for one in found if one.kind != SPELLING)
        return tuple(dict.fromkeys((*two_spellings(labelled), *counted)))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the rows, their columns and their order."""
        return hash_of(self.frame)

    def of(self, outcome: str) -> "Arms":
        """Return the arms that report one of the outcomes, with its counts as `events`.

        Raises
        ------
        EvidenceError
            If no arm reports it, or it is none of `outcomes`.
        """
        if outcome not in self.outcomes:
            raise EvidenceError(
                f"`outcome` must be one of {', '.join(self.outcomes)}; got {outcome!r}."
            )
        if len(self.outcomes) == 1:
            return self
        frame = self.frame[self.frame[outcome].notna().to_numpy(dtype=bool)]
        own = frame.drop(columns=list(self.outcomes)).assign(**{EVENTS: frame[outcome]})
        selection = {**self.selection, "outcome": outcome, "outcomes": list(self.outcomes)}
        return Arms(own, self.excluded, selection)

    def to_excel(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Write the arms, what was left out and how they were selected into a workbook (.xlsx).

        Parameters
        ----------
        path : path
            The file, whose sheet ``arms`` `read_evidence` can read.
        force : bool
            Whether an existing file is replaced.

        Raises
        ------
        RunError
            If the file exists and is not to be replaced, or cannot be written.
        SettingsError
            If the file is not called .xlsx.

        Examples
        --------
        >>> import bayesmeta as bm
        >>> from tempfile import TemporaryDirectory
        >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
        >>> with TemporaryDirectory() as folder:
        ...     arms.to_excel(f"{folder}/arms.xlsx")
        ...     table = bm.read_evidence(f"{folder}/arms.xlsx", sheet="arms", text=["ref"])
        >>> table.select().events.sum() == arms.events.sum()
        np.True_
        """
        from bayesmeta.spreadsheets import write_tables

        chosen = [(name, str(value)) for name, value in self.selection.items() if value is not None]
        tables = {
            **self._sheets,
            "excluded": self.excluded,
            "selection": pd.DataFrame(chosen, columns=["argument", "value"]),
        }
        write_tables(path, tables, force=force)

    @property
    def _sheets(self) -> dict[str, pd.DataFrame]:
        """The tables of a workbook besides what was left out."""
        return {"arms": self.frame}

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

    def __repr__(self) -> str:
        found = f"{counted(len(self), 'arm')} of {counted(len(self.studies), 'study', 'studies')}"
        left_out = f"{counted(len(self.excluded), 'row')} left out"
        if len(self.outcomes) > 1:
            reported = zip(self.outcomes, (~np.isnan(self.counts)).sum(axis=0), strict=True)
            counts = ", ".join(f"{name} of {arms}" for name, arms in reported)
            return f"Arms({' > '.join(self.outcomes)}: {found} ({counts}); {left_out})"
        empty = f"; {len(self.without_patients)} without patients" if self.without_patients else ""
        return (
            f"Arms({self.outcomes[0] or 'one outcome'}: {found}, {self.events.sum()} responders of "
            f"{self.n.sum()} patients{empty}; {left_out})"
        )


def hash_of(*frames: pd.DataFrame) -> str:
    """Return the SHA-256 of rows, their columns and their order."""
    text = "".join(frame.to_csv(index=False, lineterminator="\n") for frame in frames)
    return hashlib.sha256(text.encode()).hexdigest()


def check_are_arms(arms: object, name: str = "arms") -> None:
    """Raise unless an argument is Arms."""
    if not isinstance(arms, Arms):
        raise SettingsError(
            f"`{name}` must be Arms; got {type(arms).__name__}. Make them by read_evidence(...).select(...)."
        )
