"""Every number of a figure of survival curves: the curve of a profile, a new cohort, and reports."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmeta.arrays import Flags
from bayesmeta.estimates.arguments import check_ci_prob, check_cohort
from bayesmeta.estimates.arm_labels import arm_labels
from bayesmeta.estimates.inferred import arms_at
from bayesmeta.estimates.posterior import survival_arms_of
from bayesmeta.estimates.precision import Row, bounds_of, spread_of
from bayesmeta.estimates.profile_survival import ProfileSurvival, SurvivalAt, profile_survival
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.estimates.survival_times import checked_times
from bayesmeta.evidence import SurvivalArms
from bayesmeta.evidence.survival.columns import (
    CI_HIGH,
    CI_LOW,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    SURVIVAL,
    TIME,
)
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

CURVE, LANDMARK, MEDIAN_POINT = "curve", "landmark", "median"
"""What a row of the table is about."""

POINTS = 49
"""Times at which curves are computed: 0 among them."""

LARGEST_COHORT = 10_000
"""Patients whose number alive is computed patient by patient."""

_COLUMNS = ["kind", "study", "arm", "label", "n", "own", "time", "survival"]


@dataclass(frozen=True, eq=False)
class SurvivalCurveNumbers:
    """What a figure of survival curves shows."""

    table: pd.DataFrame
    profile: str
    cohort: int
    until: float
    ci_prob: float


def survival_curve_numbers(
    fit: Fit,
    *,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    until: float = 24.0,
    cohort: int = 40,
) -> SurvivalCurveNumbers:
    """Return the numbers of a figure of survival curves.

    Returns
    -------
    SurvivalCurveNumbers
        Its `table` has one row for each of evenly spaced times up to `until` months (kind ``curve``),
        and then one per report of the arms, ``landmark`` or ``median``, with columns

        - kind, study, arm, label, n: what the row is for, and the patients of its arm;
        - own: of a report, whether its arm is at the levels of the profile;
        - time: months; of a median its length, infinite where it was not reached;
        - survival: of a curve the posterior median of a typical study's survival (probability); of a
          landmark as reported; one half of a median;
        - lower, upper: interval of survival (probability): of a landmark as reported;
        - time_lower, time_upper: interval of a median as reported (months);
        - new_study_lower, new_study_upper: prediction interval of the survival of a new study;
        - alive, alive_lower, alive_upper: patients of a new cohort who are alive: median, and
          prediction interval at each time.
    """
    arms = survival_arms_of(fit)
    check_ci_prob(ci_prob)
    [until] = checked_times(until if np.ndim(until) == 0 else "", name="until")
    cohort = check_cohort("cohort", cohort, LARGEST_COHORT)
    found = profile_survival(fit, profile)
    curve = pd.DataFrame(_curve(found, until, cohort, ci_prob)).assign(kind=CURVE)
    own = arms_at(fit, profile)
    table = pd.concat([curve, _reports(arms, own)], ignore_index=True)
    table = table.reindex(columns=[*dict.fromkeys([*_COLUMNS, *table.columns])])
    table[["study", "arm", "label"]] = table[["study", "arm", "label"]].fillna("")
    label = profile_label(fit.coding, profile)
    return SurvivalCurveNumbers(
        table.astype({"own": "boolean"}), label, cohort, float(until), ci_prob
    )


def _curve(found: ProfileSurvival, until: float, cohort: int, ci_prob: float) -> Iterator[Row]:
    """Yield the survival of a typical study, of a new study and of a new cohort at each time."""
    ends = ("alive", "alive_lower", "alive_upper")
    everyone = dict.fromkeys(
        ("survival", "lower", "upper", "new_study_lower", "new_study_upper"), 1.0
    )
    yield {"time": 0.0, **everyone, **dict.fromkeys(ends, float(cohort))}
    for time in np.linspace(0, until, POINTS)[1:].tolist():
        typical = spread_of("typical", found.typical.survival(time), ci_prob)
        new = spread_of("new_study", found.new_study.survival(time), ci_prob)
        counts = SurvivalAt(found, time).cohort().counts(cohort)
        low, middle, high = counts.quantiles(bounds_of(ci_prob)).tolist()
        yield {
            "time": time,
            "survival": typical["typical"],
            "lower": typical["typical_lower"],
            "upper": typical["typical_upper"],
            "new_study_lower": new["new_study_lower"],
            "new_study_upper": new["new_study_upper"],
            **dict(zip(ends, map(float, (middle, low, high)), strict=True)),
        }


def _reports(arms: SurvivalArms, own: Flags) -> pd.DataFrame:
    """Return one row per report of the arms."""
    place, reports = arms.arm_of_report, arms.reports
    median = reports[MEDIAN].notna()
    return pd.DataFrame(
        {
            "kind": np.where(median, MEDIAN_POINT, LANDMARK),
            "study": reports["study"].astype(str),
            "arm": reports["arm"].astype(str),
            "label": np.array(arm_labels(arms), dtype=object)[place],
            "n": arms.n[place],
            "own": own[place],
            "time": reports[MEDIAN].where(median, reports[TIME]),
            "survival": reports[SURVIVAL].where(~median, 0.5),
            "lower": reports[CI_LOW],
            "upper": reports[CI_HIGH],
            "time_lower": reports[MEDIAN_LOW],
            "time_upper": reports[MEDIAN_HIGH],
        }
    )
