"""Missing studies as tables and sentences, and as JSON: selection, and studies without results."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from bayesmeta.errors import counted, listed
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.machine import records
from bayesmeta.report.refit_text import RATES, probability_cell, rates_error, with_estimates
from bayesmeta.rounding import error_text, interval_of, percent
from bayesmeta.sensitivity.selection import TRIED, Selection
from bayesmeta.wording import PLAIN, Wording

Row = Mapping[Hashable, Any]

ASSUMED = (
    "P(published): of the smallest and of the largest study. rho: correlation between a study's rate and its publication. "
    "Published studies cannot estimate these; they are assumed.",
    "Rates are those of all studies, published or not. Unpublished: the expected number of such studies.",
)


def selection_blocks(found: Selection, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield the rates under each assumption, and where a decision changes."""
    sure = f"{100 * found.ci_prob:g}%"
    yield Table(
        f"If studies with low rates were published less often: median and {sure} interval{words.rates.note} "
        f"({words.text(found.profile)})",
        _cells(found, words),
    )
    error = rates_error(found.table, RATES, words)
    yield Items((*ASSUMED, f"Monte-Carlo standard errors of rates: at most {error}."))
    if len(found.tipping_points):
        yield Text("")
        yield from _tipping_blocks(found)


def _cells(found: Selection, words: Wording) -> pd.DataFrame:
    rows = found.table.to_dict("records")
    cells = pd.DataFrame({"P(published)": [assumed_text(row) for row in rows]})
    cells["rho"] = ["" if pd.isna(row["rho"]) else f"{row['rho']:g}" for row in rows]
    cells["unpublished"] = [f"{row['unpublished']:.1f}" for row in rows]
    cells["tau"] = [interval_of(row, "tau") for row in rows]
    return with_estimates(cells, found.table, RATES, words, question=found.question)


def assumed_text(row: Row) -> str:
    """Return the probabilities of publication that a row assumes."""
    if pd.isna(row["smallest"]):
        return "all published"
    return f"{percent(row['smallest'])} to {_largest(row['largest'])}"


def _largest(value: float) -> str:
    return f"{100 * value:.10g}%"


def _tipping_blocks(found: Selection) -> Iterator[Block]:
    own = found.table.iloc[0]
    error = error_text(own["mcse_probability"], 4)
    yield Text(
        f"Tipping point: {found.question} of {found.certainty:g} required, P = {probability_cell(own['probability'])} "
        f"(MCSE {error}) if all studies are published."
    )
    yield Items(tuple(map(tipping_sentence, found.tipping_points.to_dict("records"))))


def tipping_sentence(row: Row) -> str:
    """Return where a decision changes at one correlation, or that it does not."""
    head = f"With rho {row['rho']:g}"
    if not row["ok"]:
        head += " (NOT RELIABLE: a fit failed its diagnostics)"
    if row["open"]:
        return f"{head} P comes so near that Monte-Carlo error leaves open whether the decision changes. Sample longer."
    if not row["exists"]:
        return (
            f"{head} the decision does not change while at least {percent(TRIED[0])} of studies as small as the smallest are "
            "published."
        )
    low, high = percent(row["smallest_lower"]), percent(row["smallest_upper"])
    range_of = f" ({low} to {high} from Monte-Carlo error)" if low != high else ""
    return (
        f"{head} the decision changes where {percent(row['smallest'])}{range_of} of studies as small as the smallest are "
        f"published, that is with {row['unpublished']:.1f} studies unpublished."
    )


def unreported_blocks(
    table: pd.DataFrame, ci_prob: float, words: Wording = PLAIN
) -> Iterator[Block]:
    """Yield the rates of all registered studies under each shift."""
    rows = table.to_dict("records")
    cells = pd.DataFrame({"delta": [f"{row['delta']:+g}" for row in rows]})
    first = rows[0]
    yield Table(
        f"With {counted(int(first['unreported']), 'registered study', 'registered studies')} without results beside "
        f"{int(first['reported'])} with: median and {100 * ci_prob:g}% interval{words.rates.note}",
        with_estimates(cells, table, RATES, words),
    )
    yield Items(
        (
            "delta: how far the rates of studies without results lie from those of the others, on the scale of the link. "
            "The evidence does not tell; 0 means missing at random.",
        )
    )


def selection_json(found: Selection, missing: pd.DataFrame | None) -> dict[str, Any]:
    """Return the tables about missing studies; `unreported` is null where there are no such studies."""
    return {
        "profile": found.profile,
        "ci_prob": found.ci_prob,
        "studies": found.studies,
        "question": None if found.question is None else str(found.question),
        "certainty": found.certainty,
        "refits_ok": found.ok,
        "selection": records(found.table),
        "tipping_points": records(found.tipping_points),
        "unreported": None if missing is None else records(missing),
    }


def limit_sentence(found: Selection, words: Wording = PLAIN) -> str:
    """Return how far the typical rate would move under the last assumption that was tried."""
    own, *_, worst = found.table.to_dict("records")
    assumed = (
        f"studies with low rates were published less often (P(published) from {percent(worst['smallest'])} for the "
        f"smallest to {_largest(worst['largest'])} for the largest study, rho {worst['rho']:g}, so that {worst['unpublished']:.1f} "
        "studies are unpublished)"
    )
    closing = "Published studies cannot tell whether this is so; `bayesmeta missing` shows other assumptions."
    if not worst["ok"]:
        return f"What the typical rate would be if {assumed} is not known: the refit failed its diagnostics. {closing}"
    was, now = (
        words.rates.interval(row["typical"], row["typical_lower"], row["typical_upper"])
        for row in (own, worst)
    )
    per = words.rates.per_text
    return f"If {assumed}, the typical rate would be {now}{per} instead of {was}{per}. {closing}"


def without_results_sentence(studies: tuple[str, ...]) -> str:
    """Return which studies have rows of the outcome and no count."""
    return (
        f"{counted(len(studies), 'study', 'studies')} of the table {'has' if len(studies) == 1 else 'have'} no count of this "
        f"outcome and no part in the result: {listed(studies)}."
    )
