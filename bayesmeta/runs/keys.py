"""Keys of jobs: a hash of all that a result depends on, the versions of packages among it."""

import json
import platform
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from numbers import Integral, Real

from bayesmeta.errors import SettingsError

__all__ = ["Part", "job_key", "versions"]

type Part = str | int | float | bool | tuple["Part", ...] | Mapping[str, "Part"] | None
"""What a key may be made of."""

PACKAGES = (
    "arviz",
    "bayesmeta",
    "formulaic",
    "numba",
    "numpy",
    "nutpie",
    "pandas",
    "pymc",
    "scipy",
)
"""Packages whose version may change a result."""

LENGTH = 32


def job_key(**parts: Part) -> str:
    """Return the key of a job: 32 hexadecimal digits that stand for `parts` and `versions`.

    The parts are everything that the result depends on: hash of the evidence, text of the model,
    settings, seed. The order of a mapping makes no difference; ``1``, ``1.0``, ``True`` and ``"1"`` do.

    Examples
    --------
    >>> from bayesmeta.runs import job_key
    >>> job_key(seed=1, model="pooled") == job_key(model="pooled", seed=1)
    True
    >>> job_key(seed=1) == job_key(seed=2)
    False
    """
    content = {"parts": _plain(parts, "parts"), "versions": versions()}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:LENGTH]


@cache
def versions() -> Mapping[str, str]:
    """Return the version of Python (major and minor) and of each package that may change a result."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python} | {name: version(name) for name in PACKAGES}


def _plain(part: object, place: str) -> object:
    """Return a part as JSON has it, each type told from all others."""
    if isinstance(part, str | bool | None):
        return part
    if isinstance(part, Integral):
        return int(part)
    if isinstance(part, Real):
        return float(part)
    if isinstance(part, tuple | list):
        return [_plain(each, place) for each in part]
    if isinstance(part, Mapping) and all(isinstance(name, str) for name in part):
        return {name: _plain(each, f"{place}[{name!r}]") for name, each in part.items()}
    raise SettingsError(
        f"`{place}` must be text, a number, None, a tuple or a mapping of names to such; got {type(part).__name__}. "
        "Give what stands for it, such as a hash."
    )
