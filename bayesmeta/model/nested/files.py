"""Models of nested outcomes as TOML files, and those that come with the package."""

import hashlib
import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from bayesmeta.errors import SpecError, nearest
from bayesmeta.labels import Labels
from bayesmeta.model.files import SCHEMA, catalogue, check_schema, model_text
from bayesmeta.model.links import LINKS
from bayesmeta.model.nested.spec import LKJ, NestedSpec
from bayesmeta.model.parts import (
    check_keys,
    content_of,
    covariates_table,
    read_beta,
    read_covariates,
    read_prior,
    string_of,
    table_of,
)
from bayesmeta.paths import expanded
from bayesmeta.priors import Prior

__all__ = [
    "bundled_nested_models",
    "load_nested_model",
    "nested_model_hash",
    "nested_to_toml",
    "parse_nested_model",
]

FOLDER = "nested"
"""Folder of the bundled models of nested outcomes, and the first part of their names."""

INDEPENDENT = "none"
"""How a file says that effects are not correlated."""

_KEYS = ("schema", "name", "description", "nested", "covariates", "priors", "labels")
_LKJ = re.compile(r"\s*LKJ\(\s*([^()]*?)\s*\)\s*")


def load_nested_model(source: str | PathLike[str]) -> NestedSpec:
    """Return the model of nested outcomes of a TOML file, or a bundled one by its name.

    Parameters
    ----------
    source : str or path
        A path ending in ``.toml``, or the name of a bundled model, such as ``"nested/regimen"``.

    Raises
    ------
    SpecError
        If there is no such file or model, the TOML can't be read, a key is unknown, or a value is out
        of its range.

    Examples
    --------
    >>> load_nested_model("nested/pooled")
    NestedSpec(pooled: mu + u for each ratio, effects correlated by LKJ(2))
    """
    if not isinstance(source, str | PathLike):
        raise SpecError(f"`source` must be a path or a model's name; got {source!r}.")
    path, bundled = expanded(source), bundled_nested_models()
    if path.suffix == ".toml":
        return parse_nested_model(model_text(path), path.name)
    if str(source) not in bundled:
        raise SpecError(
            f"There is no bundled model of nested outcomes '{source}'. {nearest(str(source), bundled)} Or give a "
            "path ending in .toml."
        )
    file = catalogue().joinpath(f"{source}.toml")
    return parse_nested_model(file.read_text(encoding="utf-8"), str(source))


def bundled_nested_models() -> tuple[str, ...]:
    """Return the names of the models of nested outcomes that come with the package.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.bundled_nested_models()
    ('nested/pooled', 'nested/regimen')
    """
    found = (entry.name for entry in (catalogue() / FOLDER).iterdir())
    names = sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))
    return tuple(f"{FOLDER}/{name}" for name in names)


def parse_nested_model(text: str, name: str = "model") -> NestedSpec:
    """Return the model of nested outcomes that TOML `text` describes."""
    content = content_of(text, name)
    if "nested" not in content:
        raise SpecError(
            f"{name} has no table [nested], so it is a model of one outcome. Use load_model, or add [nested]."
        )
    check_keys(name, content, _KEYS)
    check_schema(content, name)
    try:
        return _model(content, name)
    except SpecError as error:
        raise SpecError(f"{name}: {error}") from error


def nested_to_toml(spec: NestedSpec) -> str:
    """Return `spec` as the text of a model file; `parse_nested_model` reads it back unchanged."""
    import tomlkit

    document = tomlkit.document()
    document.update({"schema": SCHEMA, "name": spec.name, "description": spec.description})
    correlation = INDEPENDENT if spec.correlation is None else f"LKJ({spec.correlation.eta!r})"
    document["nested"] = {"link": spec.link.name, "correlation": correlation}
    document["covariates"] = covariates_table(spec.covariates)
    has_beta = spec.covariates.formula and spec.beta is not None
    names = ("mu", "tau", "beta") if has_beta else ("mu", "tau")
    document["priors"] = {name: _prior_text(getattr(spec, name)) for name in names}
    if spec.labels.names:
        document["labels"] = spec.labels.table
    return tomlkit.dumps(document)


def nested_model_hash(spec: NestedSpec) -> str:
    """Return the SHA-256 of `spec` as it is written in a model file."""
    return hashlib.sha256(nested_to_toml(spec).encode()).hexdigest()


def _prior_text(value: Prior | Mapping[str, Prior]) -> str | dict[str, str]:
    if isinstance(value, Mapping):
        return {label: repr(prior) for label, prior in value.items()}
    return repr(value)


def _model(content: Mapping[str, Any], name: str) -> NestedSpec:
    nested, priors = table_of(content, "nested"), table_of(content, "priors")
    check_keys("[nested]", nested, ("link", "correlation"))
    check_keys("[priors]", priors, ("mu", "beta", "tau"))
    optional: dict[str, Any] = {
        key: _read_priors(key, priors[key]) for key in ("mu", "beta", "tau") if key in priors
    }
    link = nested.get("link", "logit")
    if not isinstance(link, str) or link not in LINKS:
        raise SpecError(f"[nested]: there is no link {link!r}. {nearest(str(link), LINKS)}")
    return NestedSpec(
        string_of(content, "name", Path(name).stem),
        string_of(content, "description", ""),
        read_covariates(table_of(content, "covariates")),
        correlation=_read_correlation(nested.get("correlation", "LKJ(2)")),
        link=LINKS[link](),
        labels=Labels(table_of(content, "labels")),
        **optional,
    )


def _read_priors(key: str, value: object) -> Prior | dict[str, Prior]:
    if key == "beta":
        return read_beta(value)
    if isinstance(value, dict):
        return {label: read_prior(f"{key} {label}", prior) for label, prior in value.items()}
    return read_prior(key, value)


def _read_correlation(value: object) -> LKJ | None:
    """Return the prior of correlations that a file names, None for ``"none"``."""
    if value == INDEPENDENT:
        return None
    found = _LKJ.fullmatch(value) if isinstance(value, str) else None
    try:
        eta = float(found[1]) if found else float("nan")
    except ValueError:
        eta = float("nan")
    if eta != eta:  # noqa: PLR0124 - not a number
        raise SpecError(
            f'[nested]: `correlation` must be "LKJ(eta)" with a number, such as "LKJ(2)", or "none"; got {value!r}.'
        )
    return LKJ(eta)
