"""What arms report of survival, as figures show it beside the model: one row per arm."""

from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.evidence import SurvivalArms
from bayesmeta.evidence.derivations import inferred_counts
from bayesmeta.evidence.survival.columns import (
    CI_HIGH,
    CI_LOW,
    FOLLOWUP,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    SURVIVAL,
    TIME,
)
from bayesmeta.rounding import fixed_text

SAME_TIME = 0.05
"""Months by which the time of a landmark may differ from that asked for: 52 weeks are a year."""

MEDIANS = {"observed": MEDIAN, "observed_lower": MEDIAN_LOW, "observed_upper": MEDIAN_HIGH}
LANDMARKS = {"observed": SURVIVAL, "observed_lower": CI_LOW, "observed_upper": CI_HIGH}


def reported_of(arms: SurvivalArms, time: float | None) -> pd.DataFrame:
    """Return what each arm reports: of its median, or of its survival at a time in months.

    Columns: `observed`, `observed_lower` and `observed_upper` (NaN where not reported, infinite where
    not reached), `followup` (months, of a median that was not reached), `others` (its other reports in
    words) and `inferred` (whether any report is).
    """
    inferred = inferred_counts(arms.reports)
    rows = []
    for arm in range(len(arms)):
        own = arms.arm_of_report == arm
        rows.append(_reported(arms.reports[own], time) | {"inferred": bool(inferred[own].any())})
    return pd.DataFrame(rows)


def _reported(reports: pd.DataFrame, time: float | None) -> dict[str, Any]:
    if time is None:
        here, columns = reports[MEDIAN].notna(), MEDIANS
    else:
        away = (reports[TIME] - time).abs()
        # Of two landmarks so near, the nearer one.
        here, columns = (away <= SAME_TIME) & (away == away.min()), LANDMARKS
    others = "; ".join(map(report_text, reports[~here].to_dict("records")))
    found: dict[str, Any] = dict.fromkeys([*columns, "followup"], np.nan) | {"others": others}
    if here.any():
        one = reports[here].iloc[0]
        found |= {name: float(one[column]) for name, column in columns.items()}
        if one[MEDIAN] == np.inf:
            found["followup"] = float(one[FOLLOWUP])
    return found


def report_name(row: Any) -> str:
    """Return what a report is, such as ``median`` or ``12 months``."""
    return "median" if np.isnan(row[SURVIVAL]) else f"{row[TIME]:g} months"


def report_text(row: Any) -> str:
    """Return a landmark or a median in words, such as ``24% at 6 months``."""
    if np.isnan(row[MEDIAN]):
        return f"{100 * row[SURVIVAL]:.3g}% at {row[TIME]:.3g} months"
    if row[MEDIAN] == np.inf:
        return "median not reached"
    return f"median {fixed_text(row[MEDIAN], 1)} months"
