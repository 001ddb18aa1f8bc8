"""Evidence of survival that several folders use: nine arms of eight studies, of two regimens."""

import warnings
from io import StringIO

import pandas as pd

import bayesmeta as bm

CSV = """study,arm,regimen,outcome,n,median,median_low,median_high,time,survival,ci_low,ci_high,at_risk,followup,derivation,note
s1,x,a,OS,40,8,5,12,,,,,,,reported,first
s1,x,a,OS,40,,,,18,0.2,,,8,,from_sum,
s1,y,b,OS,30,11,7,NR,,,,,,,reported,
s2,x,a,OS,25,6,,,,,,,,,inferred,
s3,x,b,OS,33,,,,12,0.42,0.25,0.58,,,reported,
s4,x,a,OS,20,7.5,4,11,,,,,,,reported,
s4,x,a,OS,20,,,,12,0.3,,,6,,reported,
s5,x,b,OS,18,NR,,,,,,,,10,reported,
s6,x,a,OS,24,5,3.5,8,,,,,,,reported,
s7,x,b,OS,26,9,6,14,,,,,,,reported,
s8,x,b,OS,,30,,,,,,,,,reported,no precision
s9,x,a,OS,36,9,7.5,10.1,,,,,,,reported,too narrow
"""


def survival_arms(table: str | pd.DataFrame) -> bm.SurvivalArms:
    """Return the arms of a table of survival in months."""
    return bm.read_survival(table, time_unit="months").select(outcome="OS")


def example_arms() -> bm.SurvivalArms:
    """Return the arms of the table above, of which one interval is too narrow."""
    with warnings.catch_warnings(action="ignore", category=bm.EvidenceWarning):
        return survival_arms(pd.read_csv(StringIO(CSV), dtype=str))


def survival_model() -> bm.ModelSpec:
    """Return a model with a factor, whose tau a few studies tell little of."""
    covariates = bm.Covariates("regimen", {"regimen": "a"})
    return bm.ModelSpec("by_regimen", covariates=covariates, curve=bm.WeibullSurvival())
