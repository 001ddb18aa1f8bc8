"""The public names, and the names of their files."""

import inspect
from collections import Counter

import bayesmeta as bm

NAMES = [
    *(f"bayesmeta.{name}" for name in bm.__all__ if name != "plots"),
    *(f"bayesmeta.plots.{name}" for name in bm.plots.__all__),
]

FIGURES = [name for name in bm.plots.__all__ if name[0].islower()]
"""The functions that draw; the others of the room are values."""

_SPELT = Counter(name.lower() for name in NAMES)

# Some file systems do not distinguish `Fit` and `fit`.
FILE_NAMES = {
    name: f"{name}-class"
    for name in NAMES
    if _SPELT[name.lower()] > 1 and name.rpartition(".")[2][0].isupper()
}

_CLASSES = [
    found
    for room, names in ((bm, bm.__all__), (bm.plots, bm.plots.__all__))
    for name in names
    if inspect.isclass(found := getattr(room, name))
]

TOLD_ELSEWHERE = sorted(
    {
        base.__name__
        for one in _CLASSES
        for base in one.__mro__
        if base in _CLASSES
        or base.__module__.partition(".")[0] != "bayesmeta"
        or base.__name__.startswith("_")
        or base.__name__ == "Shown"
    }
)
"""Classes whose members are not repeated where they are inherited; those of others are told there."""
