"""The installation: versions of the dependencies, and files of the package, against its metadata."""

import base64
import csv
import json
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    distributions as all_distributions,
    version,
)
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import bayesmeta
from bayesmeta.errors import counted, listed
from bayesmeta.runs.files import sha256_of
from bayesmeta.selfcheck.checks import Compared, Finding, Task, same

NAME = "bayesmeta"
ABSENT = "not installed"
DIGITS = 64
"""Hexadecimal digits of a SHA-256."""

COMPILED = "__pycache__"
"""Folders of what Python and numba compile, which no wheel holds."""


def is_editable(found: Distribution) -> bool:
    """Return whether a distribution stands for a folder of sources, by what its installer recorded."""
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable", False))


def distributions() -> Mapping[str, str]:
    """Return the version of every distribution that this interpreter finds first, by name."""
    found: dict[str, str] = {}
    for one in all_distributions():
        if one.name and one.name != NAME:
            found.setdefault(one.name, one.version)
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def check_dependencies(_: Path) -> Finding:
    """Compare the versions of Python and of each dependency with those that the metadata require."""
    compared = tuple(versions_of(distribution(NAME)))
    wrong = [f"{one.quantity} {one.obtained}, not {one.expected}" for one in compared if not one.ok]
    detail = f"{listed(wrong)}. Install bayesmeta again, with its dependencies." if wrong else ""
    return Finding(not wrong, detail or counted(len(compared), "version"), compared)


def versions_of(found: Distribution) -> Iterator[Compared]:
    """Yield Python and each dependency that is not optional, as required and as installed."""
    python = found.metadata["Requires-Python"]
    yield _version("Python", SpecifierSet(python), platform.python_version())
    for needed in map(Requirement, found.requires or ()):
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield _version(needed.name, needed.specifier, _installed(needed.name))


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ABSENT


def _version(name: str, required: SpecifierSet, installed: str) -> Compared:
    ok = installed != ABSENT and required.contains(installed, prereleases=True)
    return Compared(name, str(required) or "any version", installed, ok)


def check_files(_: Path) -> Finding:
    """Compare the files of the package with the hashes that its wheel records."""
    return files_compared(distribution(NAME), Path(bayesmeta.__file__).parent)


def files_compared(found: Distribution, imported: Path) -> Finding:
    """Return what became of each file of RECORD, of other files, and of the folder that is imported."""
    recorded = dict(recorded_files(found))
    hashes = [
        same(name, expected, _sha256(Path(str(found.locate_file(name)))))
        for name, expected in recorded.items()
    ]
    folder = Path(str(found.locate_file(NAME))).resolve()
    others = [name for name in _files_in(folder) if name not in recorded]
    compared = (
        same("folder that is imported", str(folder), str(imported.resolve())),
        same("files that are not recorded", "none", listed(others) if others else "none"),
        *hashes,
    )
    wrong = [one for one in compared if not one.ok]
    told = f"{counted(len(hashes), 'file')}, SHA-256 as recorded"
    if wrong or not hashes:
        told = listed(map(_fault, wrong)) or "RECORD lists no file"
        told = f"{told}. Install bayesmeta again, from its wheel."
    return Finding(bool(hashes) and not wrong, told, compared)


def _fault(one: Compared) -> str:
    """Return what is wrong; nobody reads a hash in a sentence."""
    hashed = len(str(one.obtained)) == len(str(one.expected)) == DIGITS
    return f"{one.quantity}: {'another SHA-256' if hashed else one.obtained}"


def recorded_files(found: Distribution) -> Iterator[tuple[str, str]]:
    """Yield each file that RECORD gives a hash of, and its SHA-256 in hexadecimal digits."""
    # `Distribution.files` leaves out files that are gone.
    for name, digest, _ in csv.reader((found.read_text("RECORD") or "").splitlines()):
        method, _, value = digest.partition("=")
        if method == "sha256":
            yield name, base64.urlsafe_b64decode(f"{value}==").hex()


def _sha256(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _files_in(folder: Path) -> list[str]:
    return [
        path.relative_to(folder.parent).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and COMPILED not in path.parts
    ]


DEPENDENCIES = Task(
    "installation",
    "versions of Python and of the dependencies",
    check_dependencies,
    "Python and each dependency have a version that the package's metadata require.",
)
FILES = Task(
    "installation",
    "files of the package",
    check_files,
    "The code that is imported is that of the installed wheel: each file has the SHA-256 that the wheel "
    "records, and there is no other.",
)
INSTALLATION = (DEPENDENCIES,) if is_editable(distribution(NAME)) else (DEPENDENCIES, FILES)
"""Checks of the installation; no wheel records the files of an editable one."""
