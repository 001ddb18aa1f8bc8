"""What a terminal shows of comparisons and validations: they format, they compute nothing."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from bayesmeta.comparison.comparison import Comparison
from bayesmeta.comparison.validation import Validation
from bayesmeta.errors import counted
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.layout import table_text
from bayesmeta.report.saved_runs import SavedComparison
from bayesmeta.report.text import evidence_lines
from bayesmeta.rounding import percent, probability_text
from bayesmeta.wording import PLAIN, Wording

__all__ = [
    "averaged_sentence",
    "change_text",
    "comparison_cells",
    "comparison_lines",
    "predicted_cells",
    "validation_lines",
]

Row = Mapping[Hashable, Any]

SHOWN = 3
"""Studies that are named as those with the greatest influence."""

FINER = 4
"""By how much a change is written more finely than the interval of what changes."""


def comparison_lines(
    comparison: Comparison | SavedComparison, ci_prob: float, words: Wording = PLAIN
) -> list[str]:
    """Return the table of a comparison, what its columns are, its notes and the averaged prediction."""
    first = [] if comparison.ok else ["NOT RELIABLE: fits failed, or their diagnostics; see below."]
    notes = [f"  Note: {note}" for note in comparison.notes]
    return [
        *first,
        *evidence_lines(comparison.evidence, words),
        "",
        "Models by what each predicts of every study from all others, the best first",
        *table_text(comparison_cells(comparison.table), indent=2).splitlines(),
        "  elpd: log probability of the studies' counts, each given all other studies, and its difference from the best",
        "  with its standard error over studies. Weight: by stacking. CRPS: mean error of the predicted counts, in",
        "  responders an arm. 50%, 80%, 95%: arms inside these prediction intervals, and as",
        "  expected under the model, more than named as counts are whole. log ML: log marginal likelihood.",
        f"  {_about_fits(comparison)}",
        "  A difference below 4, or below two standard errors, does not tell two models apart.",
        *(f"  Not applicable: {name}: {why}" for name, why in comparison.not_applicable.items()),
        *notes,
        *_influence_lines(comparison, words),
        *(_prediction_lines(comparison, ci_prob, words) if "weight" in comparison.table else []),
    ]


def _about_fits(comparison: Comparison | SavedComparison) -> str:
    """Return how studies were left out, and what is counted as fits."""
    # Of a model whose whole evidence could not be fitted, there is no study to tell of.
    tables = [one.studies for one in comparison.left_out.values() if len(one.studies)]
    if not any(table["pareto_k"].notna().any() for table in tables):
        return "Fits: to all studies, and without each."
    return "Studies are left out by PSIS. Fits: to all studies, and without a study where PSIS is unreliable."


def comparison_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a comparison as people read it."""
    rows = [_cells(row) for row in table.to_dict("records")]
    return pd.DataFrame(rows).fillna("-")


def _influence_lines(comparison: Comparison | SavedComparison, words: Wording) -> list[str]:
    """Return the studies without which the best model's typical rate changes most."""
    best = comparison.best
    if best is None:
        return []
    table = best.influence_on("typical rate").head(SHOWN)
    changes = [
        f"{row['label']} {change_text(row, words)}"
        for row in table.to_dict("records")
        if row["study"]
    ]
    return [
        "",
        f"Influence of single studies: the typical rate of {best.model} without it changes most, {words.rates.in_points}, for",
        f"  {', '.join(changes)}.",
    ]


def change_text(row: Row, words: Wording = PLAIN) -> str:
    """Return by how much an estimate changes, one decimal finer than its interval asks for."""
    width = (row["upper"] - row["lower"]) / FINER
    return words.rates.differences(row["change"], 0.0, width, signed=True)[0]


def _prediction_lines(
    comparison: Comparison | SavedComparison, ci_prob: float, words: Wording
) -> list[str]:
    """Return what the models together expect of a new cohort."""
    lines = averaged_sentence(comparison.prediction, ci_prob, words).split("\n")
    others = comparison.table["weight"].notna().sum() - len(comparison.prediction.weights)
    if others:
        lines.append(
            f"  Left out of it: {counted(others, 'model')} that would answer for other profiles; see the note."
        )
    return ["", *lines]


def averaged_sentence(prediction: Prediction, ci_prob: float, words: Wording = PLAIN) -> str:
    """Return what the models together expect of a new cohort, in two lines."""
    found = prediction.interval(ci_prob)
    low, median, high = found.loc["events", ["lower", "median", "upper"]].astype(int)
    rate, *ends = words.rates.texts(*found.loc["rate", ["median", "lower", "upper"]])
    return (
        f"A new cohort of {prediction.n} ({words.text(prediction.profile)}), by {_averaged(prediction)}:\n"
        f"  {median} responders, {100 * ci_prob:g}% interval {low} to {high}; true rate {rate}{words.rates.per_text}, "
        f"{' to '.join(ends)}."
    )


def _averaged(prediction: Prediction) -> str:
    if len(prediction.weights) == 1:
        return f"{next(iter(prediction.weights))} alone"
    return ", ".join(f"{name} (weight {w:.2f})" for name, w in prediction.weights.items())


def validation_lines(validation: Validation) -> list[str]:
    """Return each cohort with what was predicted of it, and the scores of all."""
    first = (
        []
        if validation.diagnostics.ok
        else ["NOT RELIABLE: the diagnostics failed; do not use these numbers."]
    )
    train, arms = validation.fit.arms, validation.arms
    inside = ", ".join(
        f"{row['inside']:.0f} of {row['arms']:.0f} inside {100 * row['ci_prob']:g}% ({percent(row['expected'])} expected)"
        for row in validation.coverage.to_dict("records")
    )
    return [
        *first,
        f"Model {validation.fit.spec.name}, made from {len(train)} arms of {len(train.studies)} studies, "
        f"predicts {counted(len(arms), 'arm')} of {counted(len(validation.studies), 'study', 'studies')}",
        *table_text(predicted_cells(arms), indent=2).splitlines(),
        "  P(so few), P(so many): predictive probabilities of at most, and of at least, as many responders as there were.",
        f"  {inside}. elpd {validation.elpd:.1f} (MCSE {_root(validation.studies['mcse_elpd']):.2f}), "
        f"mean CRPS {arms['crps'].mean():.1f} responders.",
        *(f"  Note: {note}" for note in validation.notes),
    ]


def predicted_cells(arms: pd.DataFrame) -> pd.DataFrame:
    """Return each arm with what was predicted of it, as people read it."""
    return pd.DataFrame([_predicted(row) for row in arms.to_dict("records")])


def _root(errors: "pd.Series[float]") -> float:
    return float((errors**2).sum() ** 0.5)


def _cells(row: Row) -> dict[str, str]:
    if row.get("not_applicable"):
        return {"model": str(row["model"]), "elpd": "-", "fits": "not applicable"}
    cells = {
        "model": str(row["model"]),
        "elpd": _number(row.get("elpd")),
        "difference": _difference(row),
        "weight": _number(row.get("weight"), 2),
        "CRPS": _number(row["crps"], 2),
        **{f"{p}%": _shares(row, p) for p in (50, 80, 95)},
    }
    if "log_marginal_likelihood" in row:
        value = _number(row["log_marginal_likelihood"], 2)
        error = row["mcse_log_marginal_likelihood"]
        cells["log ML"] = value if pd.isna(error) else f"{value} ± {error:.2f}"
    wrong = [f"{row[name]} {name}" for name in ("failed", "flagged") if row[name]]
    return cells | {"fits": f"{row['fits']}" + (f" ({', '.join(wrong)})" if wrong else "")}


def _difference(row: Row) -> str:
    if pd.isna(row.get("elpd_diff")):
        return "-"
    return "0" if row["elpd_diff"] == 0 else f"{row['elpd_diff']:.1f} ± {row['dse']:.1f}"


def _shares(row: Row, p: int) -> str:
    """Return the share of arms inside an interval, and the share that the model expects."""
    if pd.isna(row[f"coverage_{p}"]):
        return "-"
    return f"{percent(row[f'coverage_{p}'])} ({percent(row[f'expected_{p}'])})"


def _number(value: Any, digits: int = 1) -> str:
    return "-" if value is None or pd.isna(value) else f"{value:.{digits}f}"


def _predicted(row: Row) -> dict[str, str]:
    return {
        "arm": str(row["arm"]),
        "observed": f"{row['events']}/{row['n']}",
        "predicted": f"{row['median']}",
        "95% interval": f"{row['lower_95']} to {row['upper_95']}",
        "inside": "yes" if row["inside_95"] else "NO",
        "P(so few)": probability_text(row["at_most"]),
        "P(so many)": probability_text(row["at_least"]),
        "CRPS": f"{row['crps']:.1f}",
    }
