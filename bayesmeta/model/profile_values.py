"""What the values of a profile may be: finite numbers, and shares that sum to 1."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayesmeta.errors import ProfileError
from bayesmeta.numeric import is_number

SHARE_TOLERANCE = 1e-6


def checked_number(name: str, value: object) -> float:
    """Return the value of a numeric covariate as a number, after checking it."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = np.nan
    # float() would also read 6_0.
    odd = isinstance(value, bool | np.bool_) or (isinstance(value, str) and "_" in value)
    if odd or not np.isfinite(number):
        comma = isinstance(value, str) and "," in value
        remedy = " Write the decimal mark as a point." if comma else ""
        raise ProfileError(f"`profile`: '{name}' must be a finite number; got {value!r}.{remedy}")
    return number


def check_shares(name: str, shares: Mapping[Any, Any]) -> None:
    """Raise unless the shares of the levels of a factor lie within 0 and 1 and sum to 1."""
    numbers = all(is_number(share) for share in shares.values())
    if not numbers or not all(0 <= share <= 1 for share in shares.values()):
        raise ProfileError(
            f"`profile`: shares of '{name}' must lie within 0 and 1; got {dict(shares)}."
        )
    if abs(sum(shares.values()) - 1) > SHARE_TOLERANCE:
        raise ProfileError(
            f"`profile`: shares of '{name}' must sum to 1; got {dict(shares)}, {sum(shares.values()):g}."
        )
