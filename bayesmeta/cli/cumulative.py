"""The command `bayesmeta cumulative`: what the evidence of a saved run said as it grew."""

from pathlib import Path
from typing import Annotated

import typer

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
    from bayesmeta.report.predicted_text import cumulative_blocks, cumulative_json
    from bayesmeta.report.text import warning_lines

    result = bm.load_fit(run)
    words = words_of(result, rates_per=rates_per, labels=labels)
    diagnostics = bm.diagnose(result)
    found = bm.cumulative(result, by=by, seed=seed, profile=parsed_profile(profile), ci_prob=ci)
    saved = save_tables(out, {"cumulative": found.table})
    if as_json:
        content = {"seed": seed, "diagnostics_ok": diagnostics.ok and found.ok}
        print_json(cumulative_json(found) | content)
    else:
        seeded = f"  Random seed {seed}."
        print_blocks(warning_lines(diagnostics), cumulative_blocks(found, words), seeded, saved)
    return OK if diagnostics.ok and found.ok else DIAGNOSTICS_FAILED
