"""Fits and predictions as JSON for machines."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmeta.estimates.contrasts import Contrasts
from bayesmeta.estimates.count_distributions import range_step
from bayesmeta.estimates.inferred import Inferred
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.evidence import Arms
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.result import Fit

if TYPE_CHECKING:
    from bayesmeta.comparison.comparison import Comparison
    from bayesmeta.comparison.validation import Validation

__all__ = [
    "arms_json",
    "basis_json",
    "by_row",
    "comparison_json",
    "contrast_json",
    "fit_json",
    "nested_prediction_json",
    "plain_value",
    "prediction_json",
    "records",
    "validation_json",
]


def arms_json(arms: Arms) -> dict[str, Any]:
    """Return the rows kept, the rows left out, and the selection that decided."""
    return {
        "selection": arms.selection,
        "arms": records(arms.frame),
        "excluded": records(arms.excluded),
        "findings": list(map(asdict, arms.findings)),
    }


def fit_json(
    result: Fit, diagnostics: Diagnostics, table: pd.DataFrame, saved: Path
) -> dict[str, Any]:
    """Return a fit's verdict, evidence and summary."""
    arms = result.arms
    several = len(arms.outcomes) > 1
    return {
        "diagnostics_ok": diagnostics.ok,
        "diagnostics_level": diagnostics.level,
        "problems": [str(problem) for problem in diagnostics.problems],
        "diagnostics_warnings": [str(warning) for warning in diagnostics.warnings],
        "sampled_again": list(diagnostics.repeats),
        "model": result.spec.name,
        **({"outcomes": list(arms.outcomes)} if several else {}),
        "arms": len(arms),
        "studies": len(arms.studies),
        **({} if several else {"events": int(arms.events.sum())}),
        "n": int(arms.n.sum()),
        "findings": list(map(asdict, arms.findings)),
        "seed": result.provenance.seed,
        "seconds": result.provenance.seconds,
        "summary": records(table),
        "saved": str(saved),
    }


def prediction_json(
    prediction: Prediction, ci: float, asked: Sequence[tuple[str, Any]]
) -> dict[str, Any]:
    """Return a prediction's interval, probability mass function and the probabilities asked for."""
    probabilities = {name: prediction.probability(**{name: value}) for name, value in asked}
    return {
        **_cohort_json(prediction, ci),
        **_mass_json(prediction, ci),
        "probabilities": {
            name: {
                "at": value,
                "probability": float(probabilities[name]),
                "mcse": plain_value(float(probabilities[name].mcse)),
            }
            for name, value in asked
        },
    }


def nested_prediction_json(
    prediction: Prediction, ci: float, asked: Sequence[str]
) -> dict[str, Any]:
    """Return a prediction's intervals, categories and the joint probabilities asked for."""
    probabilities = {event: prediction.probability(event) for event in asked}
    return {
        **_cohort_json(prediction, ci),
        "outcomes": {one: _mass_json(prediction.of(one), ci) for one in prediction.outcomes},
        "categories": records(prediction.table(ci).reset_index()),
        "probabilities": {
            event: {"probability": float(found), "mcse": found.mcse}
            for event, found in probabilities.items()
        },
    }


def _cohort_json(prediction: Prediction, ci: float) -> dict[str, Any]:
    return {
        "n": prediction.n,
        "profile": prediction.profile,
        "study": prediction.study,
        "ci_prob": ci,
    }


def _mass_json(prediction: Prediction, ci: float) -> dict[str, Any]:
    """Return interval and mass; of more than 10,000 patients that of ranges of `pmf_step` counts."""
    return {
        "interval": by_row(prediction.interval(ci)),
        "pmf": prediction.listed["probability"].tolist(),
        "pmf_step": range_step(prediction.n),
    }


def basis_json(basis: Sequence[Inferred]) -> dict[str, Any]:
    """Return how many arms a prediction rests on, and how many of their counts are inferred."""
    return {"basis": [found._asdict() for found in basis]}


def contrast_json(contrasts: Contrasts, *, ranks: bool) -> dict[str, Any]:
    """Return the contrasts of a factor, and its ranks where shown; what is infinite is null."""
    return {
        "factor": contrasts.factor,
        "profile": contrasts.profile,
        "ci_prob": contrasts.ci_prob,
        "contrasts": records(contrasts.table),
        "ranks": records(contrasts.ranks) if ranks else None,
    }


def comparison_json(comparison: "Comparison", ci: float) -> dict[str, Any]:
    """Return the tables of a comparison and the averaged prediction."""
    found: dict[str, Any] = {
        "ok": comparison.ok,
        "profile": comparison.profile,
        "notes": list(comparison.notes),
        "models": records(comparison.table),
        "studies": records(comparison.studies),
        "arms": records(comparison.arms),
        "influence": records(comparison.influence),
        "fits": records(comparison.fits),
        "seconds": records(comparison.seconds),
    }
    if "weight" in comparison.table:
        found["prediction"] = {
            "n": comparison.prediction.n,
            "profile": comparison.prediction.profile,
            "weights": dict(comparison.prediction.weights),
            "ci_prob": ci,
            "interval": by_row(comparison.prediction.interval(ci)),
            "pmf": comparison.prediction.pmf["probability"].tolist(),
        }
    return found


def validation_json(validation: "Validation") -> dict[str, Any]:
    """Return what was predicted of each cohort, and the scores."""
    return {
        "diagnostics_ok": validation.diagnostics.ok,
        "model": validation.fit.spec.name,
        "elpd": validation.elpd,
        "arms": records(validation.arms),
        "studies": records(validation.studies),
        "coverage": records(validation.coverage),
        "notes": list(validation.notes),
    }


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as a list of rows, every number with all its digits; missing values are null."""
    names = list(map(str, table.columns))
    rows = table.itertuples(index=False, name=None)
    return [dict(zip(names, map(plain_value, row), strict=True)) for row in rows]


def by_row(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return a table as its rows by their names, every number with all its digits."""
    return dict(zip(map(str, table.index), records(table), strict=True))


def plain_value(value: Any) -> Any:
    """Return a cell as JSON has it: null where there is no value, or no finite one."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if value is None or value is pd.NA or value is pd.NaT else value
