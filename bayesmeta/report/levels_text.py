"""Exchangeable levels as text and JSON: their rates, and predictions of each from the others."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from bayesmeta.comparison.leave_one_level_out import LevelsLeftOut
from bayesmeta.estimates.inferred import inferred_words, marked
from bayesmeta.report.document import Block, Items, Table
from bayesmeta.report.machine import plain_value, records
from bayesmeta.report.predicted_text import coverage_sentence, failed_fits
from bayesmeta.rounding import percent
from bayesmeta.wording import PLAIN, Wording


def level_blocks(table: pd.DataFrame, ci_prob: float, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield the exchangeable levels of each term, with the evidence behind each."""
    sure = f"{100 * ci_prob:g}%"
    for term, rows in table.groupby("term", sort=False):
        apart = "probability_exchangeable" in rows and bool(
            rows["probability_exchangeable"].notna().any()
        )
        cells = [_cells(row, str(term), words, apart=apart) for row in rows.to_dict("records")]
        title = f"Exchangeable levels of {words.text(str(term))}: typical rate, median and {sure} interval"
        yield Table(f"{title}{words.rates.note}", pd.DataFrame(cells))
    basis = [
        (f"{row['term']}={row['level']}", row["arms"], row["inferred"])
        for row in table.to_dict("records")
        if row["inferred"]
    ]
    yield Items(
        (
            *inferred_words(basis, words),
            "Weight: 0% if the effect is drawn from the distribution of all levels, 100% if its own evidence decides.",
            "P(best): no other level has a higher typical rate. Read it beside the number of studies.",
        )
    )


def _cells(row: dict[Any, Any], term: str, words: Wording, *, apart: bool) -> dict[str, str]:
    names = zip(term.split(":"), row["level"].split("/"), strict=False)
    level = " / ".join(words.level(column, level) for column, level in names)
    last = (
        {"P(exchangeable)": f"{row['probability_exchangeable']:.2f}"}
        if apart
        else {"weight": percent(row["weight"])}
    )
    return {
        "level": marked(level, row["inferred"]),
        "studies": str(row["studies"]),
        "responders": f"{row['events']}/{row['n']}",
        "typical": words.rates.interval(row["rate"], row["lower"], row["upper"]),
        "P(best)": f"{row['probability_best']:.2f}",
        **last,
    }


def levels_left_out_blocks(found: LevelsLeftOut, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield the score of each level left out, and the coverage of the predictions of its arms."""
    cells = [
        {
            "level": words.level(found.column, row["level"]),
            "studies": str(row["studies"]),
            "arms": str(row["arms"]),
            "elpd": f"{row['elpd']:.1f}",
            "MCSE": f"{row['mcse_elpd']:.2f}",
        }
        for row in found.levels.to_dict("records")
    ]
    column = words.labels.column(found.column)
    yield Table(
        f"Model {found.model}: each level of {column} predicted from the studies without it",
        pd.DataFrame(cells),
    )
    score = f"elpd {found.elpd:.1f} (MCSE {found.mcse_elpd:.2f})."
    yield Items((f"{coverage_sentence(found.coverage)} {score}",))
    yield from failed_fits(found.fits)


def levels_left_out_json(found: LevelsLeftOut) -> dict[str, Any]:
    """Return the scores and all tables of levels left out."""
    return {
        "model": found.model,
        "column": found.column,
        "ok": found.ok,
        "elpd": plain_value(found.elpd),
        **{name: records(getattr(found, name)) for name in ("levels", "arms", "fits")},
    }
