"""What a terminal shows of the demonstration."""

import pandas as pd

from bayesmeta.estimates.predict import Prediction
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.result import Fit
from bayesmeta.report.fit_text import head_blocks
from bayesmeta.report.text import (
    Blocks,
    heterogeneity_line,
    inferred_lines,
    prediction_lines,
    rate_precision,
    rate_table,
    table_text,
)

__all__ = ["DEMO_QUESTIONS", "demo_blocks"]

DEMO_QUESTIONS = (("rate_above", 0.5), ("events_at_least", 24))
"""What the demonstration asks about the new cohort."""


def demo_blocks(
    fit: Fit,
    diagnostics: Diagnostics,
    table: pd.DataFrame,
    prediction: Prediction,
) -> Blocks:
    """Return what is printed of the demonstration, whose covariate is the class of regimen."""
    rates = rate_table(table)
    rates.insert(0, "regimen", rates.pop("profile").str.removeprefix("regimen_class="))
    studies = fit.arms.frame.groupby("regimen_class")["study"].nunique()
    marked = rates["regimen"].str.split(" ").str[0]
    rates.insert(1, "studies", [studies[regimen] for regimen in marked])
    return [
        *head_blocks(fit, diagnostics),
        "Overall response by class of regimen: median and 95% interval",
        table_text(rates, indent=2),
        "  typical: the median study; mean: averaged over studies; new study: where its true rate lies.",
        [f"  {line}" for line in inferred_lines(table)],
        f"  {rate_precision(table)}",
        f"  {heterogeneity_line(table, fit.spec)}",
        "",
        "A new cohort of 40 patients on venetoclax and a hypomethylating agent",
        [f"  {line}" for line in prediction_lines(prediction, 0.95, DEMO_QUESTIONS)],
    ]
