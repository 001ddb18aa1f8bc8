"""What is printed of a grid of specifications: text for people, JSON for machines."""

from itertools import islice
from typing import Any

import pandas as pd

from bayesmeta.comparison.grid_checks import SEPARATOR
from bayesmeta.comparison.grid_results import GridResults
from bayesmeta.comparison.specification_grid import AXES, SpecificationGrid
from bayesmeta.errors import SHOWN
from bayesmeta.model.values import values_text
from bayesmeta.report.machine import records
from bayesmeta.report.text import percent, table_text

__all__ = ["effect_cells", "grid_json", "grid_lines", "profile_text", "range_cells"]

RATES = {"typical": "typical rate", "mean": "mean rate", "new_study": "rate of a new study"}


def grid_lines(results: GridResults) -> list[str]:
    """Return what is printed of a grid: counts, ranges of the answer, and what moves it."""
    grid = results.grid
    rate, width = RATES[grid.answer.rate], f"{100 * grid.answer.ci_prob:g}%"
    lines = [*_warning(results), *_counts(results), ""]
    if results.curve.empty:
        return [*lines, "No fit is done: there is no answer to show."]
    return [
        *lines,
        f"Range of the {rate} over the combinations: medians, and the outermost {width} bounds",
        *_asked(grid),
        *table_text(range_cells(results.ranges), indent=2).splitlines(),
        *_precision(results.curve),
        "",
        *_effects(results.effects),
    ]


def grid_json(results: GridResults) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "grid": results.grid.name,
        "rate": results.grid.answer.rate,
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
    given = grid.answer.profile
    used = [name for one in grid.covariates.values() for name in one.parsed.columns]
    left = [name for name in dict.fromkeys(used) if name not in given]
    rest = [f"at reference or centre: {', '.join(left)}"] if left else []
    return "; ".join([*([values_text(given)] if given else []), *rest])


def _asked(grid: SpecificationGrid) -> list[str]:
    """Return whom the rate is for."""
    profile = profile_text(grid)
    if not profile:
        return []
    return [f"  For {profile}. Models without these covariates answer for all their arms."]


def _warning(results: GridResults) -> list[str]:
    rows, failed = len(results.unreliable), len(results.failed)
    found = [
        *([f"the diagnostics of {rows} combinations failed"] if rows else []),
        *([f"{failed} combinations have no result"] if failed else []),
    ]
    if not found:
        return []
    return [f"NOT RELIABLE: {' and '.join(found)}; columns ok and state tell which."]


def _counts(results: GridResults) -> list[str]:
    table = results.table
    shared = int((table["same_as"] != "").sum())
    head = f"{results.grid.name}: {len(table):,} combinations, {results.fits:,} fits"
    lines = [
        f"{head}{f' ({shared:,} combinations are the same fit as another)' if shared else ''}."
    ]
    lines.append(f"Fits took {results.seconds:,.0f} s of work; seed {results.seed}.")
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


def range_cells(ranges: pd.DataFrame) -> pd.DataFrame:
    """Return the range of the answer by outcome, as people read it."""
    rates = ("least", "middle", "greatest", "lower", "upper")
    cells = {name: [_point(value) for value in ranges[name]] for name in rates}
    return pd.DataFrame(
        {
            "outcome": ranges["outcome"],
            "combinations": ranges["rows"],
            "lowest": cells["least"],
            "middle": cells["middle"],
            "highest": cells["greatest"],
            "bounds": [
                f"{low} to {high}" for low, high in zip(cells["lower"], cells["upper"], strict=True)
            ],
        }
    )


def _effects(effects: pd.DataFrame) -> list[str]:
    if effects.empty:
        return ["Nothing but the outcome was varied."]
    return [
        "What moves it: percentage points between the choices, the other choices being the same (median and largest)",
        *table_text(effect_cells(effects), indent=2).splitlines(),
        "  A choice may change what is asked, too: covariates whom the rate is for, inclusion which arms there are.",
    ]


def effect_cells(effects: pd.DataFrame) -> pd.DataFrame:
    """Return how far the answer moves with each choice, in percentage points, as people read it."""
    return pd.DataFrame(
        {
            "outcome": effects["outcome"],
            "choice of": effects["axis"],
            "moves it by": [_points(value) for value in effects["typical"]],
            "at most": [_points(value) for value in effects["largest"]],
            "lowest with": effects["lowest"],
            "highest with": effects["highest"],
        }
    )


def _precision(curve: pd.DataFrame) -> list[str]:
    largest = 100 * curve["mcse"].max()
    return [f"  Monte-Carlo standard errors of the medians: at most {largest:.2f} points."]


def _point(rate: Any) -> str:
    return "" if pd.isna(rate) else percent(rate)


def _points(difference: float) -> str:
    return f"{100 * difference:.1f}"
