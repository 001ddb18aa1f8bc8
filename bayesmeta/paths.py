"""Paths as people write them."""

from os import PathLike
from pathlib import Path

__all__ = ["expanded"]


def expanded(path: str | PathLike[str]) -> Path:
    """Return a path with the user's folder in place of a leading ~, as shells do.

    A ~ that names nobody stays as it is written.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
