"""Specification grids as TOML files."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from bayesmeta.deprecated import warn_deprecated
from bayesmeta.errors import ProfileError, SettingsError, SpecError
from bayesmeta.estimates.questions import Question
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import ArmEffects, Likelihood, StudyEffects
from bayesmeta.model.correlation import LKJ, correlation_text, parse_correlation
from bayesmeta.model.parts import (
    check_keys,
    content_of,
    covariates_table,
    part_table,
    read_arm_effects,
    read_covariates,
    read_likelihood,
    read_prior,
    read_priors,
    read_study_effects,
    string_of,
    table_of,
    with_new_keys,
)
from bayesmeta.multiverse.checks import PRIORS
from bayesmeta.multiverse.specification_grid import AXES, DRAWS, SpecificationGrid
from bayesmeta.paths import expanded
from bayesmeta.priors import Prior

SCHEMA = 1
"""Version of the form of grid files."""

_KEYS = ("schema", "name", "seed", "outcomes", "question", "settings", *AXES[1:])

_SETTINGS = ("chains", "warmup", "draws", "target_accept", "max_treedepth")
"""Settings that draws depend on."""

_EXAMPLES = {
    "inclusion": "[inclusion.primary]",
    "covariates": "[covariates.regimen]",
    "study_effects": "[study_effects.normal]",
    "likelihood": "[likelihood.binomial]",
    "priors": "[priors.default]",
}
"""A named table of each axis, as messages show it."""

Table = Mapping[str, Any]


def load_grid(source: str | PathLike[str]) -> SpecificationGrid:
    r"""Return the specification grid of a TOML file.

    Parameters
    ----------
    source : path
        The file; ``bayesmeta grid --example`` prints one.

    Raises
    ------
    SpecError
        If the file cannot be read, the TOML is not valid (line given), a key is unknown (nearest valid
        key given), or a value is out of its range.
    SettingsError
        If a setting of the sampler, `cohort` or `ci_prob` is out of its range.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> from pathlib import Path
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "grid.toml"
    ...     written = file.write_text('schema = 1\nseed = 1\n[priors.wide]\ntau = "HalfNormal(2)"\n')
    ...     grid = bm.load_grid(file)
    >>> list(grid.priors)
    ['wide']
    """
    if not isinstance(source, str | PathLike):
        raise SpecError(f"`source` must be a path; got {source!r}.")
    path = expanded(source)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SpecError(
            f"No file {path}. `bayesmeta grid --example` prints a grid that can be edited."
        ) from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise SpecError(
            f"{path} cannot be read as UTF-8 text: {error}. `bayesmeta grid --example` prints a grid."
        ) from error
    return parse_grid(text, path.name)


def example_grid() -> str:
    """Return the text of a grid for the bundled evidence."""
    return (files("bayesmeta.multiverse") / "example_grid.toml").read_text(encoding="utf-8")


def parse_grid(text: str, name: str = "grid") -> SpecificationGrid:
    """Return the grid that TOML `text` describes; `name` is what messages call it."""
    content = content_of(text, name)
    if "answer" in content and "question" not in content:
        warn_deprecated(f"{name}: [answer] is now [question]. Rename it.")
        content = content | {"question": content["answer"]}
        del content["answer"]
    check_keys(name, content, _KEYS)
    schema = content.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        raise SpecError(
            f"{name}: `schema` must be {SCHEMA}, the version of grid files this release reads; got "
            f"{'none' if schema is None else repr(schema)}. Write schema = {SCHEMA}."
        )
    with _within(name):
        return _grid(content, Path(name).stem)


def grid_toml(grid: SpecificationGrid) -> str:
    """Return `grid` as the text of a grid file, with every default written out."""
    import tomlkit

    document = tomlkit.document()
    document.update({"schema": SCHEMA, "name": grid.name})
    if grid.seed is not None:
        document["seed"] = grid.seed
    if grid.outcomes:
        document["outcomes"] = [one if isinstance(one, str) else list(one) for one in grid.outcomes]
    document["question"] = _without_none(asdict(grid.question))
    document["settings"] = {key: getattr(grid.settings, key) for key in _SETTINGS}
    for axis, write in _writers(grid).items():
        # One by one: a table of dotted tables is what people write.
        table = tomlkit.table(is_super_table=True)
        for name, choice in getattr(grid, axis).items():
            table[name] = write(choice)
        document[axis] = table
    return tomlkit.dumps(document)


def grid_hash(grid: SpecificationGrid) -> str:
    """Return the SHA-256 of `grid` as it is written in a grid file."""
    return hashlib.sha256(grid_toml(grid).encode()).hexdigest()


def _grid(content: Table, stem: str) -> SpecificationGrid:
    optional: dict[str, Any] = {axis: _axis(content, axis) for axis in AXES[1:] if axis in content}
    if "seed" in content:
        optional["seed"] = content["seed"]
    outcomes = content.get("outcomes", [])
    if not isinstance(outcomes, list):
        raise SpecError(f"`outcomes` must list names, such as ['ORR']; got {outcomes!r}.")
    _check_tau(content)
    return SpecificationGrid(
        string_of(content, "name", stem),
        outcomes,
        question=_question(table_of(content, "question")),
        settings=_settings(table_of(content, "settings")),
        **optional,
    )


def _axis(content: Table, axis: str) -> dict[str, Any]:
    """Return the choices of an axis by name."""
    tables = table_of(content, axis)
    for key, table in tables.items():
        if not isinstance(table, dict):
            raise SpecError(
                f"[{axis}] must hold named tables, such as {_EXAMPLES[axis]}; got {key} = {table!r}."
            )
    found = {}
    for key, table in tables.items():
        with _within(f"[{axis}.{key}]"):
            found[key] = _READERS[axis](with_new_keys(f"{axis}.{key}", table))
    return found


def _question(table: Table) -> Question:
    known = [one.name for one in fields(Question) if one.name not in ("factor", "time")]
    check_keys("[question]", table, known)
    with _within("[question]"):
        return Question(**table)


def _settings(table: Table) -> SamplerSettings:
    check_keys("[settings]", table, _SETTINGS)
    with _within("[settings]"):
        return SamplerSettings(**{"draws": DRAWS, **table})


def _effects(table: Table) -> StudyEffects | tuple[StudyEffects, ArmEffects]:
    distribution = read_study_effects({key: one for key, one in table.items() if key != "tau_arm"})
    if "tau_arm" not in table:
        return distribution
    return distribution, read_arm_effects({"tau_arm": table["tau_arm"]})


def _priors(table: Table) -> dict[str, Any]:
    check_keys("[priors]", table, PRIORS)
    readers: dict[str, Callable[[str, Any], Any]] = {
        "beta": read_priors,
        "correlation": lambda _, value: parse_correlation(value),
    }
    # The grid refuses priors by outcome, which models allow.
    return {
        key: value
        if isinstance(value, dict) and key != "beta"
        else readers.get(key, read_prior)(key, value)
        for key, value in table.items()
    }


_READERS: dict[str, Callable[[Table], Any]] = {
    "inclusion": dict,
    "covariates": read_covariates,
    "study_effects": _effects,
    "likelihood": read_likelihood,
    "priors": _priors,
}


def _check_tau(content: Table) -> None:
    """Refuse the prior of tau of a distribution where every set of priors gives another."""
    priors = content.get("priors", {})
    distributions = content.get("study_effects", {})
    own = [name for name, distribution in distributions.items() if "tau" in distribution]
    if own and priors and all("tau" in one for one in priors.values()):
        raise SpecError(
            f"[study_effects.{own[0]}]: `tau` has no effect, as every table of [priors] gives one. "
            "Leave it out."
        )


def _writers(grid: SpecificationGrid) -> dict[str, Callable[[Any], dict[str, Any]]]:
    overruled = all("tau" in one for one in grid.priors.values())
    return {
        "inclusion": lambda rule: _plain(_without_none(rule)),
        "covariates": covariates_table,
        "study_effects": lambda effects: _effects_table(effects, overruled=overruled),
        "likelihood": _likelihood_table,
        "priors": _plain,
    }


def _effects_table(
    effects: StudyEffects | tuple[StudyEffects, ArmEffects], *, overruled: bool
) -> dict[str, Any]:
    distribution, arms = effects if isinstance(effects, tuple) else (effects, None)
    table = part_table(distribution, "distribution")
    if overruled:
        table.pop("tau", None)
    return table if arms is None else table | {"tau_arm": repr(arms.tau_arm)}


def _likelihood_table(likelihood: Likelihood) -> dict[str, Any]:
    return part_table(likelihood, "family") | {"link": likelihood.link.name}


def _plain(value: Any) -> Any:
    """Return a value as TOML can hold it: priors as text."""
    if isinstance(value, LKJ | None):
        return correlation_text(value)
    if isinstance(value, Prior):
        return repr(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return list(value) if isinstance(value, tuple | set | frozenset) else value


def _without_none(table: Table) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value is not None}


@contextmanager
def _within(place: str) -> Iterator[None]:
    """Say where in the file an error was found."""
    try:
        yield
    except (ProfileError, SpecError, SettingsError) as error:
        raise type(error)(f"{place}: {error}") from error
