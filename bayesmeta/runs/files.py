"""Files, and folders of saved fits, written whole or not at all, even if the machine stops meanwhile."""

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from os import PathLike
from pathlib import Path
from typing import Any

from bayesmeta.errors import RunError, listed
from bayesmeta.paths import expanded

PARTIAL = ".partial"
"""End of the name of a file that is being written; its name begins with a dot."""

PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
"""Names that files have everywhere."""

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.+-]+")

REPORTS = "reports.csv"
"""File of what arms report of survival; runs of response rates have none."""

LONGEST = 100
"""Characters of the longest name that is made for a file."""

_REMEDIES = {
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "Free some space",
    errno.EFBIG: "Raise the limit on the size of files",
    errno.EROFS: "Make it writable",
    errno.EACCES: "Make it writable",
    errno.EPERM: "Make it writable",
}


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name for the file of each name, all distinct whatever their case and order."""
    found: dict[str, str] = {}
    # Names that can stay come first, so that no other takes their place.
    for name in sorted(names, key=lambda name: (PLAIN.fullmatch(name) is None, name)):
        plain = _NOT_PLAIN.sub("_", name)[:LONGEST] or "_"
        plain = plain if PLAIN.fullmatch(plain) else f"_{plain}"
        taken = {other.casefold() for other in found.values()}
        free = (f"{plain}_{i}" if i > 1 else plain for i in count(1))
        found[name] = next(one for one in free if one.casefold() not in taken)
    return found


def folder_of(path: object) -> Path:
    """Return the folder that a person names, which need not be there."""
    if not isinstance(path, str | PathLike):
        raise RunError(f"`folder` must be a path; got {path!r}.")
    folder = expanded(path)
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            folder.stat()
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}. Choose another folder.") from error
    return folder


@contextmanager
def explained(path: Path, remedy: str | None = None) -> Iterator[None]:
    """Turn an error of the file system into one with a remedy, by default that of a run."""
    try:
        yield
    except RunError:
        raise
    except OSError as error:
        if remedy is None:
            mend = _REMEDIES.get(error.errno or 0, "Correct that")
            remedy = f"{mend} and run the same again, which goes on from what is kept; or choose another folder"
        raise RunError(f"{path} cannot be written: {error.strerror or error}. {remedy}.") from error


def write_whole(path: Path, content: bytes, *, remedy: str | None = None) -> None:
    """Write a file beside its place, sync and rename it; on failure the old one stays."""
    partial = path.with_name(f".{path.name}{PARTIAL}")
    with explained(path, remedy):
        try:
            _write(partial, content)
            os.replace(partial, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(partial)
            raise
        sync_folder(path.parent)


def check_writable(path: Path, *, remedy: str) -> None:
    """Raise, with `remedy`, if no file of this name can be written; an empty one is tried."""
    partial = path.with_name(f".{path.name}{PARTIAL}")
    with explained(path, remedy):
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o644))
        os.unlink(partial)


def check_folder_writable(folder: Path, *, remedy: str) -> None:
    """Raise, with `remedy`, if no file can be written into a folder, which need not be there yet."""
    places = (folder, *folder.absolute().parents)
    there = next(place for place in places if place.exists())
    if not there.is_dir():
        raise RunError(f"{folder} cannot be written: {there} is not a folder. {remedy}.")
    # A name of its own, since others may try the same folder at once.
    with explained(folder, remedy), tempfile.TemporaryFile(dir=there):
        pass


def sync_file(path: Path) -> None:
    """Push a file to the disk."""
    # Windows syncs only what is open for writing.
    with path.open("rb+") as file:
        os.fsync(file)


def sync_folder(folder: Path) -> None:
    """Push the names in a folder to the disk, where the system can do so."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sealed(content: Any, *, indent: int | None = None) -> bytes:
    """Return content as JSON with its own SHA-256, by which damage is seen when it is read."""
    return _framed(json.dumps(content, indent=indent).encode())


def unsealed(written: bytes) -> Any:
    """Return the content of what `sealed` made; a ValueError if a byte of it differs."""
    text = written[len(_framed(b"")) - len(_END) : -len(_END)]
    if _framed(text) != written:
        raise ValueError("it is truncated or edited")
    return json.loads(text)


_END = b"}\n"


def _framed(text: bytes) -> bytes:
    digest = hashlib.sha256(text).hexdigest().encode()
    return b'{"sha256": "' + digest + b'",\n"content": ' + text + _END


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644
    )
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class FolderKind:
    """A kind of folder that is written whole: its name, the file it is known by, and all it may hold."""

    name: str
    mark: str
    own: frozenset[str]


FIT = "fit.json"
"""The file by which the folder of a saved fit is known."""

SAVED_RUN = FolderKind(
    "saved run",
    FIT,
    frozenset(
        {FIT, "draws.nc", "model.toml", "coding.json", "arms.csv", "reports.csv", "excluded.csv"}
        | {"forest.png"}
        | {f"report.{form}" for form in ("html", "md", "json", "docx")}
    ),
)
"""Files that it may hold; no other is ever deleted."""

_REMEDY = "Choose another folder"


def check_folder(folder: str | PathLike[str], *, force: bool, kind: FolderKind = SAVED_RUN) -> Path:
    """Return `folder` as a path, after checking that one of this kind may be written there."""
    path = folder_of(folder).absolute()
    is_one = (path / kind.mark).is_file()
    if is_one and not force:
        raise RunError(f"{path} exists. {_REMEDY}, or replace it with force=True.")
    if path.exists() and not is_one:
        raise RunError(
            f"{path} exists and is not a {kind.name} (it holds no {kind.mark}); it is not changed. {_REMEDY}."
        )
    unexpected = sorted({file.name for file in path.iterdir()} - kind.own) if is_one else []
    if unexpected:
        raise RunError(
            f"{path} holds files that are not of a {kind.name.removeprefix('saved ')} and would be lost: "
            f"{listed(unexpected)}. Move them first."
        )
    check_folder_writable(path.parent, remedy=_REMEDY)
    return path


@contextmanager
def whole_folder(
    folder: str | PathLike[str], *, force: bool, kind: FolderKind = SAVED_RUN
) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder` when the block ends well; else it stays."""
    path = check_folder(folder, force=force, kind=kind)
    with explained(path, remedy=_REMEDY):
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
        # Whatever stopped it, an interrupt included: the old folder gets its place back.
        if not path.exists():
            (old / path.name).rename(path)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
