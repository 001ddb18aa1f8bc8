"""Designs of survival on evidence with every kind of report, for every curve and structure."""

import functools
import warnings

import pandas as pd

import bayesmeta as bm
from bayesmeta.model import Design, make_design
from bayesmeta.model.curves import CURVES, SurvivalCurve

STRUCTURES: dict[str, dict[str, object]] = {
    "none": {},
    "covariates": {"covariates": bm.Covariates("regimen + age", {"regimen": "a"})},
    "levels": {"covariates": bm.Covariates("age + (age | regimen) + (1 | period)")},
    "mixture": {
        "covariates": bm.Covariates("(1 | regimen)"),
        "levels": bm.PartlyExchangeableLevels(exchangeable=0.4),
    },
    "student": {"study_effects": bm.StudentTEffects()},
    "tau_by": {"study_effects": bm.NormalEffects(by="period"), "mu": bm.StudentT(4, 2, 1)},
    "common": {"study_effects": bm.CommonEffect()},
    "independent": {"study_effects": bm.IndependentStudies()},
}
PRIORS: list[SurvivalCurve] = [
    bm.WeibullSurvival(
        kappa=bm.StudentT(4, 0.1, 0.3), tau_k=bm.HalfCauchy(0.2), retention=bm.Uniform(0.1, 1)
    ),
    bm.LogLogisticSurvival(kappa=bm.Cauchy(0, 0.3), tau_k=bm.Gamma(2, 5), retention=bm.Beta(3, 1)),
    bm.ExponentialSurvival(retention=bm.Uniform(0, 1)),
]
OF_STUDIES = {
    "regimen": {"s1": "a", "s2": "b", "s3": "c", "s4": "b", "s5": "a", "s6": "c", "s7": "a"},
    "period": {
        **dict.fromkeys(["s1", "s2", "s3"], "old"),
        **dict.fromkeys(["s4", "s5", "s6", "s7"], "new"),
    },
    "age": {"s1": 6.1, "s2": 7.0, "s3": 5.5, "s4": 4.8, "s5": 6.6, "s6": 5.0, "s7": 7.1},
}


def median(study: str, arm: str, value: object, **own: object) -> dict[str, object]:
    return {"study": study, "arm": arm, "median": value, **own}


def landmark(
    study: str, arm: str, time: float, survival: float, **own: object
) -> dict[str, object]:
    return {"study": study, "arm": arm, "time": time, "survival": survival, **own}


ROWS = [
    # A median by its interval; landmarks before and after it, at risk or with an interval.
    median("s1", "a", 8.0, median_low=5.0, median_high=13.0, n=40),
    landmark("s1", "a", 6, 0.6, at_risk=21, n=40),
    landmark("s1", "a", 12, 0.35, ci_low=0.21, ci_high=0.5, n=40),
    landmark("s1", "a", 24, 0.1, n=40),
    # A landmark by its interval, and a later one that depends on it.
    landmark("s1", "b", 12, 0.45, ci_low=0.3, ci_high=0.6, n=41),
    landmark("s1", "b", 24, 0.21, n=41),
    # A median by patients alone, with a landmark before it.
    median("s2", "a", 5.2, n=12),
    landmark("s2", "a", 3, 0.75, n=12),
    median("s3", "a", "NR", followup=9, n=15),
    # All alive, and none.
    landmark("s4", "a", 6, 1.0, n=8),
    landmark("s4", "a", 12, 0.5, at_risk=4, n=8),
    landmark("s4", "a", 18, 0.0, n=8),
    landmark("s5", "a", 12, 0.3, at_risk=9, n=33),
    median("s6", "a", 20.0, median_low=12.0, median_high="NR", n=26),
    landmark("s6", "a", 40, 0.0, n=26),
    landmark("s7", "a", 12, 0.99, ci_low=0.93, ci_high=1.0, n=90),
]
"""Every kind of report: conditional or not, and of patients who are discounted or not."""


@functools.cache
def arms(*, discounted: bool = True) -> bm.Arms:
    frame = pd.DataFrame(ROWS)
    if not discounted:
        exact = frame["at_risk"].notna() | frame["ci_low"].notna() | frame["median_low"].notna()
        frame = frame[exact].reset_index(drop=True)
    named = {name: frame["study"].map(own) for name, own in OF_STUDIES.items()}
    frame = frame.assign(**named)
    frame["age"] += frame["arm"].map({"a": 0.0, "b": 0.4})
    with warnings.catch_warnings(action="ignore", category=bm.EvidenceWarning):
        return bm.read_survival(frame, time_unit="months").select()


def design_of(curve: SurvivalCurve, structure: str = "none", *, discounted: bool = True) -> Design:
    with warnings.catch_warnings(action="ignore", category=bm.ModelWarning):
        spec = bm.ModelSpec(curve=curve, **STRUCTURES[structure])  # type: ignore[arg-type]
        return make_design(spec, arms(discounted=discounted))


def combinations() -> list[tuple[str, str, bool]]:
    """Every curve with every structure, with patients who are discounted and without."""
    return [
        (curve, structure, discounted)
        for curve in CURVES
        for structure in STRUCTURES
        for discounted in (True, False)
    ]
