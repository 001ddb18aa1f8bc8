"""Evidence without responders: arms of realistic sizes, some studies with two, covariates.

Of nested outcomes, arms report some in a fixed pattern.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd

from bayesmeta.evidence import Arms, read_evidence, read_survival

PATIENTS = (24, 8, 41, 15, 60, 12, 33, 19, 27, 50)
"""Patients of the arms, over and over."""

DOSES = (1.0, 2.5, 0.5, 1.5, 3.0, 2.0, 0.8)

EVERY = 3
"""Every so many studies one has two arms, which inform on covariates within a study."""

FEW = 5
"""Up to so many studies a factor has two levels, with more three."""

MIXED = 1
"""Row whose regimen is a known mixture of two, where a model asks for it."""

OUTCOMES = ("ORR", "CR_CRi", "CR")

GROUPS = ("g1", "g2", "g3")
"""Groups of exchangeable regimens."""

YEARS = (2019, 2015, 2018, 2016)
"""Calendar years of studies, over and over: one of them without any."""

WITHIN_GROUP = 2
"""Regimens of each group."""

REPORTED = ("111", "101", "010", "110", "001", "100", "011")
"""Which of the outcomes arms report, over and over: every choice there is."""


def empty_arms(studies: int) -> Arms:
    """Return the arms of so many studies, with no responders yet and every covariate."""
    levels = "ab" if studies <= FEW else "abc"
    pairs = [(i, j) for i in range(studies) for j in range(2 if i % EVERY == 0 else 1)]
    rows = [
        {
            "study": f"study{i + 1:02d}",
            "arm": f"arm{j + 1}",
            "events": 0,
            "n": PATIENTS[row % len(PATIENTS)],
            "regimen": levels[row % len(levels)],
            "dose": DOSES[row % len(DOSES)],
            "known_dose": None if row % EVERY == 1 and row else DOSES[row % len(DOSES)],
            "share_a": 0.3 if row == MIXED else None,
            "share_b": 0.7 if row == MIXED else None,
            "period": "early" if i % 2 else "late",
        }
        for row, (i, j) in enumerate(pairs)
    ]
    return read_evidence(pd.DataFrame(rows)).select()


def empty_nested_arms(studies: int) -> Arms:
    """Return the arms of `empty_arms`, with no patients yet of each outcome that they report."""
    arms = empty_arms(studies)
    reported = [REPORTED[row % len(REPORTED)] for row in range(len(arms))]
    counts = {
        outcome: pd.array([0 if arm[level] == "1" else None for arm in reported], dtype="Int64")
        for level, outcome in enumerate(OUTCOMES)
    }
    frame = arms.frame.drop(columns="events").assign(**counts)
    return Arms(frame, arms.excluded, outcomes=OUTCOMES)


def empty_grouped_arms(studies: int) -> Arms:
    """Return the arms of `empty_arms` with six regimens in turn, two of each of three groups."""
    arms = empty_arms(studies)
    regimens = [row % (WITHIN_GROUP * len(GROUPS)) for row in range(len(arms))]
    frame = arms.frame.assign(
        group=[GROUPS[regimen // WITHIN_GROUP] for regimen in regimens],
        regimen=[f"r{regimen + 1}" for regimen in regimens],
    )
    return Arms(frame, arms.excluded)


def empty_dated_arms(studies: int) -> Arms:
    """Return the arms of `empty_arms` with the calendar year of each study."""
    arms = empty_arms(studies)
    years = [YEARS[study % len(YEARS)] for study in arms.study_index]
    return Arms(arms.frame.assign(year=years), arms.excluded)


def empty_divided_arms(studies: int) -> Arms:
    """Return arms divided by exposure: every third reports one level, all their total."""
    rows = []
    for i in range(studies):
        n = PATIENTS[i % len(PATIENTS)]
        exposed = 0 if i % EVERY == 0 else None
        rows += [
            (f"study{i + 1:02d}", "", 0, n),
            (f"study{i + 1:02d}", "exposure=yes", exposed, n // 3 + 1),
        ]
    frame = pd.DataFrame(rows, columns=["study", "stratum", "events", "n"])
    frame = frame.astype({"events": "Int64"}).assign(derivation="reported")
    return read_evidence(frame).select(strata="exposure")


def empty_undivided_arms(studies: int) -> Arms:
    """Return the arms of `empty_divided_arms`, with no more known of sizes than reported levels tell."""
    arms = empty_divided_arms(studies)
    sizes = arms.frame["split_n"].mask(arms.frame["split_n"] > 0)
    return Arms(arms.frame.assign(split_n=sizes), arms.excluded)


REPORTED_OF_SURVIVAL: tuple[tuple[dict[str, object], ...], ...] = (
    (
        {"median": 8, "median_low": 5, "median_high": 12.8},
        {"time": 6, "survival": 0.6, "at_risk": 0.6},
    ),
    ({"time": 12, "survival": 0.4, "ci_low": 0.24, "ci_high": 0.56}, {"time": 24, "survival": 0.2}),
    ({"median": 9},),
    ({"median": "NR", "followup": 10},),
    (
        {"time": 12, "survival": 0.5, "at_risk": 0.5},
        {"time": 18, "survival": 0.25, "at_risk": 0.25},
    ),
    ({"median": 7}, {"time": 12, "survival": 0.3}, {"time": 3, "survival": 0.8}),
)
"""What arms report of survival, over and over: every kind, alone and conditional on another.

Patients at risk are here as a share of those treated.
"""


def empty_survival_arms(studies: int) -> Arms:
    """Return the arms of `empty_arms` with reports of survival, whose values are to be replaced."""
    rows: list[dict[Any, Any]] = []
    for place, row in enumerate(
        empty_arms(studies).frame.drop(columns="events").to_dict("records")
    ):
        for report in REPORTED_OF_SURVIVAL[place % len(REPORTED_OF_SURVIVAL)]:
            share = report.get("at_risk")
            at_risk = None if share is None else round(float(str(share)) * row["n"])
            rows.append({**row, **report, "at_risk": at_risk})
    return read_survival(pd.DataFrame(rows), time_unit="months").select()


LAYOUTS: dict[str, tuple[Callable[[int], Arms], tuple[int, ...]]] = {
    "arms": (empty_arms, (3, 10)),
    "nested": (empty_nested_arms, (3, 10)),
    "grouped": (empty_grouped_arms, (10,)),
    "dated": (empty_dated_arms, (10,)),
    "divided": (empty_divided_arms, (3, 10)),
    "undivided": (empty_undivided_arms, (3, 10)),
    "survival": (empty_survival_arms, (10,)),
}
"""What makes the arms of each layout, and its numbers of studies: three have not all the regimens."""
