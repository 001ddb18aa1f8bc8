"""Models as TOML files, and the models that come with the package."""

import hashlib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from bayesmeta.bundled import (
    OF_STRATA,
    OF_SURVIVAL,
    OF_YEARS,
    all_models,
    catalogue,
    model_names,
)
from bayesmeta.deprecated import warn_deprecated
from bayesmeta.errors import SpecError, nearest
from bayesmeta.labels import Labels
from bayesmeta.model.correlation import LKJ, correlation_text, parse_correlation
from bayesmeta.model.parts import (
    check_keys,
    content_of,
    covariates_table,
    levels_table,
    part_table,
    read_arm_effects,
    read_covariates,
    read_curve,
    read_levels,
    read_likelihood,
    read_priors,
    read_study_effects,
    string_of,
    table_of,
    translated,
    written,
)
from bayesmeta.model.spec import ModelSpec
from bayesmeta.paths import expanded

SCHEMA = 2
"""Version of the form of model files."""

_KEYS = (
    "schema",
    "name",
    "description",
    "likelihood",
    "survival",
    "study_effects",
    "arm_effects",
    "covariates",
    "levels",
    "priors",
    "labels",
)

OF_0_1_0 = "nested/"
"""How the names of models of several outcomes began in release 0.1.0."""


def load_model(source: str | PathLike[str]) -> ModelSpec:
    """Return the model of a TOML file, or a bundled model by its name.

    Parameters
    ----------
    source : str or path
        A path ending in ``.toml``, or the name of a bundled model, such as ``"regimen"``.

    Raises
    ------
    SpecError
        If there is no such file or model, the TOML cannot be read (line given), a key is unknown
        (nearest valid key given), or a value is out of its range.

    Examples
    --------
    >>> load_model("common_effect")
    ModelSpec(common_effect: mu, common study effects)
    """
    if not isinstance(source, str | PathLike):
        raise SpecError(f"`source` must be a path or a model's name; got {source!r}.")
    path = expanded(source)
    if path.suffix == ".toml":
        return parse_model(_text(path), path.name)
    bundled, name = bundled_models(), str(source)
    if name.startswith(OF_0_1_0) and name.removeprefix(OF_0_1_0) in bundled:
        name = name.removeprefix(OF_0_1_0)
        warn_deprecated(f"The bundled model '{source}' is now '{name}'. Use load_model({name!r}).")
    places = ("", OF_STRATA, OF_SURVIVAL, OF_YEARS)
    folder = next((one for one in places if name in model_names(one)), None)
    if folder is None:
        raise SpecError(
            f"There is no bundled model '{name}'. {nearest(name, all_models())} Or give a path ending in .toml."
        )
    return parse_model((catalogue() / folder / f"{name}.toml").read_text(encoding="utf-8"), name)


def bundled_models() -> tuple[str, ...]:
    """Return the names of the models of whole arms that come with the package.

    Those of arms by the levels of a stratum, such as ``"by_prior_hma"``, those of survival, such as
    ``"survival"``, and those of arms with a calendar year, such as ``"drift"``, are not among them: they
    cannot be fitted to the same arms.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.bundled_models()[:4]
    ('arms', 'cloglog', 'common_effect', 'exchangeable_regimens')
    """
    return model_names()


def models_of_strata() -> tuple[str, ...]:
    """Return the names of the bundled models of arms by the levels of a stratum."""
    return model_names(OF_STRATA)


def models_of_survival() -> tuple[str, ...]:
    """Return the names of the bundled models of survival."""
    return model_names(OF_SURVIVAL)


def models_of_years() -> tuple[str, ...]:
    """Return the names of the bundled models of arms with a calendar year."""
    return model_names(OF_YEARS)


def parse_model(text: str, name: str = "model", *, warn: bool = True) -> ModelSpec:
    """Return the model that TOML `text` describes; `name` is what messages call it.

    Of a file of schema 1, which release 0.1.0 wrote, a DeprecationWarning tells where `warn` is True.
    """
    content = content_of(text, name)
    if content.get("schema") == 1 and not isinstance(content["schema"], bool):
        content = translated(content, name, warn=warn)
    check_keys(name, content, _KEYS)
    _check_schema(content, name)
    try:
        return _model(content, name)
    except SpecError as error:
        raise SpecError(f"{name}: {error}") from error


def _check_schema(content: Mapping[str, Any], name: str) -> None:
    """Raise unless a model file is of the version that this release reads."""
    found = repr(content["schema"]) if "schema" in content else "none"
    if content.get("schema") != SCHEMA or isinstance(content["schema"], bool):
        raise SpecError(
            f"{name}: `schema` must be {SCHEMA}, the version of model files that this release writes; "
            f"got {found}. Write schema = {SCHEMA}."
        )


def to_toml(spec: ModelSpec) -> str:
    """Return `spec` as the text of a model file; `parse_model` reads it back unchanged."""
    import tomlkit

    document = tomlkit.document()
    document.update({"schema": SCHEMA, "name": spec.name, "description": spec.description})
    if spec.curve is None:
        document["likelihood"] = part_table(spec.likelihood, "family") | {"link": spec.link.name}
    else:
        document["survival"] = part_table(spec.curve, "curve")
    document["study_effects"] = part_table(spec.study_effects, "distribution")
    # Of other distributions it has no effect yet.
    if spec.study_effects.is_normal or spec.correlation != LKJ():
        document["study_effects"]["correlation"] = correlation_text(spec.correlation)
    if spec.arm_effects is not None:
        document["arm_effects"] = {"tau_arm": repr(spec.arm_effects.tau_arm)}
    document["covariates"] = covariates_table(spec.covariates)
    if spec.covariates.parsed.levels:
        document["levels"] = levels_table(spec.levels)
    has_beta = spec.covariates.formula and spec.beta is not None
    names = ("mu", "beta") if has_beta else ("mu",)
    document["priors"] = {name: written(getattr(spec, name)) for name in names}
    if spec.labels.names:
        document["labels"] = spec.labels.table
    return tomlkit.dumps(document)


def model_hash(spec: ModelSpec) -> str:
    """Return the SHA-256 of `spec` as it is written in a model file."""
    return hashlib.sha256(to_toml(spec).encode()).hexdigest()


def _model(content: Mapping[str, Any], name: str) -> ModelSpec:
    priors = table_of(content, "priors")
    check_keys("[priors]", priors, ("mu", "beta"))
    effects = dict(table_of(content, "study_effects"))
    optional: dict[str, Any] = {key: read_priors(key, priors[key]) for key in priors}
    if "arm_effects" in content:
        optional["arm_effects"] = read_arm_effects(table_of(content, "arm_effects"))
    if "survival" in content:
        optional["curve"] = read_curve(table_of(content, "survival"))
    if "levels" in content:
        optional["levels"] = read_levels(table_of(content, "levels"))
    if "correlation" in effects:
        optional["correlation"] = parse_correlation(effects.pop("correlation"))
    return ModelSpec(
        string_of(content, "name", Path(name).stem),
        string_of(content, "description", ""),
        read_study_effects(effects),
        read_covariates(table_of(content, "covariates")),
        likelihood=read_likelihood(table_of(content, "likelihood")),
        labels=Labels(table_of(content, "labels")),
        **optional,
    )


def _text(path: Path) -> str:
    """Return the text of a model file."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SpecError(
            f"No file {path}. Bundled models go by name: {', '.join(all_models())}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path} cannot be read as UTF-8 text: {error}.") from error
