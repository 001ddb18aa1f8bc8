"""Comparisons of models as tables and sentences, and as JSON."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from bayesmeta.comparison.comparison import Comparison
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.comparison.weights import method_of
from bayesmeta.errors import counted
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.machine import by_row, records
from bayesmeta.report.predicted_text import change_text, is_of_reports, outcomes_in
from bayesmeta.report.saved_runs import SavedComparison
from bayesmeta.report.text import evidence_lines
from bayesmeta.rounding import error_text, percent
from bayesmeta.wording import PLAIN, Wording

Row = Mapping[Hashable, Any]
AnyComparison = Comparison | SavedComparison

SHOWN = 3
"""Studies that are named as those with the greatest influence."""


def comparison_blocks(
    comparison: AnyComparison, ci_prob: float, words: Wording = PLAIN
) -> Iterator[Block]:
    """Yield the table of a comparison, what its columns are, its notes and the averaged prediction."""
    if not comparison.ok:
        yield Text("NOT RELIABLE: fits failed, or their diagnostics; see below.")
    yield from map(Text, (*evidence_lines(comparison.evidence, words), ""))
    yield Table(
        "Models by what each predicts of every study from all others, the best first",
        comparison_cells(comparison.table),
    )
    reasons = comparison.not_applicable.items()
    yield Items(
        (
            *columns_say(comparison.table, ci_prob),
            _about_fits(comparison),
            *(f"Not applicable: {name}: {why}" for name, why in reasons),
            *(f"Note: {note}" for note in comparison.notes),
        )
    )
    if comparison.best is not None:
        yield from _influence(comparison.best, words)
    if "weight" in comparison.table:
        yield from _predictions(comparison, ci_prob, words)


def columns_say(table: pd.DataFrame, ci_prob: float) -> tuple[str, ...]:
    """Return what the columns of `comparison_cells` mean."""
    marginal = "log ML: log marginal likelihood, which depends on the priors throughout: do not choose a model by it alone."
    return (
        f"elpd: log {_scored(table)}, each given all other studies; difference: from the best, with its standard error "
        "over studies.",
        "A difference below 4, or below two standard errors, does not distinguish two models.",
        *weights_say(table, ci_prob),
        *_predictions_say(table),
        *([marginal] if "log_marginal_likelihood" in table else []),
    )


def is_of_survival(table: pd.DataFrame) -> bool:
    """Return whether the models of a comparison are of survival."""
    return "crps_months" in table


def _scored(table: pd.DataFrame) -> str:
    return (
        "density of what the studies report"
        if is_of_survival(table)
        else "probability of the studies' counts"
    )


def _predictions_say(table: pd.DataFrame) -> tuple[str, ...]:
    """Return what the scores of predictions and the shares inside intervals are."""
    if is_of_survival(table):
        return (
            "CRPS: mean error of the predicted medians, in months, and of the predicted survival at a time.",
            "50%, 80%, 95%: reports inside these prediction intervals, and as expected under the model.",
        )
    return (
        "CRPS: mean error of the predicted counts, in responders an arm.",
        "50%, 80%, 95%: arms inside these prediction intervals, and as expected under the model, more than named as "
        "counts are whole.",
    )


def weights_say(table: pd.DataFrame, ci_prob: float) -> tuple[str, ...]:
    """Return how models are weighted, and what the interval of a weight is; nothing if none has one."""
    if "weight" not in table:
        return ()
    method = method_of(table)
    spread = (
        f" In brackets: {100 * ci_prob:g}% interval of the weight over Bayesian bootstrap samples of the studies."
        if "weight_lower" in table
        else ""
    )
    return (f"Weight: by {method.name}, {method.meaning}.{spread}",)


def _about_fits(comparison: AnyComparison) -> str:
    """Return how studies were left out, and what is counted as fits."""
    # Of a model whose whole evidence could not be fitted, there is no study to tell of.
    tables = [one.studies for one in comparison.left_out.values() if len(one.studies)]
    if not any(table["pareto_k"].notna().any() for table in tables):
        return "Fits: to all studies, and without each."
    return "Studies are left out by PSIS. Fits: to all studies, and without a study where PSIS is unreliable."


def _influence(best: LeftOut, words: Wording) -> Iterator[Block]:
    """Yield the studies without which the best model's typical rates change most."""
    yield Text("")
    quantity = best.main_quantity
    unit = "in months" if is_of_reports(best.arms) else words.rates.in_points
    for outcome in outcomes_in(best.influence):
        rows = best.influence_on(quantity, outcome).head(SHOWN).to_dict("records")
        changes = [f"{row['label']} {change_text(row, words)}" for row in rows if row["study"]]
        of = f" of {words.outcome(outcome)}" if outcome else ""
        yield Text(
            f"Influence of single studies: the {quantity}{of} by {best.model} without it changes most, {unit}, for"
        )
        yield Items((f"{', '.join(changes)}.",))


def _predictions(comparison: AnyComparison, ci_prob: float, words: Wording) -> Iterator[Block]:
    """Yield what the models together expect of a new cohort, by outcome."""
    yield Text("")
    predictions = comparison.predictions
    for outcome, one in predictions.items():
        yield Text(words.labels.about(outcome, averaged_sentence(one, ci_prob, words)))
    averaged = len(next(iter(predictions.values())).weights)
    others = comparison.table["weight"].notna().sum() - averaged
    if others:
        told = f"{counted(others, 'model')} that would answer for other profiles; see the note."
        yield Items((f"Left out of it: {told}",))


def averaged_sentence(prediction: Prediction, ci_prob: float, words: Wording = PLAIN) -> str:
    """Return what the models together expect of a new cohort, in two lines."""
    found = prediction.interval(ci_prob)
    true, count = prediction.names
    low, median, high = found.loc[count, ["lower", "median", "upper"]].astype(int)
    rate, *ends = words.rates.texts(*found.loc[true, ["median", "lower", "upper"]])
    names = [f"{name} (weight {weight:.2f})" for name, weight in prediction.weights.items()]
    by = ", ".join(names) if len(names) > 1 else f"{next(iter(prediction.weights))} alone"
    return (
        f"A new cohort of {prediction.n} ({words.text(prediction.profile)}), by {by}:\n"
        f"  {median} {prediction.counted}, {100 * ci_prob:g}% interval {low} to {high}; true "
        f"{true} {rate}{words.rates.per_text}, {' to '.join(ends)}."
    )


def comparison_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a comparison as people read it."""
    rows = [_cells(row) for row in table.to_dict("records")]
    return pd.DataFrame(rows).fillna("-")


def _cells(row: Row) -> dict[str, str]:
    if row.get("not_applicable"):
        return {"model": str(row["model"]), "elpd": "-", "fits": "not applicable"}
    cells = {
        "model": str(row["model"]),
        "elpd": _number(row.get("elpd")),
        "difference": _difference(row),
        "weight": _weight(row),
        **_crps(row),
        **{f"{p}%": _shares(row, p) for p in (50, 80, 95)},
    }
    if "log_marginal_likelihood" in row:
        value = _number(row["log_marginal_likelihood"], 2)
        error = row["mcse_log_marginal_likelihood"]
        cells["log ML"] = value if pd.isna(error) else f"{value} ± {error_text(error, 2)}"
    wrong = [f"{row[name]} {name}" for name in ("failed", "flagged") if row[name]]
    return cells | {"fits": f"{row['fits']}" + (f" ({', '.join(wrong)})" if wrong else "")}


def _crps(row: Row) -> dict[str, str]:
    if "crps_months" not in row:
        return {"CRPS": _number(row["crps"], 2)}
    return {
        "CRPS, months": _number(row["crps_months"], 2),
        "CRPS, survival": _number(row["crps_rate"], 3),
    }


def _difference(row: Row) -> str:
    if pd.isna(row.get("elpd_diff")):
        return "-"
    return "0" if row["elpd_diff"] == 0 else f"{row['elpd_diff']:.1f} ± {row['dse']:.1f}"


def _weight(row: Row) -> str:
    """Return a weight, and its interval where there is one."""
    ends = [row.get(name) for name in ("weight_lower", "weight_upper")]
    spread = "" if any(map(pd.isna, ends)) else f" ({ends[0]:.2f} to {ends[1]:.2f})"
    return _number(row.get("weight"), 2) + spread


def _shares(row: Row, p: int) -> str:
    """Return the share of arms inside an interval, and the share that the model expects."""
    if pd.isna(row[f"coverage_{p}"]):
        return "-"
    return f"{percent(row[f'coverage_{p}'])} ({percent(row[f'expected_{p}'])})"


def _number(value: Any, digits: int = 1) -> str:
    return "-" if value is None or pd.isna(value) else f"{value:.{digits}f}"


def comparison_json(comparison: Comparison, ci: float) -> dict[str, Any]:
    """Return the tables of a comparison and the averaged prediction, of several outcomes by name."""
    tables = ("studies", "arms", "influence", "fits", "seconds")
    found: dict[str, Any] = {
        "ok": comparison.ok,
        "profile": comparison.profile,
        "weighted_by": comparison.weighting.method,
        "notes": list(comparison.notes),
        "models": records(comparison.table),
        **{name: records(getattr(comparison, name)) for name in tables},
    }
    if "weight" in comparison.table:
        told = {name: _averaged_json(one, ci) for name, one in comparison.predictions.items()}
        found["prediction"] = told.get("", told)
    return found


def _averaged_json(prediction: Prediction, ci: float) -> dict[str, Any]:
    return {
        "n": prediction.n,
        "profile": prediction.profile,
        "weights": dict(prediction.weights),
        "ci_prob": ci,
        "interval": by_row(prediction.interval(ci)),
        "pmf": prediction.pmf["probability"].tolist(),
    }
