"""What a grid of specifications comes to on a table: its fits, and the combinations that cannot be.

All of it is found before anything is fitted. Combinations that come to the same model on the same
arms are one fit.
"""

import hashlib
import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from bayesmeta.comparison.held_out import lean
from bayesmeta.errors import (
    BayesmetaError,
    EvidenceError,
    EvidenceWarning,
    InapplicableError,
    ModelWarning,
    ProfileError,
    SettingsError,
    SpecError,
)
from bayesmeta.estimates.profiles import own_part, warn_beyond_evidence
from bayesmeta.evidence import Arms, EvidenceTable
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import (
    Design,
    ModelSpec,
    NormalEffects,
    make_design,
    model_hash,
)
from bayesmeta.model.design import with_spec
from bayesmeta.multiverse.checks import SEPARATOR
from bayesmeta.multiverse.specification_grid import AXES, MODEL, Choices, SpecificationGrid

STREAM_DIGITS = 12
"""Hexadecimal digits of a stream's number: two of 10,000 fits share one once in 10^7 grids, and 48
bits are a whole number in every file."""


@dataclass(frozen=True, eq=False)
class PlannedFit:
    """One fit of a grid; `content` is the SHA-256 of all that its draws depend on but the seed."""

    design: Design
    profile: Mapping[str, Any] | None
    content: str

    @property
    def stream(self) -> int:
        """Which stream of the seed the fit uses; it follows from what is fitted alone."""
        return int(self.content[:STREAM_DIGITS], 16)


@dataclass(frozen=True, eq=False)
class PlannedRow:
    """One combination of a grid: what is fitted, or the error that says why it is not possible."""

    choices: Choices
    fit: PlannedFit | None
    error: BayesmetaError | None
    notes: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why the combination is not possible; empty where it is."""
        return "" if self.error is None else _message(self.error)

    @property
    def label(self) -> str:
        """The choices as one line."""
        return SEPARATOR.join(self.choices[axis] for axis in AXES)


def plan_rows(grid: SpecificationGrid, table: EvidenceTable) -> tuple[PlannedRow, ...]:
    """Return the rows of a grid on a table in order; raise if a choice is possible in none."""

    @cache
    def arms_of(outcome: str, inclusion: str) -> "_Tried":
        try:
            rule = grid.inclusion[inclusion]
            asked = grid.selections.get(outcome, {"outcome": outcome})
            return _tried(lambda: table.select(**asked, **rule))
        except SettingsError as error:
            raise SettingsError(f"[inclusion.{inclusion}]: {error}") from error

    @cache
    def base_of(outcome: str, inclusion: str, covariates: str, by: str | None) -> "_Tried":
        spec = ModelSpec(
            MODEL, covariates=grid.covariates[covariates], study_effects=NormalEffects(by=by)
        )
        profile = grid.question.profile
        return _tried(lambda: _base(spec, arms_of(outcome, inclusion).get(), profile))

    def row_of(choices: Choices) -> PlannedRow:
        by = grid.effects(choices["study_effects"])[0].by
        base = base_of(choices["outcome"], choices["inclusion"], choices["covariates"], by)
        fit = _tried(lambda: _fit(base.get(), grid.model(choices), grid.settings))
        return PlannedRow(choices, fit.value, fit.error, (*base.notes, *fit.notes))

    rows = tuple(row_of(choices) for choices in grid.combinations(_outcomes(grid, table)))
    _check_choices(rows)
    # Of a row it is a note; of a grid, told before the work.
    for coding in {row.fit.design.coding: None for row in rows if row.fit is not None}:
        warn_beyond_evidence(coding, own_part(coding, grid.question.profile))
    return rows


def _outcomes(grid: SpecificationGrid, table: EvidenceTable) -> Sequence[str]:
    """Return the outcomes of the grid, or the only one of the table."""
    there = sorted(map(str, table.outcomes.index))
    if not grid.outcomes and len(there) != 1:
        raise EvidenceError(
            f"{table.name} holds {len(there)} outcomes; name those of the grid: outcomes = [...]."
        )
    return tuple(grid.selections) or there


def _base(
    spec: ModelSpec, arms: Arms, asked: Mapping[str, Any]
) -> tuple[Design, Mapping[str, Any] | None]:
    """Return arms as a model of some covariates sees them, and the profile checked against these."""
    design = make_design(spec, arms, warn=False)
    coding, given = design.coding, own_part(design.coding, asked)
    warn_beyond_evidence(coding, given)
    profile = coding.resolved(given) if coding.columns else None
    coding.row(profile)
    coding.tau_level(profile)
    # Columns that the model does not use are no part of a fit's identity.
    return lean(design), profile


def _fit(
    base: tuple[Design, Mapping[str, Any] | None], spec: ModelSpec, settings: SamplerSettings
) -> PlannedFit:
    design, profile = with_spec(base[0], spec), base[1]
    parts = {
        "model": model_hash(replace(spec, name="", description="")),
        "arms": base[0].arms.hash,
        "settings": {
            name: getattr(settings, name)
            for name in ("chains", "warmup", "draws", "target_accept", "max_treedepth")
        },
    }
    content = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return PlannedFit(design, profile, content)


@dataclass(frozen=True, eq=False)
class _Tried:
    """What came of an attempt: a value or an error, and the notes made on the way."""

    value: Any
    error: BayesmetaError | None
    notes: tuple[str, ...]

    def get(self) -> Any:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise self.error.with_traceback(None)
        return self.value


def _tried(make: Callable[[], Any]) -> _Tried:
    """Return what `make` returns or raises, with its notes."""
    value, error = None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = make()
        except (EvidenceError, SpecError, ProfileError) as found:
            error = found
    ours = [one for one in caught if issubclass(one.category, EvidenceWarning | ModelWarning)]
    for one in caught:
        if one not in ours:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return _Tried(value, error, tuple(_message(one.message) for one in ours))


def _message(found: Warning | Exception | str) -> str:
    """Return what is said of a model, without its name."""
    return str(found).removeprefix(f"{MODEL}: ")


def _check_choices(rows: Iterable[PlannedRow]) -> None:
    """Raise if a choice is possible in no combination."""
    first: dict[tuple[str, str], PlannedRow] = {}
    possible: dict[tuple[str, str], bool] = {}
    for row in rows:
        for choice in row.choices.items():
            first.setdefault(choice, row)
            possible[choice] = possible.get(choice, False) or row.fit is not None
    if not any(possible.values()):
        raise _of_kind(next(iter(first.values())), "No combination of the grid can be fitted")
    for (axis, name), there in possible.items():
        if not there:
            if isinstance(first[axis, name].error, InapplicableError):
                # A model that is right is told in its rows; a slip would cost a part of the grid.
                continue
            place = f"outcome '{name}'" if axis == "outcome" else f"[{axis}.{name}]"
            raise _of_kind(first[axis, name], f"{place} can be fitted in no combination")


def _of_kind(row: PlannedRow, what: str) -> BayesmetaError:
    """Return an error of the kind of a row's own."""
    kind = SpecError if row.error is None else type(row.error)
    return kind(f"{what}; the first, {row.label}: {row.reason}")
