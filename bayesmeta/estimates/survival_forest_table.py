"""Every number of a forest plot of survival: medians, or survival at a time, arm by arm."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from bayesmeta.errors import SettingsError, nearest
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.arm_labels import labels_of_rows, totals_over
from bayesmeta.estimates.forest_table import (
    ARM,
    NEW_STUDY,
    ForestNumbers,
    arm_groups,
    group_profiles,
    grouping_factor,
    intervals_by_label,
    ordered,
)
from bayesmeta.estimates.outcome_draws import OutcomeDraws
from bayesmeta.estimates.posterior import survival_arms_of
from bayesmeta.estimates.precision import Draws, interval_of
from bayesmeta.estimates.profile_survival import (
    Curves,
    ProfileSurvival,
    arm_curves,
    profile_survival,
)
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.estimates.survival_reports import reported_of
from bayesmeta.estimates.survival_times import USUAL_TIMES, checked_time
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.inference.result import Fit
from bayesmeta.model.coded_levels import NEW
from bayesmeta.model.coding import Profile

Row = dict[Hashable, Any]

Quantity = Literal["median", "survival"]

MEDIAN, SURVIVAL = get_args(Quantity)
"""What a forest plot of survival is of."""

TYPICAL = {MEDIAN: "typical median", SURVIVAL: "typical survival"}
"""Kinds of the rows of what a median study has."""

_OBSERVED = ["observed", "observed_lower", "observed_upper", "followup", "others"]


def survival_forest_numbers(
    fit: Fit,
    quantity: Quantity,
    *,
    time: float | None = None,
    by: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    order: str | None = None,
    more: Sequence[str] = (),
) -> ForestNumbers:
    """Return the numbers of a forest plot of survival.

    Returns
    -------
    ForestNumbers
        Its `table` has, group by group with the reference first, one row per arm and then one
        ``typical median`` (or ``typical survival``) and one ``new study``, with columns

        - kind, group, study, arm, label, studies, n, inferred: as of `forest_numbers`;
        - observed, observed_lower, observed_upper: of an arm, as reported, with the interval where
          there is one; a median, or a limit of one, that was not reached is infinite; of survival, the
          landmark at this time;
        - followup: of a median that was not reached, the median follow-up (months);
        - others: what else the arm reports, in words;
        - median (months) or survival (probability), lower, upper: of the posterior; ``mcse_...``: their
          Monte-Carlo standard errors;
        - time: months that survival is at; missing of medians.
    """
    survival_arms_of(fit)
    check_ci_prob(ci_prob)
    asked = _Asked(quantity, checked_quantity(quantity, time), ci_prob)
    drawn = OutcomeDraws(fit)
    coding = drawn.coding
    factor = grouping_factor(coding, by)
    profiles = group_profiles(coding, factor, profile)
    share = words_of_outcome(fit.arms).share
    called = "Typical median" if quantity == MEDIAN else f"Typical {share}"
    arms = ordered(drawn.arms, _arm_rows(drawn, factor, asked), order, more)
    rows: list[Row] = []
    for group, own in profiles.items():
        members = arms[arms["group"] == group].to_dict("records")
        # A level that no study has rests on none.
        basis = _basis(group, [] if group == NEW else members)
        rows += [*members, *_pooled_rows(profile_survival(fit, own), basis, asked, called)]
    table = pd.DataFrame(rows, columns=[*arms.columns])
    table = table.astype({"n": "int64", "inferred": "int64"})
    held = profile_label(coding, profile, without=factor) if set(coding.columns) - {factor} else ""
    tau, sigma = (intervals_by_label(each, ci_prob) for each in (drawn.taus(), drawn.sigmas()))
    numbers = ForestNumbers(table, factor, held, False, tau, sigma, ci_prob)  # noqa: FBT003
    return replace(numbers, typical=TYPICAL[quantity], estimate=quantity)


def checked_quantity(quantity: object, time: object) -> float:
    """Return the time in months that a quantity is of, after checking both; NaN of medians.

    Raises
    ------
    SettingsError
        If there is no such quantity, `time` is no time, or it has no effect.
    """
    if quantity not in TYPICAL:
        raise SettingsError(
            f"`quantity`: there is none called {quantity!r}. {nearest(str(quantity), TYPICAL)}"
        )
    if quantity == MEDIAN:
        if time is not None:
            raise SettingsError(
                '`time` has no effect on medians. Leave it out, or ask for "survival".'
            )
        return np.nan
    return checked_time(USUAL_TIMES[0] if time is None else time)


@dataclass(frozen=True)
class _Asked:
    """What is asked of curves: their median, or their survival at a time in months."""

    quantity: Quantity
    time: float
    ci_prob: float

    def interval(self, curves: Curves) -> Row:
        """Return the estimate and its interval, with Monte-Carlo errors."""
        values = curves.median if self.quantity == MEDIAN else curves.survival(self.time)
        return dict(interval_of(Draws(values), self.ci_prob, self.quantity).items())


def _arm_rows(drawn: OutcomeDraws, factor: str | None, asked: _Asked) -> pd.DataFrame:
    """Return one row per arm, in the order of the evidence."""
    arms = survival_arms_of(drawn.fit)
    reported = reported_of(arms, None if asked.quantity == MEDIAN else asked.time)
    curves = arm_curves(drawn.fit)
    found = pd.DataFrame([asked.interval(curves.of(arm)) for arm in range(len(arms))])
    return pd.DataFrame(
        {
            "kind": ARM,
            "group": arm_groups(drawn, factor),
            "study": arms.frame["study"].astype(str).to_numpy(),
            "arm": arms.frame["arm"].astype(str).to_numpy(),
            "label": labels_of_rows(drawn, factor, totals_over(drawn, factor)),
            "studies": 1,
            "n": arms.n,
            "time": asked.time,
            **{name: reported[name].to_numpy() for name in _OBSERVED},
            **{name: found[name].to_numpy() for name in found.columns},
            "inferred": reported["inferred"].to_numpy(dtype=np.int64),
        }
    )


def _basis(group: str, members: Sequence[Row]) -> Row:
    """Return the arms that a group's typical study and new study rest on."""
    return {
        "group": group,
        "study": "",
        "arm": "",
        "studies": len({row["study"] for row in members}),
        "n": sum(row["n"] for row in members),
        "inferred": sum(row["inferred"] for row in members),
        "others": "",
    }


def _pooled_rows(found: ProfileSurvival, basis: Row, asked: _Asked, called: str) -> Iterator[Row]:
    """Yield a group's typical study, which is `called` so, and its new study."""
    both = (
        (TYPICAL[asked.quantity], called, found.typical),
        (NEW_STUDY, NEW_STUDY.capitalize(), found.new_study),
    )
    for kind, label, curves in both:
        own: Row = {"kind": kind, "label": label, "time": asked.time}
        yield basis | own | asked.interval(curves)
