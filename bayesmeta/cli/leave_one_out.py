"""The command `bayesmeta leave-one-out`: each study of a saved run predicted from all others."""

from pathlib import Path
from typing import Annotated, Literal

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
from bayesmeta.cli.workers import Workers

__all__ = ["leave_one_out"]

TABLES = ("studies", "arms", "influence", "fits")


@exits
def leave_one_out(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    method: Annotated[
        Literal["exact", "psis"],
        typer.Option(help="Leave studies out by refits, or by PSIS."),
    ] = "exact",
    profile: Profiles = None,
    seed: Seed = DEFAULT_SEED,
    ci: Interval = 0.95,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    workers: Workers = None,
    out: TablesOut = None,
    force: ReplaceTables = False,
    as_json: AsJson = False,
) -> int:
    """Leave each study out in turn: held-out predictions, and the influence of each study."""
    check_tables(out, TABLES, force=force)
    import bayesmeta as bm
    from bayesmeta.estimates.words import words_of
    from bayesmeta.inference.settings import processors
    from bayesmeta.report.predicted_text import left_out_blocks, left_out_json

    result = bm.load_fit(run)
    words = words_of(result, rates_per=rates_per, labels=labels)
    found = bm.leave_one_study_out(
        result.spec,
        result.arms,
        seed=seed,
        method=method,
        profile=parsed_profile(profile),
        ci_prob=ci,
        workers=processors() if workers is None else workers,
    )
    tables = {name: getattr(found, name) for name in TABLES}
    saved = save_tables(out, tables)
    if as_json:
        print_json(left_out_json(found) | {"seed": seed})
    else:
        print_blocks(left_out_blocks(found, words), f"  Random seed {seed}.", saved)
    return OK if found.ok else DIAGNOSTICS_FAILED
