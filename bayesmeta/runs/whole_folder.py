"""The folder of a saved fit: written whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from bayesmeta.errors import RunError, listed
from bayesmeta.runs.files import check_folder_writable, explained, folder_of, sync_file

__all__ = ["FIT", "check_folder", "whole_folder"]

FIT = "fit.json"
"""The file by which the folder of a saved fit is known."""

OWN = frozenset(
    {FIT, "draws.nc", "model.toml", "coding.json", "arms.csv", "excluded.csv", "forest.png"}
    | {f"report.{form}" for form in ("html", "md", "json", "docx")}
)
"""Files that it may hold; no other is ever deleted."""

REMEDY = "Choose another folder"


def check_folder(folder: str | PathLike[str], *, force: bool) -> Path:
    """Return `folder` as a path, after checking that a fit may be saved there."""
    path = folder_of(folder).absolute()
    is_fit = (path / FIT).is_file()
    if is_fit and not force:
        raise RunError(f"{path} exists. {REMEDY}, or replace it with force=True.")
    if path.exists() and not is_fit:
        raise RunError(
            f"{path} exists and is no saved run (it holds no {FIT}); it is left alone. {REMEDY}."
        )
    unexpected = sorted({file.name for file in path.iterdir()} - OWN) if is_fit else []
    if unexpected:
        raise RunError(
            f"{path} holds files that are not of a run and would be lost: {listed(unexpected)}. Move them first."
        )
    check_folder_writable(path.parent, remedy=REMEDY)
    return path


@contextmanager
def whole_folder(folder: str | PathLike[str], *, force: bool) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder` when the block ends well.

    If the block fails or is interrupted, nothing is left behind and a replaced fit stays as it
    was.
    """
    path = check_folder(folder, force=force)
    with explained(path, remedy=REMEDY):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = _beside(path, ".partial")
    try:
        with explained(path, remedy="Nothing was kept"):
            yield partial
            partial.chmod(0o755)
            for file in partial.iterdir():
                sync_file(file)
            _replace(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _beside(path: Path, suffix: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=suffix, dir=path.parent))


def _replace(partial: Path, path: Path) -> None:
    if not path.exists():
        partial.rename(path)
        return
    old = _beside(path, ".old")
    try:
        path.rename(old / path.name)
        partial.rename(path)
    except BaseException:
        # Whatever stopped it, an interrupt included: the old fit gets its place back.
        if not path.exists():
            (old / path.name).rename(path)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
