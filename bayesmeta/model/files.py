"""Models as TOML files, and the models that come with the package."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from os import PathLike
from pathlib import Path
from typing import Any

from bayesmeta.errors import SpecError, nearest
from bayesmeta.model.effects import LAWS, StudyEffects
from bayesmeta.model.spec import Covariates, ModelSpec
from bayesmeta.priors import Prior, parse_prior

__all__ = ["SCHEMA", "bundled_models", "load_model", "model_hash", "parse_model", "to_toml"]

SCHEMA = 1
"""Version of the form of model files."""

_KEYS = ("schema", "name", "description", "study_effects", "covariates", "priors")


def load_model(source: str | PathLike[str]) -> ModelSpec:
    """Return the model of a TOML file, or a bundled model by its name.

    Parameters
    ----------
    source : str or path
        A path ending in ``.toml``, or the name of a bundled model, such as ``"regimen"``.

    Raises
    ------
    SpecError
        If there is no such file or model, the TOML can't be read (line given), a key is unknown
        (nearest valid key given), or a value is out of its range.

    Examples
    --------
    >>> load_model("common_effect")
    ModelSpec(common_effect: mu, common study effects)
    """
    if not isinstance(source, str | PathLike):
        raise SpecError(f"`source` must be a path or a model's name; got {source!r}.")
    path = Path(source)
    if path.suffix == ".toml":
        return parse_model(_text(path), path.name)
    bundled = bundled_models()
    name = str(source)
    if name not in bundled:
        raise SpecError(
            f"There is no bundled model '{name}'. {nearest(name, bundled)} Or give a path ending in .toml."
        )
    return parse_model((_catalogue() / f"{name}.toml").read_text(encoding="utf-8"), name)


def bundled_models() -> tuple[str, ...]:
    """Return the names of the models that come with the package."""
    found = (entry.name for entry in _catalogue().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def parse_model(text: str, name: str = "model") -> ModelSpec:
    """Return the model that TOML `text` describes; `name` is what messages call it."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SpecError(f"{name} is not valid TOML: {error}. Correct that place.") from error
    _check_keys(name, content, _KEYS)
    found = repr(content["schema"]) if "schema" in content else "none"
    if content.get("schema") != SCHEMA or isinstance(content["schema"], bool):
        raise SpecError(
            f"{name}: `schema` must be {SCHEMA}, the version of model files this release reads; "
            f"got {found}. Write schema = {SCHEMA}."
        )
    try:
        return _model(content, name)
    except SpecError as error:
        raise SpecError(f"{name}: {error}") from error


def to_toml(spec: ModelSpec) -> str:
    """Return `spec` as the text of a model file; `parse_model` reads it back unchanged."""
    import tomlkit

    document = tomlkit.document()
    document.update({"schema": SCHEMA, "name": spec.name, "description": spec.description})
    effects = {"law": spec.study_effects.name}
    if spec.study_effects.tau is not None:
        effects["tau"] = repr(spec.study_effects.tau)
    document["study_effects"] = effects
    covariates = {
        "formula": spec.covariates.formula,
        "reference": dict(spec.covariates.reference),
        "groups": {
            column: {group: list(levels) for group, levels in groups.items()}
            for column, groups in spec.covariates.groups.items()
        },
        "centre": dict(spec.covariates.centre),
    }
    document["covariates"] = {key: value for key, value in covariates.items() if value}
    priors: dict[str, object] = {"mu": repr(spec.mu)}
    if spec.covariates.formula:
        beta = {label: repr(prior) for label, prior in spec.beta_priors.items()}
        priors["beta"] = beta if isinstance(spec.beta, Mapping) else beta["default"]
    document["priors"] = priors
    return tomlkit.dumps(document)


def model_hash(spec: ModelSpec) -> str:
    """Return the SHA-256 of `spec` as it is written in a model file."""
    return hashlib.sha256(to_toml(spec).encode()).hexdigest()


def _model(content: Mapping[str, Any], name: str) -> ModelSpec:
    priors = _table(content, "priors")
    _check_keys("[priors]", priors, ("mu", "beta"))
    optional: dict[str, Any] = {}
    if "mu" in priors:
        optional["mu"] = _prior("mu", priors["mu"])
    if "beta" in priors:
        optional["beta"] = _beta(priors["beta"])
    return ModelSpec(
        _string(content, "name", Path(name).stem),
        _string(content, "description", ""),
        _study_effects(_table(content, "study_effects")),
        _covariates(_table(content, "covariates")),
        **optional,
    )


def _study_effects(table: Mapping[str, Any]) -> StudyEffects:
    law = table.get("law", "normal")
    if not isinstance(law, str) or law not in LAWS:
        raise SpecError(f"[study_effects]: there is no law {law!r}. {nearest(str(law), LAWS)}")
    if law == "common":
        _check_keys("[study_effects] of the common law", table, ("law",))
        return LAWS[law]()
    _check_keys("[study_effects]", table, ("law", "tau"))
    return LAWS[law](**{"tau": _prior("tau", table["tau"])} if "tau" in table else {})


def _covariates(table: Mapping[str, Any]) -> Covariates:
    _check_keys("[covariates]", table, ("formula", "reference", "groups", "centre"))
    mappings = {key: _table(table, key) for key in ("reference", "groups", "centre")}
    for column, groups in mappings["groups"].items():
        if not isinstance(groups, dict) or not all(
            isinstance(levels, list) for levels in groups.values()
        ):
            raise SpecError(
                f"[covariates.groups] '{column}' must map group names to lists of levels; got {groups!r}."
            )
    return Covariates(_string(table, "formula", ""), **mappings)


def _beta(value: object) -> Prior | dict[str, Prior]:
    if isinstance(value, dict):
        return {label: _prior(f"beta {label}", prior) for label, prior in value.items()}
    return _prior("beta", value)


def _prior(label: str, value: object) -> Prior:
    if not isinstance(value, str):
        raise SpecError(
            f'`{label}` must be a prior in quotes, such as "Normal(0, 1.5)"; got {value!r}.'
        )
    try:
        return parse_prior(value)
    except SpecError as error:
        raise SpecError(f"`{label}`: {error}") from error


def _table(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key, {})
    if not isinstance(value, dict):
        raise SpecError(f"`{key}` must be a table, [{key}]; got {value!r}.")
    return value


def _string(content: Mapping[str, Any], key: str, default: str) -> str:
    value = content.get(key, default)
    if not isinstance(value, str):
        raise SpecError(f"`{key}` must be text in quotes; got {value!r}.")
    return value


def _check_keys(place: str, table: Mapping[str, Any], valid: Iterable[str]) -> None:
    valid = tuple(valid)
    for key in table:
        if key not in valid:
            raise SpecError(f"{place}: unknown key '{key}'. {nearest(key, valid)}")


def _catalogue() -> Traversable:
    """Return the folder of bundled models: inside an installed package, beside it in a checkout."""
    installed = files("bayesmeta.model") / "catalogue"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "models"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SpecError(
            f"No file {path}. Bundled models go by name: {', '.join(bundled_models())}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path} can't be read as UTF-8 text: {error}.") from error
