"""Where this is: versions, the machine, and whether compiled code can be kept."""

import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import bayesmeta
from bayesmeta.runs.keys import versions
from bayesmeta.selfcheck.checks import Finding, Task

__all__ = ["ENVIRONMENT", "Environment", "this_environment"]


@dataclass(frozen=True)
class Environment:
    """What a result may depend on, besides evidence, model, settings and seed.

    Parameters
    ----------
    bayesmeta, python : str
        Versions.
    packages : mapping
        Version of each package that may change a result.
    platform : str
        System and processor.
    processors : int
        How many there are.
    installed : str
        Folder of the package.
    executable : str
        The interpreter.
    """

    bayesmeta: str
    python: str
    packages: Mapping[str, str]
    platform: str
    processors: int
    installed: str
    executable: str


def this_environment() -> Environment:
    """Return where this process is."""
    packages = {
        name: found for name, found in versions().items() if name not in ("python", "bayesmeta")
    }
    return Environment(
        bayesmeta=bayesmeta.__version__,
        python=platform.python_version(),
        packages=packages,
        platform=platform.platform(),
        processors=os.cpu_count() or 1,
        installed=str(Path(bayesmeta.__file__).parent),
        executable=sys.executable,
    )


def check_version(_: Path) -> Finding:
    """Compare the version of the code with that of what is installed."""
    code, installed = bayesmeta.__version__, versions()["bayesmeta"]
    if code != installed:
        return Finding(
            ok=False,
            detail=f"the code is {code}, what is installed says {installed}. Install bayesmeta again.",
        )
    return Finding(ok=True, detail=code)


def check_cache(_: Path) -> Finding:
    """Write to where compiled code is kept, without which each start takes longer."""
    place = cache_folder()
    if place is None:
        return Finding(ok=False, detail=f"nowhere. {_REMEDY}")
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Finding(ok=False, detail=f"{place} can't be written: {error.strerror}. {_REMEDY}")
    return Finding(ok=True, detail=str(place))


def cache_folder() -> Path | None:
    """Return where compiled code is kept, or None where no folder for it can be written."""
    from bayesmeta.places import can_be_written, folders

    return next(filter(can_be_written, folders()), None)


_REMEDY = "Set NUMBA_CACHE_DIR to a folder that can be written."

ENVIRONMENT = (
    Task("environment", "the version is that of the installation", check_version),
    Task("environment", "compiled code can be kept", check_cache),
)
"""Checks of the installation."""
