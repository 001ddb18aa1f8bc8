"""Levels of a factor against each other, by the survival that goes with them."""

import numpy as np
import pandas as pd

from bayesmeta.estimates.contrast_table import Contrasts, ranks_of
from bayesmeta.estimates.precision import (
    Row,
    bounds_of,
    exponential,
    mean_of,
    quantile_of,
    sd_of,
    with_errors,
)
from bayesmeta.estimates.profile_survival import Curves, profile_survival
from bayesmeta.estimates.profiles import (
    checked_factor,
    level_pairs,
    level_profiles,
    profile_label,
    studies_by_level,
)
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile


def survival_contrasts(
    fit: Fit,
    time: float,
    factor: str | None,
    *,
    profile: Profile | None,
    against: str | None,
    ci_prob: float,
) -> Contrasts:
    """Return what `contrast` does of a fit of survival, compared at a time in months."""
    factor = checked_factor(fit.coding, factor)
    profiles = level_profiles(fit.coding, factor, profile)
    held = profile_label(fit.coding, profile, without=factor)
    typical = {level: profile_survival(fit, one).typical for level, one in profiles.items()}
    studies = studies_by_level(fit.coding, fit.arms, factor)
    rows = []
    for level, versus in level_pairs(fit.coding, factor, against):
        both = studies[level] & studies[versus]
        rows.append(
            {"level": level, "versus": versus, "profile": held}
            | _numbers(typical[level], typical[versus], time, ci_prob)
            | {
                "between_only": not both,
                "studies_level": len(studies[level]),
                "studies_versus": len(studies[versus]),
                "studies_both": len(both),
            }
        )
    ranks = ranks_of({level: one.log_median for level, one in typical.items()})
    return Contrasts(factor, held, ci_prob, pd.DataFrame(rows), ranks, fit, time=time)


def _numbers(one: Curves, versus: Curves, time: float, ci_prob: float) -> Row:
    """Return the estimates of one contrast of typical curves, with Monte-Carlo errors."""
    ratio = one.log_median - versus.log_median
    difference = one.survival(time) - versus.survival(time)
    low, middle, high = bounds_of(ci_prob)
    bounds = {"": middle, "_lower": low, "_upper": high}
    return with_errors(
        {
            **{
                f"median_ratio{end}": exponential(quantile_of(ratio, p))
                for end, p in bounds.items()
            },
            "log_median_ratio": mean_of(ratio),
            "log_median_ratio_sd": sd_of(ratio),
            **{
                f"survival_difference{end}": quantile_of(difference, p) for end, p in bounds.items()
            },
            "probability_longer": mean_of((ratio > 0).astype(np.float64)),
        }
    )
