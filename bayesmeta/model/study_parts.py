"""Columns split into study means and differences from them: ``x = mean + (x - mean)``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import EvidenceError, InapplicableError, listed
from bayesmeta.evidence.columns import RANDOMISED, STUDY, N, labels_of
from bayesmeta.model.formula import Formula
from bayesmeta.model.values import level_text
from bayesmeta.model.within_between import BETWEEN, WHOLE, WITHIN, part_label

YES = frozenset({"yes", "true", "1"})
NO = frozenset({"no", "false", "0"})

TOLERANCE = 1e-8
"""Part of a column's or of a direction's size below which it counts as rounding."""


@dataclass(frozen=True)
class ColumnPart:
    """A column of the design: a whole one of the terms, or a part of it."""

    place: int
    """Position of the whole column."""
    part: str
    column: str
    """The covariate that is split; empty where none is."""
    is_within: bool = False
    """Whether the coefficient is the effect within studies."""


@dataclass(frozen=True)
class StudyParts:
    """The columns of a design by those of its terms."""

    each: tuple[ColumnPart, ...]

    @property
    def split(self) -> dict[str, list[int]]:
        """Positions of the whole columns of each covariate that is split."""
        found: dict[str, dict[int, None]] = {}
        for one in self.each:
            if one.column:
                found.setdefault(one.column, {})[one.place] = None
        return {column: list(places) for column, places in found.items()}

    def names(self, whole: tuple[str, ...]) -> tuple[str, ...]:
        """Return the labels of the columns from those of the whole ones."""
        return tuple(part_label(one.part, one.column, whole[one.place]) for one in self.each)

    def labelled(self, names: tuple[str, ...], values: Mapping[str, float]) -> dict[str, float]:
        """Return values of whole columns by the labels of the columns."""
        places = zip(self.names(names), self.each, strict=True)
        return {
            label: values[names[one.place]] for label, one in places if names[one.place] in values
        }

    def columns(self, whole: Array, mean: Array) -> Array:
        """Return the columns from the whole ones and their study means, dims (..., covariate)."""
        if not self.split:
            return whole
        each = {WHOLE: whole, WITHIN: whole - mean, BETWEEN: np.broadcast_to(mean, whole.shape)}
        return np.stack([each[one.part][..., one.place] for one in self.each], axis=-1)


def study_parts(formula: Formula, widths: Iterable[int]) -> StudyParts:
    """Return the columns of a formula whose terms have so many whole columns each."""
    ends = list(accumulate(widths, initial=0))
    found = []
    for term, start, end in zip(formula.terms, ends[:-1], ends[1:], strict=True):
        split = formula.split_of(term)
        column, parts = (split.column, split.parts) if split else ("", (WHOLE,))
        inner = WITHIN if WITHIN in parts else WHOLE
        found += [
            ColumnPart(place, part, column, bool(column) and part == inner)
            for part in parts
            for place in range(start, end)
        ]
    return StudyParts(tuple(found))


def study_means(whole: Array, frame: pd.DataFrame) -> Array:
    """Return the mean over patients of each row's study, dims (arm, covariate).

    Arms of a study that is not randomised have no other arms to be compared with: each is its own
    mean, as an arm alone is.
    """
    _, study = np.unique(frame[STUDY].astype(str), return_inverse=True)
    n = frame[N].to_numpy(dtype=np.float64)
    patients = np.bincount(study, weights=n)
    # A study without patients tells nothing, but has a mean.
    weights = np.where(patients[study] > 0, n, 1.0)
    totals = np.zeros((len(patients), whole.shape[1]))
    np.add.at(totals, study, weights[:, None] * whole)
    means = (totals / np.bincount(study, weights=weights)[:, None])[study]
    # Arms that are alike differ from their mean by nothing, not even by rounding.
    low, high = np.full(totals.shape, np.inf), np.full(totals.shape, -np.inf)
    np.minimum.at(low, study, whole)
    np.maximum.at(high, study, whole)
    own = (low == high)[study] | ~_randomised(frame)[:, None]
    return np.where(own, whole, means)


def _randomised(frame: pd.DataFrame) -> Flags:
    """Return which rows are of randomised studies; all where no column says so."""
    if RANDOMISED not in frame.columns:
        return np.ones(len(frame), dtype=bool)
    values = [level_text(value).strip().lower() for value in frame[RANDOMISED]]
    several = frame[STUDY].duplicated(keep=False)
    # Of an arm alone it makes no difference.
    allowed = np.array(
        [one in YES | NO or not (one or more) for one, more in zip(values, several, strict=True)]
    )
    if not allowed.all():
        rows = np.array(labels_of(frame))[~allowed]
        got = [value for value, good in zip(values, allowed, strict=True) if not good]
        raise EvidenceError(
            f"`{RANDOMISED}` must be yes or no for studies of several arms; got {listed(dict.fromkeys(got))} in "
            f"{listed(rows)}. Correct the table."
        )
    found = np.array([value in YES for value in values], dtype=bool)
    differ = pd.Series(found).groupby(frame[STUDY].to_numpy()).nunique()
    if (differ > 1).any():
        raise EvidenceError(
            f"`{RANDOMISED}` must be the same in all arms of a study; not so in {listed(differ.index[differ > 1])}. "
            "Correct the table."
        )
    return found


def checked_parts(
    parts: StudyParts, names: tuple[str, ...], whole: Array, frame: pd.DataFrame
) -> tuple[tuple[str, ...], Array]:
    """Return the columns of which none may determine another: of what is split, the study means.

    What is within studies determines no study mean, nor the other way round.
    """
    if not parts.split:
        return names, whole
    means = study_means(whole, frame)
    _check_within(parts, whole - means, frame)
    # Means that are all the same but for rounding differ by nothing.
    means = np.where(np.ptp(means, axis=0) > TOLERANCE * np.ptp(whole, axis=0), means, 0.0)
    labels, columns = list(names), whole.copy()
    for column, places in parts.split.items():
        columns[:, places] = means[:, places]
        for place in places:
            labels[place] = part_label(BETWEEN, column, names[place])
    return tuple(labels), columns


def _check_within(parts: StudyParts, within: Array, frame: pd.DataFrame) -> None:
    """Refuse to split a covariate in which the arms of no study differ."""
    seen = within[frame[N].to_numpy() > 0]
    for column, places in parts.split.items():
        if not seen[:, places].any():
            studies = "randomised study" if RANDOMISED in frame.columns else "study"
            raise InapplicableError(
                f"`formula`: the evidence has no comparison of '{column}' within studies, as no {studies} has arms "
                f"that differ in it. Write {column} in place of its parts."
            )


def not_compared(parts: StudyParts, whole: Array, frame: pd.DataFrame) -> list[int]:
    """Return the positions of the columns whose effects within studies the arms cannot tell."""
    places = [place for own in parts.split.values() for place in own]
    seen = frame[N].to_numpy() > 0
    within = (whole - study_means(whole, frame))[np.ix_(seen, places)]
    size = np.abs(within).max(axis=0)
    _, lengths, directions = np.linalg.svd(within / np.where(size > 0, size, 1.0))
    known = directions[: lengths.size][lengths > TOLERANCE * lengths.max()]
    gap = np.abs(np.eye(len(places)) - known.T @ known).max(axis=0)
    lost = [place for place, one in zip(places, gap, strict=True) if one > TOLERANCE]
    return [i for i, one in enumerate(parts.each) if one.place in lost and one.is_within]
