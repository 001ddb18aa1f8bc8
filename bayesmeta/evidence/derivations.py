"""How counts were derived: printed, computed from what is printed, or inferred."""

import numpy as np
import pandas as pd

from bayesmeta.arrays import Flags, Integers
from bayesmeta.evidence.columns import DERIVATION, INFERRED

INFERRED_WAYS = frozenset({"inferred", "adjudicated"})
"""Derivations of counts that no source prints: someone concluded them, or chose between readings."""

REPORTED, DERIVED, CONCLUDED = range(3)
"""How a count stands: printed, computed from printed figures, or inferred; the lower the better."""


def standing(derivations: pd.Series) -> Integers:
    """Return how the count of each row stands: 0 reported (or not stated), 1 derived, 2 inferred."""
    found = [
        CONCLUDED if way in INFERRED_WAYS else REPORTED if way in ("", "reported") else DERIVED
        for way in derivations
    ]
    return np.array(found, dtype=np.int64)


def inferred_counts(frame: pd.DataFrame, outcome: str | None = None) -> Flags:
    """Return which arms have an inferred count: of one of several outcomes, or of their only one."""
    if outcome is not None and INFERRED in frame.columns:
        return np.array([outcome in text.split(";") for text in frame[INFERRED]], dtype=bool)
    if outcome is not None or DERIVATION not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray(standing(frame[DERIVATION]) == CONCLUDED)
