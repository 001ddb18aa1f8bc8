"""Every number of a forest plot, in one tidy table, and what its rows stand for."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, nearest
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.arm_labels import arm_labels, labels_of_rows, totals_over
from bayesmeta.estimates.outcome_draws import OutcomeDraws, Parameter, Rates, draws_of
from bayesmeta.estimates.precision import Draws, interval_of
from bayesmeta.estimates.profiles import level_profiles, profile_label
from bayesmeta.estimates.shrinkage import shrinkage, weight_groups
from bayesmeta.evidence import Arms
from bayesmeta.evidence.derivations import inferred_counts
from bayesmeta.inference.result import Fit
from bayesmeta.model.coded_levels import NEW
from bayesmeta.model.coding import Coding, Profile

Row = dict[Hashable, Any]

ARM, TYPICAL, NEW_STUDY = "arm", "typical rate", "new study"
"""What a row of the table is about."""

ALL_STUDIES = "all studies"

TOTALS = "total only"
"""Group of the arms that report two levels of the factor together."""

_POOLED_LABELS = {TYPICAL: "Typical rate", NEW_STUDY: "New study"}
_OBSERVED = ("observed", "observed_lower", "observed_upper")
_COLUMNS = ["kind", "group", "study", "arm", "label", "studies", "events", "n", *_OBSERVED]
_COLUMNS += ["rate", "lower", "upper", "mcse_rate", "mcse_lower", "mcse_upper"]
_COLUMNS += ["weight", "inferred"]


@dataclass(frozen=True, eq=False)
class ForestNumbers:
    """What a forest plot shows."""

    table: pd.DataFrame
    factor: str | None
    held: str
    weighed: bool
    tau: Mapping[str, tuple[float, float, float]]
    sigma: Mapping[str, tuple[float, float, float]]
    ci_prob: float
    typical: str = TYPICAL
    """Kind of the rows of what a median study has."""
    estimate: str = "rate"
    """Column of the estimates."""

    @property
    def sizes(self) -> str:
        """Column that markers of arms grow with: weights of different groups cannot be compared."""
        return "weight" if self.weighed and self.factor is None else "n"


def forest_numbers(
    fit: Fit,
    *,
    outcome: str | None = None,
    by: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    order: str | None = None,
    more: Sequence[str] = (),
) -> ForestNumbers:
    """Return the numbers of a forest plot.

    Returns
    -------
    ForestNumbers
        Its `table` has, group by group with the reference first, one row per arm and then one
        ``typical rate`` and one ``new study``, with columns

        - kind, group, study, arm, label: what the row is for; of exchangeable levels the last group is
          ``"NEW"``, a level that no arm has; an arm of a known mixture stands in the
          group of the level of which it has most, and its label says that it is mixed; arms that report
          two levels of the factor together make up the last group, ``"total only"``, which has no
          rates of its own;
        - studies, events, n: studies with patients, responders and patients that it rests on; of a
          typical rate and a new study, totals count among the studies, their patients do not;
        - observed, observed_lower, observed_upper: of an arm, with the exact interval
          (probability), NaN for other rows;
        - rate, lower, upper: posterior median of an arm's, a typical or a new study's rate
          (probability; as in the tables of `summary`), and equal-tailed interval; mcse_rate,
          mcse_lower, mcse_upper: their Monte-Carlo standard errors;
        - weight: share, from 0 to 1, of the information on the group's typical rate, as in
          `shrinkage`; of a typical rate, the sum over its group's arms; NaN for a new study, and
          throughout where the rates of a group depend on more than its level;
        - inferred: arms among those of the row whose count is inferred, which no source prints.
    """
    check_ci_prob(ci_prob)
    drawn = draws_of(fit, outcome)
    coding = drawn.coding
    factor = grouping_factor(coding, by)
    profiles = group_profiles(coding, factor, profile)
    arms = _arm_rows(drawn, factor, ci_prob, order=order, more=more)
    totals = [row for row in arms if row["group"] == TOTALS]
    rows: list[Row] = []
    for group, own in profiles.items():
        members = [row for row in arms if row["group"] == group]
        around = [] if group == NEW else totals
        rows += [*members, *_pooled_rows(group, (members, around), drawn.rates(own), ci_prob)]
    rows += totals
    columns = [*_COLUMNS, *(name for name in more if name not in _COLUMNS)]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"events": "int64", "n": "int64", "inferred": "int64"}
    )
    weighed = _weighed(drawn, factor)
    if not weighed:
        table["weight"] = float("nan")
    held = profile_label(coding, profile, without=factor) if set(coding.columns) - {factor} else ""
    tau, sigma = (intervals_by_label(each, ci_prob) for each in (drawn.taus(), drawn.sigmas()))
    return ForestNumbers(table, factor, held, weighed, tau, sigma, ci_prob)


def intervals_by_label(
    parameters: Iterable[Parameter], ci_prob: float
) -> dict[str, tuple[float, float, float]]:
    """Return median, lower and upper of each parameter by its label."""
    rows = {one.label: interval_of(Draws(one.draws), ci_prob) for one in parameters}
    return {name: (row["median"], row["lower"], row["upper"]) for name, row in rows.items()}


def grouping_factor(coding: Coding, by: str | None) -> str | None:
    """Return the factor to group by, after checking it."""
    factors = tuple(name for name in coding.levels if name not in coding.covariates.elicited)
    if by is None:
        return factors[0] if factors else None
    if by not in factors:
        hint = nearest(by, factors) if factors else "The model has no factors: leave `by` out."
        raise SettingsError(f"`by` names '{by}', which is not a factor of the model. {hint}")
    return by


def group_profiles(
    coding: Coding, factor: str | None, profile: Profile | None
) -> dict[str, Profile]:
    """Return each group's profile, all else as in the profile asked for."""
    if factor is None:
        return {ALL_STUDIES: profile or {}}
    profiles = level_profiles(coding, factor, profile)
    if factor in coding.grouping:
        profiles[NEW] = {**(profile or {}), factor: NEW}
    return profiles


def arm_groups(drawn: OutcomeDraws, factor: str | None) -> list[str]:
    """Return the group of each arm; grouped levels count as one, as they do in the model."""
    if factor is None:
        return [ALL_STUDIES] * len(drawn.arms)
    return [_group(drawn.coding, factor, row) for _, row in drawn.arms.frame.iterrows()]


def _group(coding: Coding, factor: str, row: "pd.Series[Any]") -> str:
    """Return an arm's level; of a known mixture, the level of which there is most."""
    value = coding.profile_of(row)[factor]
    found = coding.resolved({factor: value})[factor]
    if isinstance(found, dict):
        return str(max(found, key=lambda level: float(found[level])))
    return str(found)


def _arm_rows(
    drawn: OutcomeDraws,
    factor: str | None,
    ci_prob: float,
    *,
    order: str | None,
    more: Sequence[str],
) -> list[Row]:
    arms, totals = drawn.arms, totals_over(drawn, factor)
    rates = shrinkage(drawn.fit, outcome=drawn.outcome, ci_prob=ci_prob).assign(
        kind=ARM,
        group=np.where(totals, TOTALS, np.array(arm_groups(drawn, factor), dtype=object)),
        label=labels_of_rows(drawn, factor, totals),
        studies=(arms.n > 0).astype(int),
        inferred=inferred_counts(arms.frame).astype(int),
    )
    return ordered(arms, rates, order, more).to_dict("records")


def ordered(arms: Arms, rows: pd.DataFrame, order: str | None, more: Sequence[str]) -> pd.DataFrame:
    """Return a row for each arm with more columns of the evidence, by a column of either where asked."""
    for name in more:
        rows[name] = _column(arms, rows, "columns", name)
    if order is None:
        return rows
    key = _column(arms, rows, "order", order.removeprefix("-"))
    places = key.sort_values(ascending=not order.startswith("-"), kind="stable").index
    return rows.loc[places]


def _column(arms: Arms, rates: pd.DataFrame, argument: str, name: str) -> "pd.Series[Any]":
    """Return a column of the rates or of the evidence, by arm."""
    if name in rates.columns:
        return rates[name]
    if name not in arms.frame.columns:
        valid = dict.fromkeys([*map(str, rates.columns), *map(str, arms.frame.columns)])
        raise SettingsError(
            f"`{argument}` names '{name}', which is not a column of the evidence or of the figure. "
            f"{nearest(name, valid)}"
        )
    return arms.frame[name].set_axis(rates.index)


def _weighed(drawn: OutcomeDraws, factor: str | None) -> bool:
    """Return whether weights are shares of the information on the typical rates of the groups."""
    used = drawn.coding.covariates.parsed.columns
    return weight_groups(drawn) is not None and tuple(used) in {(), (factor,)}


def _pooled_rows(
    group: str, members: tuple[list[Row], list[Row]], rates: Rates, ci_prob: float
) -> Iterable[Row]:
    """Yield the group's typical rate and new study, with what they rest on: its arms, and totals."""
    own_arms, totals = members
    basis = {
        "group": group,
        "study": "",
        "arm": "",
        "studies": len({row["study"] for row in (*own_arms, *totals) if row["n"] > 0}),
        "events": sum(row["events"] for row in own_arms),
        "n": sum(row["n"] for row in own_arms),
        "inferred": sum(row["inferred"] for row in own_arms if row["n"] > 0),
    }
    weight = sum(row["weight"] for row in own_arms)
    found = ((TYPICAL, Draws(rates.typical), weight), (NEW_STUDY, rates.cohort().rate, math.nan))
    for kind, distribution, share in found:
        own = {"kind": kind, "label": _POOLED_LABELS[kind], "weight": share}
        yield basis | own | interval_of(distribution, ci_prob, "rate")


def observed_arms(arms: Arms) -> pd.DataFrame:
    """Return the arms with patients by position: study, arm, label, events, n and rate (probability)."""
    frame = pd.DataFrame(
        {
            "study": arms.frame["study"].astype(str).to_numpy(),
            "arm": arms.frame["arm"].astype(str).to_numpy(),
            "label": arm_labels(arms),
            "events": arms.events,
            "n": arms.n,
        }
    )
    there = frame[frame["n"] > 0]
    if not len(there):
        raise EvidenceError(
            "`fit`: no arm has patients, so there is nothing to draw. Select arms with patients."
        )
    return there.assign(rate=there["events"] / there["n"])
