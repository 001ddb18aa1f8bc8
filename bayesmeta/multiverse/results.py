"""The table of a grid of specifications: one row a combination, the same bytes for the same results."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from bayesmeta.estimates.questions import Question
from bayesmeta.multiverse.combinations import PlannedRow
from bayesmeta.multiverse.specification_grid import AXES, SpecificationGrid
from bayesmeta.runs import Failed, Job, Outcome
from bayesmeta.shown import Shown

DONE, IMPOSSIBLE, FAILED = "done", "not possible", "failed"
"""States of a row."""

Requirement = Literal["diagnostics", "failures", "nothing"]
"""What a script may ask of a grid: that all fits passed their diagnostics, or that none failed."""

NUMBERS = ("median", "lower", "upper", "mcse_median", "mcse_lower", "mcse_upper")
ABOVE = ("above", "mcse_above")
RATES = {"typical": "typical rate", "mean": "mean rate", "new_study": "rate of a new study"}
"""Rates of a row, and what they are called."""

TEXTS = (*AXES, "state", "reason", "problems", "notes", "same_as", "key")
COUNTS = ("arms", "studies", "events", "n", "divergences", "warmup", "draws", "stream")


def columns(*, above: bool) -> dict[str, str]:
    """Return the columns of a table in their order, with their types."""
    asked = (*NUMBERS, *ABOVE) if above else NUMBERS
    rates = [f"{rate}_{number}" for rate in RATES for number in asked]
    names = [
        *(*AXES, "state", "reason", "ok", "problems", "notes", "same_as"),
        *("arms", "studies", "events", "n"),
        *rates,
        *(["rate_above"] if above else []),
        *("cohort", "cohort_median", "cohort_lower", "cohort_upper"),
        *(f"tau_{number}" for number in NUMBERS),
        *("r_hat", "ess", "divergences", "warmup", "draws", "target_accept"),
        *("stream", "key"),
    ]
    return {name: _type(name) for name in names}


def _type(name: str) -> str:
    if name in TEXTS:
        return "str"
    if name == "ok":
        return "boolean"
    return "Int64" if name in COUNTS or name.startswith("cohort") else "float64"


@dataclass(frozen=True, eq=False, repr=False)
class GridResults(Shown):
    """What came of a grid of specifications.

    Made by `run_grid`.

    Parameters
    ----------
    grid : SpecificationGrid
        The choices.
    table : DataFrame
        One row a combination; see `run_grid` for its columns.
    seed : int
        Random seed.
    fits : int
        Fits that the rows come to.
    seconds : float
        Seconds of all fits together, of whatever run did them.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> distributions = {"common": bm.CommonEffect(), "normal": bm.NormalEffects()}
    >>> grid = bm.SpecificationGrid(outcomes=["CR"], study_effects=distributions)
    >>> found = bm.run_grid(grid, bm.load_evidence("rr_aml_venetoclax"), seed=1)
    >>> found.curve[["study_effects", "estimate", "lower", "upper"]].round(1)
      study_effects  estimate  lower  upper
    0        common       0.2    0.2    0.3
    1        normal       0.2    0.2    0.3
    >>> found.meets("diagnostics")
    True
    """

    grid: SpecificationGrid
    table: pd.DataFrame
    seed: int
    fits: int
    seconds: float

    @property
    def curve(self) -> pd.DataFrame:
        """The rows that are done, with one rate: that of the grid's question.

        Columns: the choices; `estimate` (median), `lower` and `upper` (probability), `mcse` of the
        estimate; `ok`; `quantity`, what is estimated.
        """
        done = self.table[self.table["state"] == DONE]
        rate = self.grid.question.rate
        numbers = {
            "estimate": done[f"{rate}_median"],
            "lower": done[f"{rate}_lower"],
            "upper": done[f"{rate}_upper"],
            "mcse": done[f"{rate}_mcse_median"],
            "ok": done["ok"].astype(bool),
        }
        return done[list(AXES)].assign(**numbers, quantity=RATES[rate]).reset_index(drop=True)

    @property
    def ranges(self) -> pd.DataFrame:
        """By outcome: how many rows are done, and the lowest, middle and highest estimate."""
        return outcome_ranges(self.curve)

    @property
    def effects(self) -> pd.DataFrame:
        """By outcome and axis: how far the estimate moves with the choice, all others the same."""
        return choice_effects(self.curve, AXES[1:])

    @property
    def failed(self) -> pd.DataFrame:
        """The rows whose fit ended with an error."""
        return self.table[self.table["state"] == FAILED]

    @property
    def unreliable(self) -> pd.DataFrame:
        """The rows whose fit did not pass its diagnostics."""
        return self.table[(self.table["state"] == DONE) & ~self.table["ok"].fillna(value=False)]

    @property
    def impossible(self) -> pd.DataFrame:
        """The combinations that cannot be fitted."""
        return self.table[self.table["state"] == IMPOSSIBLE]

    def meets(self, requirement: Requirement) -> bool:
        """Return whether no fit failed and, of ``"diagnostics"``, all passed their diagnostics."""
        if requirement == "nothing":
            return True
        return self.failed.empty and (requirement == "failures" or self.unreliable.empty)

    def parquet(self) -> bytes:
        """Return the table as a parquet file."""
        buffer = io.BytesIO()
        self.table.to_parquet(buffer, engine="pyarrow", index=False)
        return buffer.getvalue()

    def csv(self) -> bytes:
        """Return the table as a CSV file."""
        return self.table.to_csv(index=False, lineterminator="\n").encode()

    def __repr__(self) -> str:
        return (
            f"GridResults({self.grid.name}: {len(self.table):,} combinations, {self.fits:,} fits; "
            f"{len(self.unreliable)} failed their diagnostics, {len(self.failed)} failed, "
            f"{len(self.impossible)} not possible)"
        )


def results_table(
    rows: Sequence[PlannedRow],
    jobs: Sequence[Job],
    outcomes: Mapping[str, Outcome],
    question: Question,
) -> pd.DataFrame:
    """Return the table of a grid; jobs and outcomes are of the rows that can be fitted, by label."""
    keys = {job.name: job.key for job in jobs}
    first = {key: name for name, key in reversed(keys.items())}
    cells = []
    for row in rows:
        own: dict[str, Any] = dict.fromkeys(TEXTS, "") | row.choices
        own["notes"] = " ".join(row.notes)
        if row.fit is None:
            cells.append(own | {"state": IMPOSSIBLE, "reason": row.reason})
            continue
        key = keys[row.label]
        own |= _evidence(row, question) | {"key": key, "stream": row.fit.stream}
        own["same_as"] = "" if first[key] == row.label else first[key]
        cells.append(own | _outcome(outcomes[row.label]))
    table = pd.DataFrame(cells).assign(rate_above=question.rate_above, cohort=question.cohort)
    types = columns(above=question.rate_above is not None)
    return table.reindex(columns=list(types)).astype(types)


def _evidence(row: PlannedRow, question: Question) -> dict[str, int]:
    arms = row.fit.design.arms  # type: ignore[union-attr]  # asked of rows with a fit only
    several = len(arms.outcomes) > 1
    level = arms.outcomes.index(str(question.outcome)) if several else 0
    return {
        "arms": len(arms),
        "studies": len(arms.studies),
        "events": int(np.nansum(arms.counts[:, level])),
        "n": int(arms.n.sum()),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Failed):
        return {"state": FAILED, "reason": f"{outcome.error}: {outcome.message}"}
    return {"state": DONE, **outcome.value}


OUTCOME = "outcome"

VARIES = "differs"
"""Where other choices settle which choice has the lowest, or highest, estimate."""


def outcome_ranges(curve: pd.DataFrame) -> pd.DataFrame:
    """Return, by outcome, how far estimates and their bounds range over the rows of a curve."""
    found = [
        {
            OUTCOME: outcome,
            "rows": len(rows),
            "least": rows["estimate"].min(),
            "middle": rows["estimate"].median(),
            "greatest": rows["estimate"].max(),
            "lower": rows["lower"].min(),
            "upper": rows["upper"].max(),
        }
        for outcome, rows in curve.groupby(OUTCOME, sort=False)
    ]
    return pd.DataFrame(found)


def choice_effects(curve: pd.DataFrame, axes: Sequence[str]) -> pd.DataFrame:
    """Return, by outcome and axis, how far the estimate of a curve moves from choice to choice.

    Combinations that differ in this axis alone are compared, so that combinations that cannot be
    fitted do not mix the effect of one choice with that of another. The strongest axis comes first
    within each outcome: `typical` and `largest`, the median and the greatest, over the sets of such
    combinations, of greatest less least estimate; `lowest` and `highest`, the choices of these
    estimates if they are the same in all sets that have all choices, or else ``"differs"``.
    """
    found = [
        _effect(outcome, axis, rows, [other for other in axes if other != axis])
        for outcome, rows in curve.groupby(OUTCOME, sort=False)
        for axis in axes
    ]
    names = [OUTCOME, "axis", "typical", "largest", "lowest", "highest"]
    table = pd.DataFrame([one for one in found if one is not None], columns=names)
    order = {outcome: place for place, outcome in enumerate(curve[OUTCOME].unique())}
    strongest = table.sort_values("typical", ascending=False, kind="stable")
    return strongest.sort_values(
        OUTCOME, key=lambda one: one.map(order), kind="stable", ignore_index=True
    )


def _effect(
    outcome: Any, axis: str, rows: pd.DataFrame, others: Sequence[str]
) -> dict[str, Any] | None:
    """Return how far one choice moves the estimate; None where no two differ in it alone."""
    sets = rows.set_index([*others, axis])["estimate"].unstack(axis)  # noqa: PD010  # one value each
    several = sets[sets.notna().sum(axis=1) > 1]
    if several.empty:
        return None
    moves = several.max(axis=1) - several.min(axis=1)
    complete = several.dropna()
    compared = several if complete.empty else complete
    lowest, highest = compared.idxmin(axis=1), compared.idxmax(axis=1)
    return {
        OUTCOME: outcome,
        "axis": axis,
        "typical": moves.median(),
        "largest": moves.max(),
        "lowest": _everywhere(lowest),
        "highest": _everywhere(highest),
    }


def _everywhere(choices: "pd.Series[Any]") -> Any:
    """Return the choice that is the same in every set; else that it differs."""
    first = choices.iloc[0]
    return first if (choices == first).all() else VARIES
