"""Model files of release 0.1.0, schema 1, in the keys of schema 2."""

from collections.abc import Mapping
from typing import Any

from bayesmeta.deprecated import warn_deprecated
from bayesmeta.errors import SpecError

__all__ = ["translated", "with_new_keys"]

RENAMED = {
    "study_effects": {
        "law": "distribution",
        "share": "outlier_proportion",
        "ratio": "outlier_scale",
    },
    "covariates": {"shares": "level_proportions"},
}
"""Keys of each table in schema 1, with those of schema 2."""

MOVED = {
    ("nested", "link"): ("likelihood", "link"),
    ("nested", "correlation"): ("study_effects", "correlation"),
    ("priors", "tau"): ("study_effects", "tau"),
}
"""Keys of models of several outcomes in schema 1: table and key, with those of schema 2."""

ONLY_NESTED = ("likelihood", "study_effects", "arm_effects")
"""Tables that models of several outcomes had not."""


def translated(content: Mapping[str, Any], name: str, *, warn: bool) -> dict[str, Any]:
    """Return a model file of schema 1 in the keys of schema 2, and warn of those that are others."""
    found = {key: dict(one) if isinstance(one, dict) else one for key, one in content.items()}
    _check_tables(found, name)
    changes = [one for kind in RENAMED for one in _renamed(found, kind, kind)]
    changes += _moved(found) if "nested" in found else []
    rest = found.pop("nested", {})
    if rest:
        raise SpecError(f"{name}: [nested]: unknown key '{next(iter(rest))}'. Leave it out.")
    if warn:
        changed = ", ".join(["schema = 2", *changes])
        warn_deprecated(f"{name} is a model file of schema 1, of release 0.1.0. Write {changed}.")
    return found | {"schema": 2}


def _check_tables(content: Mapping[str, Any], name: str) -> None:
    for key in ("nested", *RENAMED, "likelihood", "priors"):
        if not isinstance(content.get(key, {}), dict):
            raise SpecError(f"{name}: `{key}` must be a table, [{key}]; got {content[key]!r}.")
    if "nested" in content:
        for key in ONLY_NESTED:
            if key in content:
                raise SpecError(
                    f"{name}: unknown key '{key}' beside [nested] in schema 1. Write schema = 2."
                )


def with_new_keys(place: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table of study effects or covariates of another file in the keys of schema 2.

    `place` is its name, such as ``"covariates"`` or ``"covariates.regimen"``.
    """
    found = dict(table)
    changes = _renamed({place: found}, place.partition(".")[0], place)
    if changes:
        warn_deprecated(f"[{place}] has keys of release 0.1.0. Write {', '.join(changes)}.")
    return found


def _renamed(content: dict[str, Any], kind: str, place: str) -> list[str]:
    """Rename the keys of a table of some kind, and return what became of them."""
    changes, own = [], content.get(place, {})
    for old, new in RENAMED.get(kind, {}).items():
        if old in own and new in own:
            raise SpecError(f"[{place}] has both '{old}' and '{new}'. Keep '{new}'.")
        if old in own:
            own[new] = own.pop(old)
            changes.append(f"[{place}] {new} for {old}")
    return changes


def _moved(content: dict[str, Any]) -> list[str]:
    """Move keys of models of several outcomes, and return what became of them."""
    changes = []
    for (table, old), (other, new) in MOVED.items():
        if old in content.get(table, {}):
            content.setdefault(other, {})[new] = content[table].pop(old)
            changes.append(f"[{other}] {new} for [{table}] {old}")
    return changes
