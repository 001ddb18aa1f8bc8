"""What a terminal shows of comparisons and validations: they format, they compute nothing."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from bayesmeta.comparison.comparison import Comparison
from bayesmeta.comparison.validation import Validation
from bayesmeta.report.saved_runs import SavedComparison
from bayesmeta.report.text import evidence_lines, percent, table_text

__all__ = ["comparison_cells", "comparison_lines", "foretold_cells", "validation_lines"]

Row = Mapping[Hashable, Any]

SHOWN = 3
"""Studies that are named as those that most hangs on."""


def comparison_lines(comparison: Comparison | SavedComparison) -> list[str]:
    """Return the table of a comparison, what its columns are, its notes and the averaged prediction."""
    first = [] if comparison.ok else ["NOT RELIABLE: fits failed, or their diagnostics; see below."]
    notes = [f"  Note: {note}" for note in comparison.notes]
    return [
        *first,
        *evidence_lines(comparison.evidence),
        "",
        "Models by what each foretells of every study from all others, the best first",
        *table_text(comparison_cells(comparison.table), indent=2).splitlines(),
        "  elpd: log probability of the studies' counts, each given all other studies, and its difference from the best",
        "  with its standard error over studies. Weight: by stacking. CRPS: mean error of the predicted counts, in",
        "  responders an arm. 50%, 80%, 95%: arms inside these prediction intervals, and as",
        "  expected under the model, more than named as counts are whole. log ML: log marginal likelihood.",
        "  A difference below 4, or below two standard errors, does not tell two models apart.",
        *(f"  Not applicable: {name}: {why}" for name, why in comparison.not_applicable.items()),
        *notes,
        *_influence_lines(comparison),
        *(_prediction_lines(comparison) if "weight" in comparison.table else []),
    ]


def comparison_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a comparison as people read it."""
    rows = [_cells(row) for row in table.to_dict("records")]
    return pd.DataFrame(rows).fillna("-")


def _influence_lines(comparison: Comparison | SavedComparison) -> list[str]:
    """Return the studies without which the best model's typical rate changes most."""
    best = comparison.best
    if best is None:
        return []
    table = best.influence_on("typical rate").head(SHOWN)
    changes = [
        f"{row['label']} {100 * row['change']:+.1f}"
        for row in table.to_dict("records")
        if row["study"]
    ]
    return [
        "",
        f"What hangs on one study: the typical rate of {best.model} without it changes most, in points, for",
        f"  {', '.join(changes)}.",
    ]


def _prediction_lines(comparison: Comparison | SavedComparison) -> list[str]:
    """Return what the models together expect of a new cohort."""
    prediction = comparison.prediction
    found = prediction.interval(0.95)
    low, median, high = found.loc["events"].astype(int)
    rates = [percent(value) for value in found.loc["rate", ["lower", "median", "upper"]]]
    return [
        "",
        f"A new cohort of {prediction.n}{f' ({comparison.profile})' if comparison.profile else ''}, by all models with their weights:",
        f"  {median} responders, 95% interval {low} to {high}; true rate {rates[1]}, {rates[0]} to {rates[2]}.",
    ]


def validation_lines(validation: Validation) -> list[str]:
    """Return each cohort with what was foretold of it, and the scores of all."""
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
        f"foretells {len(arms)} arms of {len(validation.studies)}",
        *table_text(foretold_cells(arms), indent=2).splitlines(),
        "  P(so few), P(so many): predictive probabilities of at most, and of at least, as many responders as there were.",
        f"  {inside}. elpd {validation.elpd:.1f} (MCSE {_root(validation.studies['mcse_elpd']):.2f}), "
        f"mean CRPS {arms['crps'].mean():.1f} responders.",
        *(f"  Note: {note}" for note in validation.notes),
    ]


def foretold_cells(arms: pd.DataFrame) -> pd.DataFrame:
    """Return each arm with what was foretold of it, as people read it."""
    return pd.DataFrame([_foretold(row) for row in arms.to_dict("records")])


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


def _foretold(row: Row) -> dict[str, str]:
    return {
        "arm": str(row["arm"]),
        "observed": f"{row['events']}/{row['n']}",
        "foretold": f"{row['median']}",
        "95% interval": f"{row['lower_95']} to {row['upper_95']}",
        "inside": "yes" if row["inside_95"] else "NO",
        "P(so few)": f"{row['at_most']:.3f}",
        "P(so many)": f"{row['at_least']:.3f}",
        "CRPS": f"{row['crps']:.1f}",
    }
