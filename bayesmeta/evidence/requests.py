"""What a selection asks for, checked against the table and turned into rules."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, listed, nearest
from bayesmeta.evidence.columns import (
    ARM,
    DERIVATION,
    OUTCOME,
    PART_OF,
    SPLIT_COLUMNS,
    STRATUM,
    STUDY,
)
from bayesmeta.evidence.conditions import matches
from bayesmeta.evidence.selection import Parts, Rule
from bayesmeta.evidence.strata import stratum_levels

Where = str | Mapping[str, Any]


NESTED = ", or nested ones by `outcomes`"
"""What else may be asked for of counts."""


def asked_outcome(
    frame: pd.DataFrame, name: str, outcome: str | None, otherwise: str = NESTED
) -> str:
    """Return the outcome asked for, or the only one there is."""
    there = [str(found) for found in pd.unique(frame[OUTCOME])]
    if outcome is None and len(there) == 1:
        return there[0]
    if outcome is None:
        often = frame[OUTCOME].value_counts().index
        raise EvidenceError(
            f"{name} holds {len(there)} outcomes: {listed(map(str, often))}. Name one by `outcome`"
            f"{otherwise}."
        )
    if outcome not in there and there == [""]:
        raise EvidenceError(f"{name} names no outcome; got '{outcome}'. Leave `outcome` out.")
    if outcome not in there:
        raise EvidenceError(f"{name} has no outcome '{outcome}'. {nearest(outcome, there)}")
    return outcome


def asked_conditions(
    frame: pd.DataFrame, name: str, where: Where | None, columns: Mapping[str, Any]
) -> list[Rule]:
    """Return the rules of a condition, a mapping or single columns."""
    if not isinstance(where, str | Mapping | None):
        raise SettingsError(f"`where` must be a condition or a mapping; got {where!r}.")
    twice = sorted(set(where) & set(columns)) if isinstance(where, Mapping) else []
    if twice:
        raise SettingsError(f"`where` and the columns both name {listed(twice)}. Name each once.")
    wanted = {**(where if isinstance(where, Mapping) else {}), **columns}
    rules: list[Rule] = [
        partial(_not_wanted, column=column, values=_values(frame, name, column, value))
        for column, value in wanted.items()
    ]
    if isinstance(where, str):
        # A condition that cannot be read is told before any rule applies.
        matches(where, frame)
        rules.append(partial(_not_where, condition=where))
    return rules


def plain(wanted: Any) -> list[Any]:
    """Return the values wanted in a column as a list of text and numbers, which can be kept."""
    several = isinstance(wanted, list | tuple | set | frozenset | np.ndarray | pd.Series)
    values = sorted(wanted, key=str) if isinstance(wanted, set | frozenset) else wanted
    items = [
        item.item() if isinstance(item, np.generic) else item
        for item in (values if several else [wanted])
    ]
    if not all(isinstance(item, str | int | float) for item in items):
        raise SettingsError(f"Columns are selected by text and numbers; got {wanted!r}.")
    return items


def plain_values(wanted: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the values wanted in each column, as they are kept."""
    return {column: plain(value) for column, value in wanted.items()}


def _values(frame: pd.DataFrame, name: str, column: str, wanted: Any) -> list[Any]:
    if column not in frame.columns:
        raise EvidenceError(
            f"{name} has no column '{column}'. {nearest(column, map(str, frame.columns))}"
        )
    values = plain(wanted)
    there = frame[column].dropna().drop_duplicates()
    if not pd.api.types.is_numeric_dtype(there):
        values = [str(value) for value in values]
    elif any(isinstance(value, str) for value in values):
        raise EvidenceError(
            f"{name}: column '{column}' holds numbers; got {listed(map(repr, values))}. Leave the quotes out."
        )
    known = set(there)
    absent = [value for value in values if value not in known]
    if absent:
        levels = sorted({str(value) for value in there})
        raise EvidenceError(
            f"{name}: column '{column}' has no value {listed(map(repr, absent))}. {nearest(absent[0], levels)}"
        )
    return values


def check_strata(frame: pd.DataFrame, name: str, strata: str | None) -> None:
    """Raise if no row is a level of the stratum asked for."""
    there = {found for text in pd.unique(frame[STRATUM]) for found in stratum_levels(text)}
    for name_of_split in SPLIT_COLUMNS if strata is not None else ():
        if name_of_split in frame.columns:
            raise EvidenceError(
                f"{name} has a column '{name_of_split}', which `strata` would replace. Rename the column."
            )
    if strata is not None and strata not in there:
        raise EvidenceError(f"{name} has no stratum '{strata}'. {nearest(strata, there)}")
    if strata in frame.columns:
        raise EvidenceError(
            f"{name} has a column '{strata}' besides the stratum of that name, which would replace it. "
            "Rename the column."
        )


def check_derivations(frame: pd.DataFrame, name: str, derivations: Sequence[str] | None) -> None:
    """Raise if a derivation asked for is none of the table's."""
    if derivations is None:
        return
    if isinstance(derivations, str):
        raise SettingsError(
            f"`derivations` must be a list; got {derivations!r}. Write [{derivations!r}]."
        )
    if DERIVATION not in frame.columns:
        raise SettingsError(
            f"`derivations` has no effect: {name} has no column '{DERIVATION}'. Leave it out."
        )
    there = {found for found in frame[DERIVATION] if found}
    unknown = [found for found in derivations if found not in there]
    if unknown:
        raise SettingsError(f"`derivations`: none is '{unknown[0]}'. {nearest(unknown[0], there)}")


def check_choice(argument: str, value: object, choices: tuple[str | bool, ...]) -> None:
    """Raise if a value is none of its choices."""
    if not any(
        value is choice or (isinstance(choice, str) and value == choice) for choice in choices
    ):
        raise SettingsError(
            f"`{argument}` must be {' or '.join(map(repr, choices))}; got {value!r}."
        )


def parts_of_arms(frame: pd.DataFrame) -> Parts:
    """Return the arms that are parts of each arm."""
    if PART_OF not in frame.columns:
        return {}
    parts = frame[frame[PART_OF] != ""]
    grouped = parts.groupby([STUDY, PART_OF])[ARM]
    return {key: set(arms) for key, arms in grouped}  # type: ignore[misc]


def _not_wanted(frame: pd.DataFrame, *, column: str, values: list[Any]) -> list[str]:
    wanted = " or ".join(map(str, values))
    return [
        ""
        if kept
        else f"where: {column} is {'missing' if pd.isna(value) or value == '' else value}, not {wanted}"
        for value, kept in zip(frame[column], frame[column].isin(values), strict=True)
    ]


def _not_where(frame: pd.DataFrame, *, condition: str) -> list[str]:
    return ["" if kept else f"where: not {condition}" for kept in matches(condition, frame)]
