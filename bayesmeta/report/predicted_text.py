"""Held-out predictions, and the evidence as it grew, as tables and sentences, and as JSON."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from bayesmeta.comparison.cumulative import Cumulative
from bayesmeta.comparison.left_out import WEIGHTED, LeftOut, predicted_word
from bayesmeta.comparison.validation import Validation
from bayesmeta.errors import counted
from bayesmeta.estimates.survival_words import months_interval, months_texts
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.machine import plain_value, records
from bayesmeta.report.text import failure_lines
from bayesmeta.rounding import fixed_text, interval_of, percent, probability_text
from bayesmeta.wording import PLAIN, Wording

Row = Mapping[Hashable, Any]

FINER = 4
"""By how much a change is written more finely than the interval of what changes."""

MONTHS = "months"
"""Scale of what is a length of time."""

TAILS = (
    "P(so few), P(so many): predictive probabilities of at most, and of at least, as many responders as "
    "there were."
)


TAILS_OF_REPORTS = "P(so low), P(so high): predictive probabilities of at most, and of at least, what was reported."


def outcomes_in(table: pd.DataFrame) -> list[Any]:
    """Return the outcomes of a table's rows; None of one outcome, which has no name."""
    return list(dict.fromkeys(table["outcome"])) if "outcome" in table else [None]


def left_out_blocks(found: LeftOut, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield what each arm's study shows of it left out, the score, and the influence of each study."""
    yield Table(
        f"Model {found.model}: each study predicted from all others",
        predicted_cells(found.arms, words),
    )
    score = f"elpd {found.elpd:.1f} (MCSE {found.mcse_elpd:.2f})."
    tails = TAILS_OF_REPORTS if is_of_reports(found.arms) else TAILS
    yield Items((tails, f"{coverage_sentence(found.coverage)} {score}", *_weighting(found)))
    for outcome in outcomes_in(found.influence) if len(found.influence) else []:
        what, note, unit = f"{found.main_quantity} without each study", words.rates.note, ""
        if is_of_reports(found.arms):
            note, unit = " (months)", "in months"
        title = f"{what}{note}, and its change {unit or words.rates.in_points}"
        yield Text("")
        yield Table(words.labels.about(outcome, title), influence_cells(found, outcome, words))
    yield from failed_fits(found.fits)


def failed_fits(fits: pd.DataFrame) -> Iterator[Block]:
    """Yield which fits failed, and why; nothing where none did."""
    wrong = fits.loc[fits["ok"] != True, ["left_out", "problems", "error"]]  # noqa: E712
    if len(wrong):
        yield Text("")
        yield Table("Fits that failed", wrong)


def _weighting(found: LeftOut) -> Iterator[str]:
    """Yield which studies PSIS did not leave out; nothing where all are left out by refits."""
    if found.studies.empty or found.studies["pareto_k"].isna().all():
        return
    again = found.studies.loc[found.studies["method"] != WEIGHTED, "study"]
    names = ", ".join(found.labels[study] for study in again)
    refits = f"by a refit, as PSIS is unreliable: {names}" if names else "no study needs a refit"
    yield f"Studies are left out by PSIS; {refits}."


def influence_cells(found: LeftOut, outcome: str | None, words: Wording = PLAIN) -> pd.DataFrame:
    """Return the typical rate, or median survival, without each study, as people read it."""
    quantity = found.main_quantity
    cells = [
        {
            "without": row["label"],
            quantity: estimate_text(row, words),
            "change": change_text(row, words) if row["study"] else "",
        }
        for row in found.influence_on(quantity, outcome).to_dict("records")
    ]
    return pd.DataFrame(cells)


def is_of_reports(arms: pd.DataFrame) -> bool:
    """Return whether predictions are of reports of survival."""
    return predicted_word(arms) == "report"


def estimate_text(row: Row, words: Wording) -> str:
    """Return an estimate with its interval, by its scale: months, or a rate."""
    values = [row[end] for end in ("estimate", "lower", "upper")]
    return months_interval(*values) if row["scale"] == MONTHS else words.rates.interval(*values)


def change_text(row: Row, words: Wording = PLAIN) -> str:
    """Return by how much an estimate changes, one decimal finer than its interval asks for."""
    if row["scale"] == MONTHS:
        decimals = len(months_texts(row["lower"], row["upper"])[0].partition(".")[2])
        return fixed_text(row["change"], decimals, "+")
    width = (row["upper"] - row["lower"]) / FINER
    return words.rates.differences(row["change"], 0.0, width, signed=True)[0]


def left_out_json(found: LeftOut) -> dict[str, Any]:
    """Return the scores and all tables of studies left out."""
    tables = ("arms", "studies", "influence", "fits")
    return {
        "model": found.model,
        "ok": found.ok,
        "elpd": plain_value(found.elpd),
        **{name: records(getattr(found, name)) for name in tables},
    }


def validation_blocks(found: Validation, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield each cohort with what was predicted of it, and the scores of all."""
    yield from map(Text, failure_lines(found.diagnostics))
    train, arms = found.fit.arms, found.arms
    yield Table(
        f"Model {found.fit.spec.name}, made from {len(train)} arms of {len(train.studies)} studies, "
        f"predicts {counted(len(found.test), 'arm')} of {counted(len(found.studies), 'study', 'studies')}",
        predicted_cells(arms, words),
    )
    error = float((found.studies["mcse_elpd"] ** 2).sum() ** 0.5)
    score = f"elpd {found.elpd:.1f} (MCSE {error:.2f}){_mean_crps(arms)}."
    notes = (f"Note: {note}" for note in found.notes)
    tails = TAILS_OF_REPORTS if is_of_reports(arms) else TAILS
    yield Items((tails, f"{coverage_sentence(found.coverage)} {score}", *notes))


def _mean_crps(arms: pd.DataFrame) -> str:
    """Return the mean CRPS of counts; reports of survival have no common unit."""
    return "" if is_of_reports(arms) else f", mean CRPS {arms['crps'].mean():.1f} responders"


def validation_json(found: Validation) -> dict[str, Any]:
    """Return what was predicted of each cohort, and the scores."""
    return {
        "diagnostics_ok": found.diagnostics.ok,
        "model": found.fit.spec.name,
        "elpd": found.elpd,
        "arms": records(found.arms),
        "studies": records(found.studies),
        "coverage": records(found.coverage),
        "notes": list(found.notes),
    }


def coverage_sentence(coverage: pd.DataFrame) -> str:
    """Return how many arms, of several outcomes counts, lie inside their prediction intervals."""
    inside = (
        f"{row['inside']:.0f} of {row['arms']:.0f} inside {100 * row['ci_prob']:g}% ({percent(row['expected'])} expected)"
        for row in coverage.to_dict("records")
    )
    return f"{', '.join(inside)}."


def predicted_cells(arms: pd.DataFrame, words: Wording) -> pd.DataFrame:
    """Return each arm, of several outcomes each count, with what was predicted of it."""
    return pd.DataFrame([_predicted(row, words) for row in arms.to_dict("records")])


def _reported(row: Row, words: Wording) -> dict[str, str]:
    """Return a report of survival with what was predicted of it."""
    months = row["scale"] == MONTHS

    def text(*values: float) -> list[str]:
        return months_texts(*values) if months else words.rates.texts(*values)

    observed, median, low, high = text(
        *(row[name] for name in ("observed", "median", "lower_95", "upper_95"))
    )
    return {
        "arm": str(row["arm"]),
        "report": "median, months" if months else f"alive at {row['report']}{words.rates.note}",
        "observed": observed,
        "predicted": median,
        "95% interval": f"{low} to {high}",
        "inside": "yes" if row["inside_95"] else "NO",
        "P(so low)": probability_text(row["at_most"]),
        "P(so high)": probability_text(row["at_least"]),
    }


def _predicted(row: Row, words: Wording) -> dict[str, str]:
    if "report" in row:
        return _reported(row, words)
    outcome = {"outcome": words.outcome(row["outcome"])} if "outcome" in row else {}
    return {
        "arm": str(row["arm"]),
        **outcome,
        "observed": f"{row['events']}/{row['n']}",
        "predicted": f"{row['median']}",
        "95% interval": f"{row['lower_95']} to {row['upper_95']}",
        "inside": "yes" if row["inside_95"] else "NO",
        "P(so few)": probability_text(row["at_most"]),
        "P(so many)": probability_text(row["at_least"]),
        "CRPS": f"{row['crps']:.1f}",
    }


def cumulative_blocks(found: Cumulative, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield what the model says of the studies known up to each year, one row a year and outcome."""
    without = ["tau"] if found.table["tau"].isna().all() else []
    cells = [_known(row, found.by, words) for row in found.table.to_dict("records")]
    yield Table(
        f"Estimates as the evidence grew ({words.text(found.profile)}): median and {100 * found.ci_prob:g}% interval"
        f"{words.rates.note}",
        pd.DataFrame(cells).drop(columns=without),
    )
    settled = "Rows share their studies: a stable estimate is not a test."
    undated = f"Without a value of {found.by}: {', '.join(found.undated)}."
    yield Items((undated, settled) if found.undated else (settled,))


def cumulative_json(found: Cumulative) -> dict[str, Any]:
    """Return the estimates by year, and the arms without a year."""
    return {
        "profile": found.profile,
        "by": found.by,
        "ci_prob": found.ci_prob,
        "table": records(found.table),
        "undated": list(found.undated),
    }


def _known(row: Row, by: str, words: Wording) -> dict[str, str]:
    outcome = {"outcome": words.outcome(row["outcome"])} if "outcome" in row else {}
    return {
        by: "all" if pd.isna(row["year"]) else f"{row['year']:.10g}",
        **outcome,
        "studies": f"{row['studies']}",
        "responders": f"{row['events']}/{row['patients']}",
        "typical": interval_of(row, "typical", words.rates.texts),
        "new study": interval_of(row, "new_study", words.rates.texts),
        "tau": interval_of(row, "tau"),
        "draws": "ok" if row["ok"] else "NOT RELIABLE",
    }
