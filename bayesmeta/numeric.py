"""What counts as a number where one is asked for: Python's and NumPy's, but no truth value or fraction.

NumPy registers its numbers with Python's own kinds, so that telling them needs no NumPy, which takes
longer to import than a command takes to refuse an option.
"""

from numbers import Integral, Rational, Real
from typing import TYPE_CHECKING, TypeGuard

from bayesmeta.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["check_seed", "is_number", "is_whole", "numbers", "probabilities"]


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a number; it may be infinite or NaN."""
    return is_whole(value) or (isinstance(value, Real) and not isinstance(value, Rational))


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number by its type; 3.0 is none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def numbers(values: object) -> "npt.NDArray[np.float64] | None":
    """Return values as an array; None where any is not a number, such as text that looks like one."""
    import numpy as np

    try:
        found = np.asarray(values)
    except ValueError:
        return None
    if found.dtype.kind not in "iuf" and not all(map(is_number, found.ravel())):
        return None
    return found.astype(np.float64)


def probabilities(name: str, values: object) -> "npt.NDArray[np.float64]":
    """Return values as an array, of any shape, after checking that they are probabilities."""
    found = numbers(values)
    if found is not None and ((found >= 0) & (found <= 1)).all():
        return found
    got, example = repr(values), 35.0
    if found is not None:
        wrong = float(found[~((found >= 0) & (found <= 1))][0])
        got = f"{wrong:g}"
        example = wrong if 1 < wrong <= 100 else example  # noqa: PLR2004 - a percentage
    raise SettingsError(
        f"`{name}` must be probabilities from 0 to 1; got {got}. Write {example:g}% as {example / 100:g}."
    )


def check_seed(seed: object) -> int:
    """Return a seed after checking that it is a whole number of at least 0."""
    if not is_whole(seed) or seed < 0:
        raise SettingsError(
            f"`seed` must be a whole number of at least 0; got {seed!r}. Give one, and keep it."
        )
    return int(seed)
