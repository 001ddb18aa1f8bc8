"""Every number of a bubble plot: the rate against a numeric covariate, and the arms."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, nearest
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.drawable import check_drawable, check_known_model
from bayesmeta.estimates.observed_arms import observed_arms
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.estimates.profiles import profile_label, without
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Coding, Profile

__all__ = ["ARM", "CURVE", "RegressionNumbers", "regression_numbers"]

Row = dict[Hashable, Any]

ARM, CURVE = "arm", "curve"
"""What a row of the table is about."""

POINTS = 41
"""Values of the covariate at which the rates are computed."""

_COLUMNS = ["kind", "study", "arm", "label", "x", "events", "n", "rate", "lower", "upper"]
_COLUMNS += ["new_study_lower", "new_study_upper"]


@dataclass(frozen=True, eq=False)
class RegressionNumbers:
    """What a bubble plot shows.

    Parameters
    ----------
    table : DataFrame
        The rows; see `regression_numbers`.
    covariate : str
        The covariate.
    held : str
        Values of the other covariates, blank where there are none.
    unknown : tuple of str
        Labels of the arms with patients whose covariate is not known; they are not in the table.
    ci_prob : float
        Probability of the intervals.
    """

    table: pd.DataFrame
    covariate: str
    held: str
    unknown: tuple[str, ...]
    ci_prob: float


def regression_numbers(
    fit: Fit, covariate: str, *, profile: Profile | None = None, ci_prob: float = 0.95
) -> RegressionNumbers:
    """Return the numbers of a bubble plot.

    Parameters
    ----------
    fit : Fit
        Posterior draws of a model with a numeric covariate.
    covariate : str
        The covariate.
    profile : mapping, optional
        Values of the other covariates; what is left out stands at the reference level or the centre.
        One of `covariate` itself has no part in it, so that one profile serves all figures.
    ci_prob : float
        Probability of the equal-tailed intervals.

    Returns
    -------
    RegressionNumbers
        Its `table` has one row per arm with patients whose covariate is known (kind ``arm``) and
        then one for each of evenly spaced values between theirs (kind ``curve``), with columns

        - kind, study, arm, label: what the row is for;
        - x: the covariate, in its own unit;
        - events, n: responders and patients of an arm;
        - rate: of an arm as observed, of the curve the posterior median of the typical rate
          (probability);
        - lower, upper: interval of the typical rate (probability);
        - new_study_lower, new_study_upper: prediction interval of the rate of a new study (probability).

    Raises
    ------
    SettingsError
        If `fit` is no Fit of a ModelSpec, `covariate` is no numeric covariate of the model, or
        `ci_prob` is not between 0 and 1.
    ProfileError
        If the profile can't be coded.
    EvidenceError
        If no arm has patients, or of none is the covariate known.
    """
    check_drawable(fit)
    check_known_model(fit, "covariates")
    check_ci_prob(ci_prob)
    coding = fit.design.coding
    _check_covariate(coding, covariate)
    coding.resolved(profile)
    others = without(profile, covariate) or {}
    arms = observed_arms(fit.arms).assign(kind=ARM)
    arms["x"] = fit.arms.frame[covariate].to_numpy(dtype=np.float64)[arms.index]
    known = arms[arms["x"].notna()]
    if not len(known):
        raise EvidenceError(
            f"`covariate`: '{covariate}' is known of no arm with patients. Name another."
        )
    values = np.linspace(known["x"].min(), known["x"].max(), POINTS).tolist()
    profiles = [{**others, covariate: value} for value in values]
    curve = pd.DataFrame(list(_curve(fit, profiles, covariate, ci_prob)))
    table = pd.concat([known, curve], ignore_index=True)[_COLUMNS]
    text = ["study", "arm", "label"]
    table[text] = table[text].fillna("")
    return RegressionNumbers(
        table.astype({"events": "Int64", "n": "Int64"}),
        covariate,
        profile_label(coding, profile, without=covariate),
        tuple(arms.loc[arms["x"].isna(), "label"]),
        ci_prob,
    )


def _check_covariate(coding: Coding, covariate: object) -> None:
    numeric = tuple(coding.centres)
    if not numeric:
        raise SettingsError(
            "`fit` must be of a model with a numeric covariate; it has none. Fit one, such as "
            "ModelSpec(covariates='year')."
        )
    if covariate not in numeric:
        levels = covariate in coding.levels
        what = "is coded by levels" if levels else "is no numeric covariate of the model"
        raise SettingsError(
            f"`covariate`: '{covariate}' {what}. {nearest(str(covariate), numeric)}"
        )


def _curve(fit: Fit, profiles: Iterable[Profile], covariate: str, ci_prob: float) -> Iterable[Row]:
    tails = (1 - ci_prob) / 2, (1 + ci_prob) / 2
    for profile in profiles:
        rates = profile_rates(fit, profile)
        lower, middle, upper = np.quantile(rates.typical, [tails[0], 0.5, tails[1]])
        new_study = rates.new_study().rate
        yield {
            "kind": CURVE,
            "x": profile[covariate],
            "rate": middle,
            "lower": lower,
            "upper": upper,
            "new_study_lower": new_study.quantile(tails[0]).value,
            "new_study_upper": new_study.quantile(tails[1]).value,
        }
