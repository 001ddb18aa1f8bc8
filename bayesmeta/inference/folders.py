"""Run folders: written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from bayesmeta.errors import RunError, listed
from bayesmeta.paths import expanded

__all__ = ["MANIFEST", "check_folder", "whole_folder"]

MANIFEST = "fit.json"
"""The file by which a run folder is known."""

OWN = frozenset(
    {MANIFEST, "draws.nc", "model.toml", "coding.json", "arms.csv", "excluded.csv", "forest.png"}
    | {f"report.{form}" for form in ("html", "md", "json", "docx")}
)
"""Files that a run folder may hold; no other is ever deleted."""


def check_folder(folder: str | PathLike[str], *, force: bool) -> Path:
    """Return `folder` as a path, after checking that a run may be written there.

    Raises
    ------
    RunError
        If it exists and `force` is not given, holds something other than a run, or its parent
        can't be written.
    """
    if not isinstance(folder, str | PathLike):
        raise RunError(f"`folder` must be a path; got {folder!r}.")
    try:
        path = expanded(folder).absolute()
        path.exists()
    except (OSError, ValueError) as error:
        raise RunError(f"{folder} can't be written: {error}. Choose another folder.") from error
    is_run = (path / MANIFEST).is_file()
    if is_run and not force:
        raise RunError(f"{path} exists. Choose another folder, or replace it with force=True.")
    if path.exists() and not is_run:
        raise RunError(
            f"{path} exists and is no saved run (it holds no {MANIFEST}); it is left alone. Choose another folder."
        )
    unexpected = (
        sorted(file.name for file in path.iterdir() if file.name not in OWN) if is_run else []
    )
    if unexpected:
        raise RunError(
            f"{path} holds files that are not of a run and would be lost: {listed(unexpected)}. Move them first."
        )
    parent = next(parent for parent in path.parents if parent.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise RunError(f"{parent} can't be written. Choose another folder.")
    return path


@contextmanager
def whole_folder(folder: str | PathLike[str], *, force: bool) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder` when the block ends well.

    If the block fails or is interrupted, nothing is left behind and a replaced run stays as it
    was.
    """
    path = check_folder(folder, force=force)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(
            tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
        )
    except OSError as error:
        raise RunError(
            f"{path} can't be written: {error.strerror}. Choose another folder."
        ) from error
    try:
        yield partial
        _sync(partial)
        _replace(partial, path)
    except OSError as error:
        if isinstance(error, RunError):
            raise
        raise RunError(
            f"{path} can't be written: {error.strerror or error}. Nothing was kept."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _sync(partial: Path) -> None:
    """Push every file to the disk before the folder gets its name."""
    partial.chmod(0o755)
    for file in partial.iterdir():
        # Windows syncs only what is open for writing.
        with file.open("rb+") as opened:
            os.fsync(opened)


def _replace(partial: Path, path: Path) -> None:
    if not path.exists():
        partial.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".old", dir=path.parent))
    try:
        path.rename(old / path.name)
        partial.rename(path)
    except BaseException:
        # Whatever stopped it, an interrupt included: the old run gets its place back.
        if not path.exists():
            (old / path.name).rename(path)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
