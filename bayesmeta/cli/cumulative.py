"""The command `bayesmeta cumulative`: what the evidence of a saved run said as it grew."""

from pathlib import Path
from typing import Annotated

import typer

from bayesmeta.cli.one_fit import load_one_fit
from bayesmeta.cli.options import (
    DEFAULT_SEED,
    DIAGNOSTICS_FAILED,
    OK,
    AsJson,
    Interval,
    LabelFile,
    Profiles,
    RatesPer,
    Seed,
    exits,
)
from bayesmeta.cli.output import print_blocks, print_json
from bayesmeta.cli.profiles import parsed_profile
from bayesmeta.cli.tables import ReplaceTables, TablesOut, check_tables, save_tables

__all__ = ["cumulative"]


@exits
def cumulative(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    by: Annotated[str, typer.Option(help="Numeric column that orders the arms.")] = "year",
    profile: Profiles = None,
    seed: Seed = DEFAULT_SEED,
    ci: Interval = 0.95,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    out: TablesOut = None,
    force: ReplaceTables = False,
    as_json: AsJson = False,
) -> int:
    """Cumulative meta-analysis: refit the model to the studies available up to each year."""
    check_tables(out, ("cumulative",), force=force)
    import bayesmeta as bm
    from bayesmeta.estimates.words import words_of
    from bayesmeta.report.machine import records
    from bayesmeta.report.one_fit_text import cumulative_lines
    from bayesmeta.report.text import warning_lines

    result = load_one_fit("cumulative", run)
    words = words_of(result, rates_per=rates_per, labels=labels)
    diagnostics = bm.diagnose(result)
    found = bm.cumulative(result, by=by, seed=seed, profile=parsed_profile(profile), ci_prob=ci)
    saved = save_tables(out, {"cumulative": found.table})
    if as_json:
        content = {"profile": found.profile, "by": by, "ci_prob": ci, "seed": seed}
        years = {"table": records(found.table), "undated": list(found.undated)}
        print_json(content | years | {"diagnostics_ok": diagnostics.ok and found.ok})
    else:
        lines = [*cumulative_lines(found, words), f"  Random seed {seed}."]
        print_blocks(warning_lines(diagnostics), lines, saved)
    return OK if diagnostics.ok and found.ok else DIAGNOSTICS_FAILED
