"""What is printed of a grid of specifications: text for people, JSON for machines."""

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pandas as pd

from bayesmeta.errors import SHOWN
from bayesmeta.evidence.columns import STUDY
from bayesmeta.model.values import values_text
from bayesmeta.multiverse.checks import SEPARATOR
from bayesmeta.multiverse.results import RATES, GridResults
from bayesmeta.multiverse.specification_grid import AXES, SpecificationGrid
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.machine import records
from bayesmeta.wording import PLAIN, Wording


def grid_blocks(results: GridResults, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield what is printed of a grid: counts, ranges of the answer, and what moves it."""
    grid = results.grid
    rate, width = RATES[grid.question.rate], f"{100 * grid.question.ci_prob:g}%"
    yield from map(Text, (*_warning(results), *_counts(results), ""))
    if results.curve.empty:
        yield Text("No fit is done: there is no answer to show.")
        return
    yield Table(
        f"Range of the {rate} over the combinations: medians, and the outermost {width} bounds{words.rates.note}",
        range_cells(results.ranges, words),
    )
    error = f"{words.rates.error(results.curve['mcse'].max())} {words.rates.points_short}"
    yield Items(
        (*asked_words(grid, words), f"Monte-Carlo standard errors of the medians: at most {error}.")
    )
    yield Text("")
    yield from effect_blocks(results.effects, words)


def grid_json(results: GridResults) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "grid": results.grid.name,
        "rate": results.grid.question.rate,
        "seed": results.seed,
        "combinations": len(results.table),
        "fits": results.fits,
        "diagnostics_ok": results.meets("diagnostics"),
        "unreliable": records(results.unreliable[[*AXES, "problems"]]),
        "failed": records(results.failed[[*AXES, "reason"]]),
        "not_possible": records(results.impossible[[*AXES, "reason"]]),
        "ranges": records(results.ranges),
        "effects": records(results.effects),
        "fit_seconds": round(results.seconds, 3),
    }


def profile_text(grid: SpecificationGrid) -> str:
    """Return whom the rates of models with covariates are for; empty where no model has any."""
    given = grid.question.profile
    formulas = [one.parsed for one in grid.covariates.values()]
    held = dict.fromkeys(name for one in formulas for name in one.fixed_columns)
    last = dict.fromkeys(name for one in formulas for name in one.walk_columns)
    # Whatever is asked is asked of a new study.
    drawn = dict.fromkeys(
        name for one in formulas for name in one.grouping_columns if name != STUDY
    )
    rest = {"at reference or centre": held, "at a new level": drawn, "at the last year": last}
    told = {where: [name for name in names if name not in given] for where, names in rest.items()}
    parts = [f"{where}: {', '.join(names)}" for where, names in told.items() if names]
    return "; ".join([*([values_text(given)] if given else []), *parts])


def asked_words(grid: SpecificationGrid, words: Wording) -> list[str]:
    """Return whom the rate is for, where models have covariates."""
    profile = profile_text(grid)
    if not profile:
        return []
    told = f"For {profile}. Models without these covariates answer for all arms that they were fitted to."
    return [words.text(told)]


def _warning(results: GridResults) -> list[str]:
    rows, failed = len(results.unreliable), len(results.failed)
    found = [
        *([f"the diagnostics of {rows} combinations failed"] if rows else []),
        *([f"{failed} combinations have no result"] if failed else []),
    ]
    told = f"NOT RELIABLE: {' and '.join(found)}; columns ok and state tell which."
    return [told] if found else []


def _counts(results: GridResults) -> list[str]:
    table = results.table
    shared = int((table["same_as"] != "").sum())
    head = f"{results.grid.name}: {len(table):,} combinations, {results.fits:,} fits"
    lines = [
        f"{head}{f' ({shared:,} combinations are the same fit as another)' if shared else ''}.",
        f"Fits took {results.seconds:,.0f} s of work; random seed {results.seed}.",
    ]
    for what, rows, column in (
        ("Not possible", results.impossible, "reason"),
        ("Failed", results.failed, "reason"),
        ("Diagnostics failed", results.unreliable, "problems"),
    ):
        lines += _listing(what, rows, column)
    return lines


def _listing(what: str, rows: pd.DataFrame, column: str) -> list[str]:
    """Return how many rows there are of a kind, and the first few reasons, each with its first row."""
    if rows.empty:
        return []
    labels = rows[list(AXES)].astype(str).agg(SEPARATOR.join, axis=1)
    grouped = labels.groupby(rows[column], sort=False)
    shown = [f"  {len(own):,} as {own.iloc[0]}: {reason}" for reason, own in islice(grouped, SHOWN)]
    rest = len(rows) - sum(len(own) for _, own in islice(grouped, SHOWN))
    return [f"{what}: {len(rows):,}.", *shown, *([f"  and {rest:,} more"] if rest > 0 else [])]


def range_cells(ranges: pd.DataFrame, words: Wording = PLAIN) -> pd.DataFrame:
    """Return the range of the answer by outcome, as people read it."""
    cells = []
    for row in ranges.to_dict("records"):
        rates = [float(row[name]) for name in ("least", "middle", "greatest", "lower", "upper")]
        known = not any(map(math.isnan, rates))
        *shown, low, high = words.rates.texts(*rates) if known else [""] * 5
        cell = {"outcome": words.outcome(str(row["outcome"])), "combinations": row["rows"]}
        cell |= dict(zip(("lowest", "middle", "highest"), shown, strict=True))
        cells.append(cell | {"bounds": f"{low} to {high}" if known else ""})
    return pd.DataFrame(cells)


def effect_blocks(effects: pd.DataFrame, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield how far the answer moves with each choice."""
    if effects.empty:
        yield Text("Nothing but the outcome was varied.")
        return
    cells = {
        "outcome": [words.outcome(str(name)) for name in effects["outcome"]],
        "choice of": effects["axis"].to_list(),
        "moves it by": list(map(words.rates.error, effects["typical"])),
        "at most": list(map(words.rates.error, effects["largest"])),
        "lowest with": effects["lowest"].to_list(),
        "highest with": effects["highest"].to_list(),
    }
    yield Table(
        f"What moves it: {words.rates.points} between the choices, the other choices being the same (median and largest)",
        pd.DataFrame(cells),
    )
    told = "A choice may change what is asked, too: covariates whom the rate is for, inclusion which arms there are."
    yield Items((told,))
