"""Fits on disk: netCDF draws, the model as TOML, the evidence as CSV, provenance as JSON.

Everything is text or numbers; reading a run executes nothing that stands in it.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr

from bayesmeta.errors import BayesmetaError, RunError, listed
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import ALWAYS_TEXT
from bayesmeta.inference.folders import MANIFEST
from bayesmeta.inference.netcdf import read_tree, write_tree
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import parse_model, to_toml
from bayesmeta.paths import expanded

__all__ = ["ONE_OUTCOME", "SCHEMA", "Contents", "Form", "form_of", "read_run", "write_run"]

SCHEMA = 1
"""Version of the form of run folders."""

_DRAWS, _MODEL, _ARMS, _EXCLUDED = "draws.nc", "model.toml", "arms.csv", "excluded.csv"
_FILES = (_DRAWS, _MODEL, _ARMS, _EXCLUDED)


class Form[S](NamedTuple):
    """A kind of fit: how its model and its arms are written and read."""

    name: str
    """What its manifests call it."""
    to_toml: Callable[[S], str]
    parse: Callable[[str, str], S]
    arms: Callable[[pd.DataFrame, pd.DataFrame, Mapping[str, Any]], Arms]


ONE_OUTCOME = Form("one outcome", to_toml, parse_model, Arms)


class Contents[S](NamedTuple):
    """What a run folder holds."""

    spec: S
    arms: Arms
    settings: SamplerSettings
    draws: xr.DataTree
    provenance: dict[str, Any]


def write_run[S](contents: Contents[S], folder: Path, form: Form[S]) -> None:
    """Write the files of a run into an empty folder."""
    write_tree(contents.draws, folder / _DRAWS)
    (folder / _MODEL).write_text(form.to_toml(contents.spec), encoding="utf-8")
    frames = {_ARMS: contents.arms.frame, _EXCLUDED: contents.arms.excluded}
    for name, frame in frames.items():
        _write_frame(frame, folder / name)
    manifest = {
        "schema": SCHEMA,
        "form": form.name,
        "provenance": contents.provenance,
        "settings": asdict(contents.settings),
        "selection": contents.arms.selection,
        "types": {name: _types(frame) for name, frame in frames.items()},
        "sha256": {name: _sha256(folder / name) for name in _FILES},
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def read_run[S](folder: str | PathLike[str], form: Form[S]) -> Contents[S]:
    """Return what a run folder holds, after checking that it is as it was written.

    Raises
    ------
    RunError
        If the folder is no saved run, was written by another version of the format, or a file is
        missing or not as it was written.
    """
    path = _checked_path(folder)
    manifest = _manifest(path)
    found = _form_name(manifest)
    if found != form.name:
        raise RunError(
            f"{path} is a run of {found}, not of {form.name}. Read it by "
            f"{'load_fit' if found == ONE_OUTCOME.name else 'load_nested_fit'}."
        )
    _check_files(path, manifest)
    try:
        return _contents(path, manifest, form)
    except (AttributeError, KeyError, TypeError, ValueError, OSError, BayesmetaError) as error:
        raise RunError(f"{path} can't be read: {error}. Fit again.") from error


def form_of(folder: str | PathLike[str]) -> str:
    """Return what kind of fit a run folder holds, by the name of its `Form`.

    Raises
    ------
    RunError
        If the folder is no saved run.
    """
    return _form_name(_manifest(_checked_path(folder)))


def _form_name(manifest: Mapping[str, Any]) -> str:
    # Runs of earlier releases say nothing: there was one kind.
    return str(manifest.get("form", ONE_OUTCOME.name))


def _checked_path(folder: object) -> Path:
    if not isinstance(folder, str | PathLike):
        raise RunError(f"`folder` must be a path; got {folder!r}.")
    path = expanded(folder)
    try:
        path.is_dir()
    except (OSError, ValueError) as error:
        raise RunError(f"{folder} can't be read: {error}.") from error
    return path


def _contents[S](path: Path, manifest: Mapping[str, Any], form: Form[S]) -> Contents[S]:
    frames = {
        name: _read_frame(path / name, manifest["types"][name]) for name in (_ARMS, _EXCLUDED)
    }
    return Contents(
        form.parse((path / _MODEL).read_text(encoding="utf-8"), _MODEL),
        form.arms(frames[_ARMS], frames[_EXCLUDED], manifest["selection"]),
        SamplerSettings(**manifest["settings"]),
        read_tree(path / _DRAWS),
        manifest["provenance"],
    )


def _manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise RunError(f"There is no run folder {path}. Fit a model and save it there first.")
    if not (path / MANIFEST).is_file():
        raise RunError(f"{path} is no saved run: it holds no {MANIFEST}.")
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path / MANIFEST} is damaged: {error}. Fit again.") from error
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if schema != SCHEMA or isinstance(schema, bool):
        raise RunError(
            f"{path} has schema {schema!r}; this release reads schema {SCHEMA}. Fit again, or use the release that wrote it."
        )
    return dict(manifest)


def _check_files(path: Path, manifest: Mapping[str, Any]) -> None:
    found = manifest.get("sha256")
    hashes = found if isinstance(found, dict) else {}
    missing = [name for name in _FILES if not (path / name).is_file()]
    if missing:
        raise RunError(f"{path} is not complete: {listed(missing)} is missing. Fit again.")
    changed = [name for name in _FILES if _sha256(path / name) != hashes.get(name)]
    if changed:
        raise RunError(
            f"{path}: {listed(changed)} is not as it was written (truncated or edited). Fit again."
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _types(frame: pd.DataFrame) -> dict[str, str]:
    """Return what kind of values each column holds."""
    return {
        str(name): {"i": "count", "f": "number"}.get(dtype.kind, "text")
        for name, dtype in frame.dtypes.items()
    }


def _write_frame(frame: pd.DataFrame, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(frame.columns)
        for row in frame.itertuples(index=False):
            writer.writerow(
                [
                    "" if pd.isna(value) else repr(value) if isinstance(value, float) else value
                    for value in row
                ]
            )


def _read_frame(path: Path, types: Mapping[str, str]) -> pd.DataFrame:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    return pd.DataFrame(
        {
            name: _column(name, list(values), types[name])
            for name, values in zip(header, columns, strict=True)
        }
    )


def _column(name: str, values: list[str], kind: str) -> "pd.Series":
    if kind == "number":
        return pd.Series(
            [float(value) if value else float("nan") for value in values], dtype="float64"
        )
    if kind == "count":
        return pd.Series([int(value) if value else pd.NA for value in values], dtype="Int64")
    known = [value if value or name in ALWAYS_TEXT else None for value in values]
    return pd.Series(known, dtype="str")
