"""Every number of a bubble plot: the rate against a numeric covariate, and the arms."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from bayesmeta.errors import EvidenceError, SettingsError, nearest
from bayesmeta.estimates.arguments import check_ci_prob, check_family
from bayesmeta.estimates.forest_table import arm_groups, observed_arms
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_of
from bayesmeta.estimates.precision import Row, spread_of
from bayesmeta.estimates.profiles import profile_parts, without
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Coding, Profile

ARM, CURVE = "arm", "curve"
"""What a row of the table is about."""

POINTS = 41
"""Values of the covariate at which the rates are computed, but of a random walk."""

_COLUMNS = ["kind", "study", "arm", "label", "level", "x", "events", "n", "rate", "lower", "upper"]
_COLUMNS += ["new_study_lower", "new_study_upper"]


@dataclass(frozen=True, eq=False)
class RegressionNumbers:
    """What a bubble plot shows."""

    table: pd.DataFrame
    covariate: str
    factor: str | None
    levels: tuple[str, ...]
    held: str
    unknown: tuple[str, ...]
    ci_prob: float


def regression_numbers(
    fit: Fit,
    covariate: str,
    *,
    outcome: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
) -> RegressionNumbers:
    """Return the numbers of a bubble plot.

    Returns
    -------
    RegressionNumbers
        Its `table` has one row per arm with patients whose covariate is known (kind ``arm``) and
        then, for each curve, one for each of evenly spaced values between theirs, or for each year of
        a random walk (kind ``curve``),
        with columns

        - kind, study, arm, label: what the row is for;
        - level: of the factor; blank where there is none;
        - x: the covariate, in its own unit;
        - events, n: responders and patients of an arm;
        - rate: of an arm as observed, of the curve the posterior median of the typical rate
          (probability);
        - lower, upper: interval of the typical rate (probability);
        - new_study_lower, new_study_upper: prediction interval of the rate of a new study
          (probability), NaN where there are several curves.
    """
    drawn = draws_of(fit, outcome)
    check_family(fit, "regression")
    check_ci_prob(ci_prob)
    coding = drawn.coding
    _check_covariate(coding, covariate)
    coding.resolved(profile)
    others = without(profile, covariate) or {}
    factor = _factor(coding, others)
    known, unknown = _arms(drawn, covariate, factor)
    levels = _levels(coding, factor, known)
    values = _values(coding, covariate, known["x"])
    curves = []
    for level, own in levels.items():
        profiles = [{**others, **own, covariate: value} for value in values]
        rows = _curve(drawn, profiles, covariate, ci_prob, new_study=len(levels) == 1)
        curves.append(pd.DataFrame(rows).assign(level=level))
    table = pd.concat([known, *curves], ignore_index=True)
    table = table.rename(columns={"rate_lower": "lower", "rate_upper": "upper"})
    table = table.reindex(columns=_COLUMNS)
    text = ["study", "arm", "label"]
    table[text] = table[text].fillna("")
    parts = profile_parts(coding, profile)
    held = [f"{name}={text}" for name, text in parts.items() if name not in {covariate, factor}]
    return RegressionNumbers(
        table.astype({"events": "Int64", "n": "Int64"}),
        covariate,
        factor,
        tuple(levels) if factor else (),
        ", ".join(held),
        unknown,
        ci_prob,
    )


def _factor(coding: Coding, others: Profile) -> str | None:
    """Return the factor whose levels have a curve each; none if the profile gives a factor."""
    factors = tuple(coding.factors)
    return factors[0] if factors and not set(factors) & set(others) else None


def _arms(
    drawn: OutcomeDraws, covariate: str, factor: str | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the arms of which the covariate is known, and the labels of the others."""
    arms = observed_arms(drawn.arms).assign(kind=ARM, level="")
    arms["x"] = drawn.arms.frame[covariate].to_numpy(dtype=np.float64)[arms.index]
    if factor:
        arms["level"] = np.array(arm_groups(drawn, factor))[arms.index]
    known = arms["x"].notna()
    if not known.any():
        raise EvidenceError(
            f"`covariate`: '{covariate}' is missing in every arm with patients. Name another."
        )
    return arms[known], tuple(arms.loc[~known, "label"])


def _levels(coding: Coding, factor: str | None, arms: pd.DataFrame) -> dict[str, Profile]:
    """Return the profile of each curve by its level: those with arms, or one without a name."""
    if factor is None:
        return {"": {}}
    seen = set(arms["level"])
    return {level: {factor: level} for level in coding.levels[factor] if level in seen}


def _values(coding: Coding, covariate: str, known: "pd.Series[float]") -> list[float]:
    """Return the values at which a curve is computed: evenly spaced ones, or each year of a walk."""
    low, high = known.min(), known.max()
    if covariate in coding.walks:
        return np.arange(low, high + 1).tolist()
    return np.linspace(low, high, POINTS).tolist()


def _check_covariate(coding: Coding, covariate: object) -> None:
    numeric = tuple(coding.centres)
    if not numeric:
        raise SettingsError(
            "`fit` must be of a model with a numeric covariate; it has none. Fit one, such as "
            "ModelSpec(covariates='year')."
        )
    if covariate not in numeric:
        levels = covariate in coding.levels
        what = "is coded by levels" if levels else "is not a numeric covariate of the model"
        raise SettingsError(
            f"`covariate`: '{covariate}' {what}. {nearest(str(covariate), numeric)}"
        )


def _curve(
    drawn: OutcomeDraws,
    profiles: Iterable[Profile],
    covariate: str,
    ci_prob: float,
    *,
    new_study: bool,
) -> Iterable[Row]:
    for profile in profiles:
        rates = drawn.rates(profile)
        row = spread_of("rate", rates.typical, ci_prob)
        if new_study:
            row |= spread_of("new_study", expit(rates.cohort().theta), ci_prob)
        yield {"kind": CURVE, "x": profile[covariate], **row}
