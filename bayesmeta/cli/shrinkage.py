"""The command `bayesmeta shrinkage`: the true rate of each arm, from a saved run."""

from pathlib import Path
from typing import Annotated

import typer

from bayesmeta.cli.options import AsJson, Interval, LabelFile, RatesPer, exits
from bayesmeta.cli.output import code_of, print_blocks, print_json
from bayesmeta.cli.plan_options import Outcome
from bayesmeta.cli.tables import ReplaceTables, TablesOut, check_tables, save_tables

__all__ = ["shrinkage"]


@exits
def shrinkage(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    outcome: Outcome = None,
    ci: Interval = 0.95,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    out: TablesOut = None,
    force: ReplaceTables = False,
    as_json: AsJson = False,
) -> int:
    """Show the posterior rate of each arm of a saved run, and its shrinkage."""
    check_tables(out, ("shrinkage",), force=force)
    import bayesmeta as bm
    from bayesmeta.estimates.forest_table import arm_labels
    from bayesmeta.estimates.words import words_of
    from bayesmeta.report.contrast_text import shrinkage_blocks
    from bayesmeta.report.machine import records
    from bayesmeta.report.text import warning_lines

    result = bm.load_fit(run)
    words = words_of(result, rates_per=rates_per, labels=labels)
    diagnostics, table = bm.diagnose(result), bm.shrinkage(result, outcome=outcome, ci_prob=ci)
    saved = save_tables(out, {"shrinkage": table})
    if as_json:
        print_json({"ci_prob": ci, "arms": records(table), "diagnostics_ok": diagnostics.ok})
    else:
        arms = result.arms.of(outcome) if outcome else result.arms
        lines = shrinkage_blocks(table, arm_labels(arms), ci, words, outcome=outcome)
        print_blocks(warning_lines(diagnostics), lines, saved)
    return code_of(diagnostics)
