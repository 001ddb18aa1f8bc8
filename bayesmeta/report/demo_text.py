"""What a terminal shows of the demonstration."""

import numpy as np
import pandas as pd

from bayesmeta.estimates.events import cohort_event
from bayesmeta.estimates.inferred import inferred_lines
from bayesmeta.estimates.log_priors import SENSITIVE, tau_scaling
from bayesmeta.estimates.overlap import prior_overlap
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.summary_text import SummaryTable, rate_precision, rate_table
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.result import Fit
from bayesmeta.layout import table_text
from bayesmeta.report.document import lines_of
from bayesmeta.report.fit_text import head_blocks, heterogeneity_line
from bayesmeta.report.prediction_text import prediction_blocks
from bayesmeta.report.text import Blocks

DEMO_QUESTIONS = tuple(
    cohort_event(40, {name: value})
    for name, value in (("rate_above", 0.5), ("events_at_least", 24))
)
"""What the demonstration asks about the new cohort."""


def _tau_line(fit: Fit) -> str:
    """Return what power-scaling says of tau, and how far prior and posterior overlap."""
    [prior] = fit.design.tau
    moved, by_likelihood = tau_scaling(fit)["tau"]
    overlap = f"{100 * prior_overlap(prior, np.asarray(fit.posterior['tau'])):.0f}%"
    verdict = "below" if moved < SENSITIVE else "above"
    evidence = "" if np.isnan(by_likelihood) else f"; to the likelihood {by_likelihood:.2f}"
    return (
        f"Its prior {prior!r}: overlap with the posterior {overlap}; power-scaling: sensitivity to the priors {moved:.2f}, "
        f"{verdict} the {SENSITIVE:g} that counts{evidence}."
    )


def demo_blocks(
    fit: Fit,
    diagnostics: Diagnostics,
    table: SummaryTable,
    prediction: Prediction,
    *,
    new: SummaryTable,
) -> Blocks:
    """Return what is printed of the demonstration, whose covariate is the class of regimen.

    `new` has the rates of a regimen that no study has.
    """
    words, rates = table.words, rate_table(table)
    regimens = rates.pop("profile").str.removeprefix("regimen_class=")
    studies = fit.arms.frame.groupby("regimen_class")["study"].nunique()
    # A mark of inferred counts may follow the level.
    parts = [name.partition(" ") for name in regimens]
    named = [f"{words.level('regimen_class', level)}{gap}{mark}" for level, gap, mark in parts]
    rates.insert(0, "regimen", named)
    rates.insert(1, "studies", [studies[level] for level, _, _ in parts])
    unseen = rate_table(new).drop(columns="profile").assign(regimen="a new regimen ‡", studies=0)
    rates = pd.concat([rates, unseen[rates.columns]], ignore_index=True)
    return [
        *head_blocks(fit, diagnostics, words),
        "Overall response by class of regimen: median and 95% interval",
        table_text(rates, indent=2),
        "  typical: the median study; mean: averaged over studies; new study: where its true rate lies.",
        [f"  {line}" for line in inferred_lines(table, words)],
        "  ‡ By model exchangeable_regimens: a class that no study has, drawn from the distribution of all classes.",
        f"  {rate_precision(table)}",
        f"  {heterogeneity_line(table, fit.spec, words)}",
        f"  {_tau_line(fit)}",
        "",
        "A new cohort of 40 patients on venetoclax and a hypomethylating agent",
        [
            f"  {line}"
            for line in lines_of(prediction_blocks(prediction, 0.95, DEMO_QUESTIONS, words))
        ],
    ]
