"""Fits and predictions as JSON for machines."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayesmeta.estimates.contrasts import Contrasts
from bayesmeta.estimates.count_laws import range_step
from bayesmeta.estimates.inferred import Inferred
from bayesmeta.estimates.predict import Prediction
from bayesmeta.evidence import Arms, NestedArms
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.result import Fit

if TYPE_CHECKING:
    from bayesmeta.comparison.comparison import Comparison
    from bayesmeta.comparison.validation import Validation

__all__ = [
    "arms_json",
    "basis_json",
    "comparison_json",
    "contrast_json",
    "finite",
    "fit_json",
    "prediction_json",
    "records",
    "validation_json",
]


def arms_json(arms: Arms | NestedArms) -> dict[str, Any]:
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
    return {
        "diagnostics_ok": diagnostics.ok,
        "diagnostics_level": diagnostics.level,
        "problems": [str(problem) for problem in diagnostics.problems],
        "diagnostics_warnings": [str(warning) for warning in diagnostics.warnings],
        "sampled_again": list(diagnostics.repeats),
        "model": result.spec.name,
        "arms": len(result.arms),
        "studies": len(result.arms.studies),
        "events": int(result.arms.events.sum()),
        "n": int(result.arms.n.sum()),
        "findings": list(map(asdict, result.arms.findings)),
        "seed": result.provenance.seed,
        "seconds": result.provenance.seconds,
        "summary": records(table),
        "saved": str(saved),
    }


def prediction_json(
    prediction: Prediction, ci: float, asked: Sequence[tuple[str, Any]]
) -> dict[str, Any]:
    """Return a prediction's interval, probability mass function and the probabilities asked for.

    Of more than 10,000 patients the mass is that of ranges of `pmf_step` counts, from 0 on.
    """
    probabilities = {name: prediction.probability(**{name: value}) for name, value in asked}
    return {
        "n": prediction.n,
        "profile": prediction.profile,
        "study": prediction.study,
        "ci_prob": ci,
        "interval": json.loads(prediction.interval(ci).to_json(orient="index")),
        "pmf": prediction.listed["probability"].tolist(),
        "pmf_step": range_step(prediction.n),
        "probabilities": {
            name: {
                "at": value,
                "probability": float(probabilities[name]),
                "mcse": finite(probabilities[name].mcse),
            }
            for name, value in asked
        },
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
        "contrasts": records(contrasts.table.replace([math.inf, -math.inf], None)),
        "ranks": records(contrasts.ranks) if ranks else None,
    }


def comparison_json(comparison: "Comparison") -> dict[str, Any]:
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
            "interval": json.loads(comparison.prediction.interval(0.95).to_json(orient="index")),
            "pmf": comparison.prediction.pmf["probability"].tolist(),
        }
    return found


def validation_json(validation: "Validation") -> dict[str, Any]:
    """Return what was foretold of each cohort, and the scores."""
    return {
        "diagnostics_ok": validation.diagnostics.ok,
        "model": validation.fit.spec.name,
        "elpd": validation.elpd,
        "arms": records(validation.arms),
        "studies": records(validation.studies),
        "coverage": records(validation.coverage),
        "notes": list(validation.notes),
    }


def finite(value: float) -> float | None:
    """Return a number, or None where there is none: JSON has no NaN."""
    return value if math.isfinite(value) else None


def records(table: pd.DataFrame) -> Any:
    """Return a table as a list of rows; missing values are null."""
    return json.loads(table.to_json(orient="records", double_precision=15))
