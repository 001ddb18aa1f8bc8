"""The command `bayesmeta contrast`: levels of a factor against each other, from a saved run."""

from pathlib import Path
from typing import Annotated

import typer

from bayesmeta.cli.options import AsJson, FailOn, Interval, LabelFile, Profiles, RatesPer, exits
from bayesmeta.cli.output import code_of, print_blocks, print_json
from bayesmeta.cli.plan_options import Outcome
from bayesmeta.cli.profiles import parsed_profile
from bayesmeta.cli.tables import ReplaceTables, TablesOut, check_tables, save_tables

__all__ = ["contrast"]


@exits
def contrast(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    factor: Annotated[
        str | None, typer.Option(help="Factor whose levels are compared; the first if left out.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Level that all others are compared with; all pairs if left out."),
    ] = None,
    outcome: Outcome = None,
    profile: Profiles = None,
    ci: Interval = 0.95,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    out: TablesOut = None,
    force: ReplaceTables = False,
    ranks: Annotated[
        bool,
        typer.Option(
            "--ranks",
            help="Show ranks and SUCRA though some levels are compared between studies only.",
        ),
    ] = False,
    fail_on: FailOn = None,
    as_json: AsJson = False,
) -> int:
    """Compare the levels of a factor, such as regimens, in a saved run."""
    check_tables(out, ("contrasts", "ranks"), force=force)
    import bayesmeta as bm
    from bayesmeta.estimates.words import words_of
    from bayesmeta.report import contrast_text, text

    result = bm.load_fit(run)
    diagnostics = bm.diagnose(result)
    words = words_of(result, rates_per=rates_per, labels=labels)
    found = bm.contrast(
        result,
        factor,
        outcome=outcome,
        profile=parsed_profile(profile),
        against=against,
        ci_prob=ci,
    )
    saved = save_tables(out, {"contrasts": found.table, "ranks": found.ranks})
    shown = ranks or found.rankable
    if as_json:
        content = contrast_text.contrast_json(found, ranks=shown) | {
            "diagnostics_ok": diagnostics.ok
        }
        print_json(content)
    else:
        lines = [*text.warning_lines(diagnostics), *contrast_text.contrast_blocks(found, words)]
        ranked = ["", *contrast_text.rank_blocks(found, words)]
        print_blocks(lines, ranked if shown else contrast_text.unranked(found), saved)
    return code_of(diagnostics, fail_on)
