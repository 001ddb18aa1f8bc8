"""The rates of each level of a factor and of all studies together, and tau: one row each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from bayesmeta.errors import EvidenceError
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.arm_labels import totals_over
from bayesmeta.estimates.forest_table import arm_groups
from bayesmeta.estimates.inferred import inferred_at
from bayesmeta.estimates.outcome_draws import OutcomeDraws, Rates, draws_of
from bayesmeta.estimates.precision import Row, bounds_of, spread_of
from bayesmeta.estimates.profiles import checked_factor, level_profiles, profile_label
from bayesmeta.evidence import Arms
from bayesmeta.evidence.derivations import inferred_counts
from bayesmeta.inference.result import Fit
from bayesmeta.model.coded_levels import NEW
from bayesmeta.model.coding import Profile

ALL = "all studies"
"""Label of the last row."""

_COLUMNS = ["label", "studies", "events", "n", "arms", "inferred"]
_COLUMNS += ["typical", "typical_lower", "typical_upper", "new_study_lower", "new_study_upper"]
_COLUMNS += ["tau", "tau_lower", "tau_upper"]


@dataclass(frozen=True, eq=False)
class SubgroupNumbers:
    """What a table of subgroups shows."""

    table: pd.DataFrame
    factor: str
    held: str
    ci_prob: float


def subgroup_numbers(
    fit: Fit,
    *,
    outcome: str | None = None,
    by: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
) -> SubgroupNumbers:
    """Return the rates of each level of a factor, and of all studies.

    Returns
    -------
    SubgroupNumbers
        Its `table` has one row per level, the reference first, of exchangeable levels one of a level
        that no study has (``"NEW"``), and one of all studies, with columns

        - label, studies, events, n: what the row is for, and the studies with patients, responders
          and patients that it rests on; an arm that reports two levels together is among the studies
          of both, its patients are among those of all studies only;
        - typical, typical_lower, typical_upper: posterior median and interval of the typical rate
          (probability); of all studies, of its mean over levels, each with the share of the studies
          that it has, which counts a study with arms of several levels in each;
        - new_study_lower, new_study_upper: prediction interval of the rate of a new study
          (probability); of all studies, of one whose level is drawn by the same shares;
        - arms, inferred: arms with patients that the row rests on directly, and those of them whose
          count is inferred, as in `summary`;
        - tau, tau_lower, tau_upper: median and interval (scale of the link) where the row has one of
          its own: of all studies, or of a level if tau differs by the factor; else NaN.
    """
    drawn = draws_of(fit, outcome)
    check_ci_prob(ci_prob)
    coding = drawn.coding
    factor = checked_factor(coding, by)
    profiles = level_profiles(coding, factor, profile)
    rates = {level: drawn.rates(own) for level, own in profiles.items()}
    basis, groups = _basis(drawn.arms), np.array(arm_groups(drawn, factor))
    total = totals_over(drawn, factor)
    rows = []
    for level, one in rates.items():
        found = inferred_at(drawn.fit, profiles[level], drawn.outcome)
        row = {"label": level, **_counts(basis[(groups == level) & ~total])}
        row["studies"] = _studies(basis[(groups == level) | total])
        row |= {"arms": found.arms, "inferred": found.inferred}
        row |= spread_of("typical", one.typical, ci_prob)
        row |= spread_of("new_study", expit(one.cohort().theta), ci_prob)
        rows.append(row | _tau(drawn, one if coding.by == factor else None, ci_prob))
    if factor in coding.grouping:
        rows.append(_new_level(drawn, {**(profile or {}), factor: NEW}, ci_prob))
    shares = {row["label"]: row["studies"] for row in rows}
    seen = basis[basis["n"] > 0]
    whole = {"label": ALL, **_counts(basis), **_all_rates(rates, shares, ci_prob)}
    whole |= {"arms": len(seen), "inferred": int(seen["inferred"].sum())}
    rows.append(whole | _tau(drawn, None if coding.by else next(iter(rates.values())), ci_prob))
    held = profile_label(coding, profile, without=factor)
    return SubgroupNumbers(pd.DataFrame(rows, columns=_COLUMNS), factor, held, ci_prob)


def _basis(arms: Arms) -> pd.DataFrame:
    """Return what rows rest on: study, responders and patients of each arm, and if it is inferred."""
    study, inferred = arms.frame["study"].to_numpy(), inferred_counts(arms.frame, None)
    counts = {"study": study, "events": arms.events, "n": arms.n, "inferred": inferred}
    return pd.DataFrame(counts)


def _counts(arms: pd.DataFrame) -> Row:
    return {
        "studies": _studies(arms),
        "events": int(arms["events"].sum()),
        "n": int(arms["n"].sum()),
    }


def _studies(arms: pd.DataFrame) -> int:
    return int(arms.loc[arms["n"] > 0, "study"].nunique())


def _new_level(drawn: OutcomeDraws, profile: Profile, ci_prob: float) -> Row:
    """Return the row of a level that no study has, drawn from the distribution of all levels."""
    rates = drawn.rates(profile)
    row = {"label": NEW, **dict.fromkeys(("studies", "events", "n", "arms", "inferred"), 0)}
    row |= spread_of("typical", rates.typical, ci_prob)
    row |= spread_of("new_study", expit(rates.cohort().theta), ci_prob)
    return row | _tau(drawn, None, ci_prob)


def _all_rates(rates: Mapping[str, Rates], studies: Mapping[str, int], ci_prob: float) -> Row:
    """Return the mean of the typical rates, and the rate of a new study of any level."""
    total = sum(studies.values())
    if not total:
        raise EvidenceError(
            "`fit`: no arm has patients, so there is nothing to draw. Select arms with patients."
        )
    typical, values, weights = np.zeros(1), [], []
    for level, one in rates.items():
        share = studies[level] / total
        typical = typical + share * one.typical
        values.append(expit(one.cohort().theta).ravel())
        weights.append(np.full(values[-1].size, share / values[-1].size))
    all_values = np.concatenate(values)
    order = np.argsort(all_values)
    below = np.cumsum(np.concatenate(weights)[order])
    places = np.minimum(np.searchsorted(below, bounds_of(ci_prob)), order.size - 1)
    low, _, high = all_values[order][places]
    ends = {"new_study_lower": low, "new_study_upper": high}
    return spread_of("typical", typical, ci_prob) | ends


def _tau(drawn: OutcomeDraws, rates: Rates | None, ci_prob: float) -> Row:
    """Return the tau of a row; NaN where it has none of its own."""
    if rates is None or "tau" not in drawn.fit.posterior:
        return dict.fromkeys(("tau", "tau_lower", "tau_upper"), np.nan)
    return spread_of("tau", rates.tau, ci_prob)
