"""The public names, and the names of their files."""

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
