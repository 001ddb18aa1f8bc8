"""How predictions of arms held out of a fit agree with what was seen, as tables of numbers."""

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from bayesmeta.calibration.bands import band
from bayesmeta.comparison.left_out import coverage_of

BAND = 0.95
"""Probability with which the band holds the whole line if predictions are right."""

PLACES = 50
"""Places at which the distribution function of the PITs is looked at, at most."""

FEW = 20
"""Arms below which a check finds only gross errors."""


def pit_table(arms: pd.DataFrame) -> pd.DataFrame:
    """Return how the distribution function of the PITs of arms strays from even, and what chance allows.

    Columns: `place` from 0 to 1; `difference`, the share of PITs up to there minus the place; `lower`
    and `upper`, the band that holds all differences at once with probability 95% if the PITs are
    independent and uniform; `outside`.

    References
    ----------
    Säilynoja, Bürkner & Vehtari 2022, doi:10.1007/s11222-022-10090-6.
    """
    pit = np.sort(arms["pit"].to_numpy(dtype=np.float64))
    places = max(2, min(PLACES, len(pit)))
    place = np.arange(places + 1) / places
    count = np.searchsorted(pit, place, side="right")
    limits = band(len(pit), places, BAND)
    lower, upper = (np.array([0, *edge, len(pit)]) for edge in (limits.lower, limits.upper))
    return pd.DataFrame(
        {
            "place": place,
            "difference": count / len(pit) - place,
            "lower": lower / len(pit) - place,
            "upper": upper / len(pit) - place,
            "outside": (count < lower) | (count > upper),
        }
    )


def coverage_table(arms: pd.DataFrame) -> pd.DataFrame:
    """Return `coverage_of` with the exact 95% interval of each share, as if arms were independent.

    References
    ----------
    Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.
    """
    table = coverage_of(arms)
    inside, number = table["inside"].to_numpy(float), table["arms"].to_numpy(float)
    tail = (1 - BAND) / 2
    with np.errstate(invalid="ignore"):
        lower = np.where(
            inside > 0, betaincinv(np.maximum(inside, 1), number - inside + 1, tail), 0.0
        )
        upper = np.where(
            inside < number, betaincinv(inside + 1, np.maximum(number - inside, 1), 1 - tail), 1.0
        )
    return table.assign(lower=lower, upper=upper)
