"""Fits on disk: netCDF draws, the model as TOML, the evidence as CSV, coding and provenance as JSON.

Everything is text or numbers; reading a run executes nothing that stands in it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta.errors import BayesmetaError, RunError
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.evidence.columns import ALWAYS_TEXT
from bayesmeta.evidence.survival.columns import TEXTS
from bayesmeta.inference.netcdf import read_tree, write_tree
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import ModelSpec, parse_model, to_toml
from bayesmeta.model.coding import Coding
from bayesmeta.model.imputation import filled
from bayesmeta.model.learning import learn_coding
from bayesmeta.model.stored_coding import coding_json, read_coding
from bayesmeta.runs.checking import differing
from bayesmeta.runs.files import FIT, REPORTS, folder_of, sha256_of

SCHEMA = 1
"""Version of the form of run folders."""

OLD_FORM = "nested outcomes"
"""What runs of release 0.1.0 call those of several outcomes."""

DIMS = {"level": "outcome", "segment": "count"}
"""Dims of their draws, with those of today."""

_DRAWS, _MODEL, _ARMS, _EXCLUDED = "draws.nc", "model.toml", "arms.csv", "excluded.csv"
_FILES = (_DRAWS, _MODEL, _ARMS, _EXCLUDED)
_CODING = "coding.json"


class Contents(NamedTuple):
    """What a run folder holds."""

    spec: ModelSpec
    arms: Arms
    settings: SamplerSettings
    draws: xr.DataTree
    provenance: dict[str, Any]
    coding: Coding


def write_run(contents: Contents, folder: Path) -> None:
    """Write the files of a run into an empty folder."""
    write_tree(contents.draws, folder / _DRAWS)
    (folder / _MODEL).write_text(to_toml(contents.spec), encoding="utf-8")
    _write_json(coding_json(contents.coding), folder / _CODING)
    frames = {_ARMS: contents.arms.frame, _EXCLUDED: contents.arms.excluded}
    if isinstance(contents.arms, SurvivalArms):
        frames[REPORTS] = contents.arms.reports
    for name, frame in frames.items():
        frame.to_csv(folder / name, index=False)
    manifest = {
        "schema": SCHEMA,
        "outcomes": list(contents.arms.outcomes),
        "provenance": contents.provenance,
        "settings": asdict(contents.settings),
        "selection": contents.arms.selection,
        "types": {name: _types(frame) for name, frame in frames.items()},
        "sha256": {
            name: sha256_of(folder / name) for name in dict.fromkeys((*_FILES, _CODING, *frames))
        },
    }
    _write_json(manifest, folder / FIT)


def _write_json(content: Any, path: Path) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")


def read_run(folder: str | PathLike[str]) -> Contents:
    """Return what a run folder holds, after checking that it has not changed since it was written.

    Raises
    ------
    RunError
        If the folder is not a saved run, was written by another version of the format, or a file is
        missing or changed since it was written.
    """
    path = folder_of(folder)
    manifest = _manifest(path)
    _check_files(path, manifest)
    try:
        return _contents(path, manifest)
    except (AttributeError, KeyError, TypeError, ValueError, OSError, BayesmetaError) as error:
        raise RunError(f"{path} cannot be read: {error}. Fit again.") from error


def _contents(path: Path, manifest: Mapping[str, Any]) -> Contents:
    kinds = manifest["types"]
    texts = TEXTS if REPORTS in kinds else ALWAYS_TEXT
    frames = {name: _read_frame(path / name, types, texts) for name, types in kinds.items()}
    selection, draws = manifest["selection"], read_tree(path / _DRAWS)
    outcomes = manifest.get("outcomes", ())
    if manifest.get("form") == OLD_FORM:
        outcomes, draws = selection["outcomes"], _renamed(draws, DIMS)
    if "share" in draws["posterior"]:
        draws = _renamed(draws, {"share": "outlier_proportion"})
    spec = parse_model((path / _MODEL).read_text(encoding="utf-8"), _MODEL, warn=False)
    selected = frames[_ARMS], frames[_EXCLUDED], selection, tuple(outcomes)
    arms = (
        SurvivalArms(*selected, reports=frames[REPORTS]) if REPORTS in frames else Arms(*selected)
    )
    coding = _coding(path, manifest, spec, arms.frame)
    matrix = coding.matrix(filled(coding, arms.frame))[:, : len(coding.names)]
    if not np.allclose(matrix, np.asarray(draws["constant_data"]["design"]), rtol=1e-9):
        made = manifest["provenance"]["versions"].get("formulaic")
        raise RunError(
            f"the coding of its covariates cannot be reproduced with formulaic {version('formulaic')}; it was "
            f"made with {made}"
        )
    settings = SamplerSettings(**manifest["settings"])
    return Contents(spec, arms, settings, draws, manifest["provenance"], coding)


def _coding(
    path: Path, manifest: Mapping[str, Any], spec: ModelSpec, frame: pd.DataFrame
) -> Coding:
    """Return the coding that a run holds; those of release 0.1.0 hold none, and it is learnt again."""
    if _CODING in manifest["sha256"]:
        content = json.loads((path / _CODING).read_text(encoding="utf-8"))
        return read_coding(content, spec.covariates)
    return learn_coding(spec.covariates, frame, spec.study_effects.by)


def _renamed(draws: xr.DataTree, names: Mapping[str, str]) -> xr.DataTree:
    """Return draws of release 0.1.0 with the dims and variables of today."""
    found = {}
    for name, group in draws.children.items():
        dataset = group.to_dataset()
        there = {*dataset.dims, *dataset.variables}
        found[name] = dataset.rename({old: new for old, new in names.items() if old in there})
    return xr.DataTree.from_dict(found)


def _manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise RunError(f"There is no run folder {path}. Fit a model and save it there first.")
    if not (path / FIT).is_file():
        raise RunError(f"{path} is not a saved run: it holds no {FIT}.")
    try:
        manifest = json.loads((path / FIT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path / FIT} is damaged: {error}. Fit again.") from error
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if schema != SCHEMA or isinstance(schema, bool):
        raise RunError(
            f"{path} has schema {schema!r}; this release reads schema {SCHEMA}. Fit again, or use the release that wrote it."
        )
    return dict(manifest)


def _check_files(path: Path, manifest: Mapping[str, Any]) -> None:
    found = manifest.get("sha256")
    hashes = dict.fromkeys(_FILES, "") | (found if isinstance(found, dict) else {})
    for name, state in differing(path, hashes):
        if state == "missing":
            raise RunError(f"{path} is not complete: {name} is missing. Fit again.")
        raise RunError(
            f"{path}: {name} has changed since it was written (truncated or edited). Fit again."
        )


def _types(frame: pd.DataFrame) -> dict[str, str]:
    """Return what kind of values each column holds."""
    return {
        str(name): {"i": "count", "f": "number"}.get(dtype.kind, "text")
        for name, dtype in frame.dtypes.items()
    }


def _read_frame(path: Path, types: Mapping[str, str], texts: tuple[str, ...]) -> pd.DataFrame:
    # An empty field is a missing value, but for text that is never missing.
    known = {name for name, kind in types.items() if kind == "text" and name in texts}
    missing = {name: [] if name in known else [""] for name in types}
    text = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=missing)
    # Numbers are read from text: every digit counts.
    dtypes = {"count": "Int64", "number": "float64", "text": "str"}
    return text.astype({name: dtypes[kind] for name, kind in types.items()})
