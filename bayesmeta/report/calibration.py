"""Calibration as text for a terminal and as JSON: formatted, nothing is computed."""

from typing import Any

import pandas as pd

from bayesmeta.calibration import Calibration
from bayesmeta.calibration.cases import COVERAGE
from bayesmeta.calibration.judging import BAND, FALSE_ALARM
from bayesmeta.layout import table_text
from bayesmeta.report.machine import records

SHOWN = 20
"""Rows of a table that are printed."""


def calibration_lines(result: Calibration) -> list[str]:
    """Return the verdict, what leaves its band or fails, coverage, and divergences."""
    failed = result.comparisons and not result.ok
    return [
        *(
            ["CALIBRATION FAILED: fits of the parts marked 'FAILS' cannot be trusted.", ""]
            if failed
            else []
        ),
        repr(result),
        f"A fault is called where chance alone would call one in {1 / FALSE_ALARM:,.0f} calibrations, "
        f"over {result.comparisons:,} comparisons.",
        "",
        *_rank_lines(result.ranks),
        *_coverage_lines(result),
        "Fits with divergences, at first and after one repetition at a higher acceptance",
        table_text(_fits_table(result.fits), indent=2),
    ]


def calibration_json(result: Calibration) -> dict[str, Any]:
    """Return the verdict and the three tables."""
    return {
        "ok": result.ok,
        "false_alarm": FALSE_ALARM,
        "comparisons": result.comparisons,
        "ranks": records(result.ranks),
        "coverage": records(result.coverage),
        "fits": records(result.fits),
    }


def _rank_lines(ranks: pd.DataFrame) -> list[str]:
    """Return how many ranks leave their band, and which."""
    if ranks.empty:
        return []
    outside = ranks[~ranks["in_band"]].sort_values("p", kind="stable")
    lines = [
        f"Ranks of the truth: {len(outside)} of {len(ranks)} quantities leave their {100 * BAND:g}% band, "
        f"where about {(1 - BAND) * len(ranks):.1f} would by chance; {int((~ranks['ok']).sum())} fail."
    ]
    if len(outside):
        shown = outside.head(SHOWN)
        table = pd.DataFrame(
            {
                "case": shown["case"],
                "quantity": shown["quantity"],
                "distance": [f"{value:.2f}" for value in shown["distance"]],
                "p": [f"{value:.1e}" for value in shown["p"]],
                "": _verdicts(shown["ok"]),
            }
        )
        lines.append(table_text(table, indent=2))
    if len(outside) > SHOWN:
        lines.append(f"  and {len(outside) - SHOWN} more")
    return [*lines, ""]


def _coverage_lines(result: Calibration) -> list[str]:
    """Return the shares of new studies and cohorts that intervals held; failures of any part."""
    cases = {each.name for each in result.results if each.part == COVERAGE}
    coverage = result.coverage
    printed = coverage["case"].isin(cases) & (coverage["prediction"] != "responders_exact")
    shown = coverage[printed | ~coverage["ok"]]
    if shown.empty:
        return []
    wide = shown.assign(
        column=[f"{100 * probability:g}%" for probability in shown["ci_prob"]],
        text=[f"{100 * covered:.1f}%" for covered in shown["covered"]],
    ).pivot_table(
        index=["case", "prediction"], columns="column", values="text", aggfunc="first", sort=False
    )
    groups = shown.groupby(["case", "prediction"], sort=False)
    widths = ["" if pd.isna(width) else f"{100 * width:.0f}" for width in groups["width"].max()]
    table = wide.assign(**{"width": widths, "": _verdicts(groups["ok"].all())}).reset_index()
    return [
        "Coverage: truths inside prediction intervals of a new study's rate and a new cohort's responders",
        table_text(table, indent=2),
        "  Whole numbers of responders make their intervals wider than asked for.",
        "  Width: median of the 95% intervals of a rate, in percentage points.",
        "  At a held tau no prior can promise the interval's probability; nothing is judged there.",
        "",
    ]


def _fits_table(fits: pd.DataFrame) -> pd.DataFrame:
    shares = {
        name: [f"{100 * share:.2f}%" for share in fits[name]]
        for name in ("divergent", "still_divergent")
    }
    return fits[["part", "fits"]].assign(**shares, **{"": _verdicts(fits["ok"])})


def _verdicts(ok: "pd.Series[bool]") -> list[str]:
    return ["" if fine else "FAILS" for fine in ok]
