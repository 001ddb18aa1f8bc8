"""Fits and predictions of nested outcomes as JSON for machines."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from bayesmeta.estimates.count_distributions import range_step
from bayesmeta.estimates.nested.predict import NestedPrediction
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.result import Fit
from bayesmeta.report.machine import by_row, records

__all__ = ["nested_fit_json", "nested_prediction_json"]


def nested_fit_json(
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
        "outcomes": list(result.outcomes),
        "arms": len(result.arms),
        "studies": len(result.arms.studies),
        "n": int(result.arms.n.sum()),
        "findings": list(map(asdict, result.arms.findings)),
        "seed": result.provenance.seed,
        "seconds": result.provenance.seconds,
        "summary": records(table),
        "saved": str(saved),
    }


def nested_prediction_json(
    prediction: NestedPrediction, ci: float, asked: Sequence[str]
) -> dict[str, Any]:
    """Return a prediction's intervals, categories and the joint probabilities asked for."""
    interval = prediction.interval(ci)
    probabilities = {event: prediction.probability(event) for event in asked}
    return {
        "n": prediction.n,
        "profile": prediction.profile,
        "study": prediction.study,
        "ci_prob": ci,
        "outcomes": {
            outcome: {
                "interval": by_row(interval.loc[[outcome]].droplevel("outcome")),
                "pmf": prediction.of(outcome).listed["probability"].tolist(),
                "pmf_step": range_step(prediction.n),
            }
            for outcome in prediction.outcomes
        },
        "categories": records(prediction.table(ci).reset_index()),
        "probabilities": {
            event: {"probability": float(found), "mcse": found.mcse}
            for event, found in probabilities.items()
        },
    }
