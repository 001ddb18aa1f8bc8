"""The parts of a model file: tables of TOML to values, and back; those of release 0.1.0, too."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from bayesmeta.deprecated import RENAMED_KEYS, warn_deprecated
from bayesmeta.errors import SpecError, nearest, shortened
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.curves import CURVES, SurvivalCurve
from bayesmeta.model.effects import DISTRIBUTIONS, ArmEffects, StudyEffects
from bayesmeta.model.level_effects import LEVEL_DISTRIBUTIONS, LevelEffects
from bayesmeta.model.likelihoods import LIKELIHOODS, Likelihood
from bayesmeta.model.links import LINKS, Link
from bayesmeta.priors import Prior, parse_prior

Table = Mapping[str, Any]

_MOVED = {
    ("nested", "link"): ("likelihood", "link"),
    ("nested", "correlation"): ("study_effects", "correlation"),
    ("priors", "tau"): ("study_effects", "tau"),
}
"""Keys of models of several outcomes in schema 1: table and key, with those of schema 2."""

_ONLY_NESTED = ("likelihood", "study_effects", "arm_effects")
"""Tables that models of several outcomes had not."""

DEEPEST = 20
"""Levels of nesting that a file may have, many more than any has a use for."""


def content_of(text: str, name: str) -> dict[str, Any]:
    """Return what TOML `text` says; `name` is what messages call it."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SpecError(f"{name} is not valid TOML: {error}. Correct that place.") from error
    level: list[Any] = [content]
    for _ in range(DEEPEST):
        level = [part for whole in level for part in _within(whole)]
    # What is nested too deep cannot be shown in a message either, on a stack that is nearly full.
    if level:
        raise SpecError(f"{name} has more than {DEEPEST} levels of nesting. Take some out.")
    return content


def _within(whole: object) -> Iterable[Any]:
    """Return the parts of a table or an array, and none of anything else."""
    if isinstance(whole, dict):
        return whole.values()
    return whole if isinstance(whole, list) else ()


def part_table(
    part: StudyEffects | Likelihood | LevelEffects | SurvivalCurve, key: str
) -> dict[str, Any]:
    """Return the table of a distribution or a likelihood: its name under `key`, and its arguments."""
    table: dict[str, Any] = {key: part.name}
    for argument in _arguments(type(part)):
        value = getattr(part, argument)
        if value is not None:
            table[argument] = written(value)
    return table


def written(value: object) -> object:
    """Return a prior, or priors by label, as text; anything else as it is."""
    if isinstance(value, Mapping):
        return {label: repr(prior) for label, prior in value.items()}
    return repr(value) if isinstance(value, Prior) else value


def read_study_effects(table: Table) -> StudyEffects:
    """Return the distribution of study effects that a table names."""
    return _read_part("study_effects", "distribution", table, DISTRIBUTIONS)


def read_levels(table: Table) -> LevelEffects | dict[str, LevelEffects]:
    """Return the distribution of the effects of levels that a table names, or those by term."""
    if any(isinstance(value, dict) for value in table.values()):
        return {term: _read_levels(f"levels.{term}", table_of(table, term)) for term in table}
    return _read_levels("levels", table)


def _read_levels(name: str, table: Table) -> LevelEffects:
    if "sigma" in table:
        table = {**table, "sigma": read_prior("sigma", table["sigma"], "HalfNormal(0.5)")}
    return _read_part(name, "distribution", table, LEVEL_DISTRIBUTIONS)


def levels_table(levels: LevelEffects | Mapping[str, LevelEffects]) -> dict[str, Any]:
    """Return the table of the distributions of the effects of levels."""
    if isinstance(levels, Mapping):
        return {term: part_table(one, "distribution") for term, one in levels.items()}
    return part_table(levels, "distribution")


def read_likelihood(table: Table) -> Likelihood:
    """Return the likelihood that a table names, with its link."""
    link = table.get("link", "logit")
    if not isinstance(link, str) or link not in LINKS:
        raise SpecError(f"[likelihood]: there is no link {link!r}. {nearest(str(link), LINKS)}")
    return _read_part("likelihood", "family", table, LIKELIHOODS, link=LINKS[link]())


def read_curve(table: Table) -> SurvivalCurve:
    """Return the family of survival curves that a table names."""
    return _read_part("survival", "curve", table, CURVES)


def read_arm_effects(table: Table) -> ArmEffects:
    """Return the arm effects of a table."""
    return ArmEffects(**_own("[arm_effects]", table, ArmEffects))


def read_covariates(table: Table) -> Covariates:
    """Return the covariates of a table."""
    check_keys("[covariates]", table, [one.name for one in fields(Covariates)])
    mappings = ("reference", "groups", "centre", "level_proportions")
    given = {key: table_of(table, key) for key in mappings if key in table}
    return Covariates(**{**table, **given, "formula": string_of(table, "formula", "")})


def covariates_table(covariates: Covariates) -> dict[str, Any]:
    """Return the table of covariates, without what is empty."""
    table = {one.name: _plain(getattr(covariates, one.name)) for one in fields(covariates)}
    return {key: value for key, value in table.items() if value}


def _plain(value: object) -> object:
    """Return mappings and sequences as TOML has them."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return list(value) if isinstance(value, tuple) else value


def read_priors(name: str, value: object, example: object = None) -> Prior | dict[str, Prior]:
    """Return one prior, or priors by label."""
    if isinstance(value, dict):
        return {
            label: read_prior(f"{name} {label}", prior, example) for label, prior in value.items()
        }
    return read_prior(name, value, example)


def read_prior(label: str, value: object, example: object = None) -> Prior:
    """Return the prior that a string writes down; messages show `example`."""
    if not isinstance(value, str):
        example = example or ("HalfNormal(0.5)" if label.startswith("tau") else "Normal(0, 1.5)")
        raise SpecError(f'`{label}` must be a prior in quotes, such as "{example}"; got {value!r}.')
    try:
        return parse_prior(value)
    except SpecError as error:
        raise SpecError(f"`{label}`: {error}") from error


def table_of(content: Table, key: str) -> dict[str, Any]:
    """Return a table of a table, empty where it is not there."""
    value = content.get(key, {})
    if not isinstance(value, dict):
        raise SpecError(f"`{key}` must be a table, [{key}]; got {value!r}.")
    return value


def string_of(content: Table, key: str, default: str) -> str:
    """Return the text of a table's key."""
    value = content.get(key, default)
    if not isinstance(value, str):
        raise SpecError(f"`{key}` must be text in quotes; got {shortened(repr(value))}.")
    return value


def check_keys(place: str, table: Table, valid: Iterable[str]) -> None:
    """Raise if a table has a key that is not valid."""
    valid = tuple(valid)
    for key in table:
        if key not in valid:
            raise SpecError(f"{place}: unknown key '{key}'. {nearest(key, valid)}")


def _arguments(part: type) -> list[str]:
    """Return what a part of a model is made of, its link aside."""
    return [one.name for one in fields(part) if one.init and one.name != "link"]


def _read_part[T](
    name: str, key: str, table: Table, kinds: Mapping[str, type[T]], **link: Link
) -> T:
    """Return the part that a table names under `key`, the first kind where it names none."""
    chosen = table.get(key, next(iter(kinds)))
    if not isinstance(chosen, str) or chosen not in kinds:
        raise SpecError(f"[{name}]: there is no {key} {chosen!r}. {nearest(str(chosen), kinds)}")
    place, kind = f"[{name}] of the {chosen} {key}", kinds[chosen]
    for argument in table:
        owners = [other for other, one in kinds.items() if argument in _arguments(one)]
        if owners and argument not in _arguments(kind):
            raise SpecError(
                f"{place}: '{argument}' has no effect; it belongs to {' and '.join(owners)}. Leave it out, or "
                f"choose {owners[0]}."
            )
    return kind(**link, **_own(place, table, kind, key, *link))


def _own(place: str, table: Table, part: type, *names: str) -> dict[str, Any]:
    """Return the arguments of a part that its table gives: priors where their defaults are."""
    arguments, usual = _arguments(part), part()
    check_keys(place, table, (*names, *arguments))
    defaults = {key: getattr(usual, key) for key in arguments if key in table}
    return {
        key: read_priors(key, table[key], one) if isinstance(one, Prior) else table[key]
        for key, one in defaults.items()
    }


def translated(content: Table, name: str, *, warn: bool) -> dict[str, Any]:
    """Return a model file of schema 1 in the keys of schema 2, and warn of those that are others."""
    found = {key: dict(one) if isinstance(one, dict) else one for key, one in content.items()}
    _check_tables(found, name)
    changes = [one for kind in RENAMED_KEYS for one in _renamed(found, kind, kind)]
    changes += _moved(found) if "nested" in found else []
    rest = found.pop("nested", {})
    if rest:
        raise SpecError(f"{name}: [nested]: unknown key '{next(iter(rest))}'. Leave it out.")
    if warn:
        changed = ", ".join(["schema = 2", *changes])
        warn_deprecated(f"{name} is a model file of schema 1, of release 0.1.0. Write {changed}.")
    return found | {"schema": 2}


def _check_tables(content: Table, name: str) -> None:
    for key in ("nested", *RENAMED_KEYS, "likelihood", "priors"):
        if not isinstance(content.get(key, {}), dict):
            raise SpecError(f"{name}: `{key}` must be a table, [{key}]; got {content[key]!r}.")
    if "nested" in content:
        for key in _ONLY_NESTED:
            if key in content:
                raise SpecError(
                    f"{name}: unknown key '{key}' beside [nested] in schema 1. Write schema = 2."
                )


def with_new_keys(place: str, table: Table) -> dict[str, Any]:
    """Return a table, such as ``covariates.regimen``, of another file in the keys of schema 2."""
    found = dict(table)
    changes = _renamed({place: found}, place.partition(".")[0], place)
    if changes:
        warn_deprecated(f"[{place}] has keys of release 0.1.0. Write {', '.join(changes)}.")
    return found


def _renamed(content: dict[str, Any], kind: str, place: str) -> list[str]:
    """Rename the keys of a table of some kind, and return what became of them."""
    changes, own = [], content.get(place, {})
    for old, new in RENAMED_KEYS.get(kind, {}).items():
        if old in own and new in own:
            raise SpecError(f"[{place}] has both '{old}' and '{new}'. Keep '{new}'.")
        if old in own:
            own[new] = own.pop(old)
            changes.append(f"[{place}] {new} for {old}")
    return changes


def _moved(content: dict[str, Any]) -> list[str]:
    """Move keys of models of several outcomes, and return what became of them."""
    changes = []
    for (table, old), (other, new) in _MOVED.items():
        if old in content.get(table, {}):
            content.setdefault(other, {})[new] = content[table].pop(old)
            changes.append(f"[{other}] {new} for [{table}] {old}")
    return changes
