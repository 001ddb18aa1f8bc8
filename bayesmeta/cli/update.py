"""The command `bayesmeta update`: a saved run made again on newer evidence, and what moved."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, OK, exits
from bayesmeta.cli.events import Events, OfPatients, counting
from bayesmeta.cli.options import (
    AsJson,
    FailOn,
    Force,
    Interval,
    Notation,
    Out,
    Profiles,
    RatesPer,
    Time,
    reading,
)
from bayesmeta.cli.output import code_of, print_blocks, print_json
from bayesmeta.cli.parsing import parsed_profile
from bayesmeta.runs.files import check_folder


@exits
@reading
@counting
def update(
    notation: Notation,
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    evidence: Annotated[
        str,
        typer.Option(
            help="The newer table: a file (CSV, .xlsx, .parquet), read as that of the run was, or the name of a bundled one."
        ),
    ],
    out: Out,
    profile: Profiles = None,
    time: Time = None,
    *,
    events: Events,
    event: Annotated[
        list[str] | None,
        typer.Option(help='An event that is decided on, such as "rate > 0.3"; may be repeated.'),
    ] = None,
    n: OfPatients = None,
    certainty: Annotated[
        float | None, typer.Option(help="Probability that a decision requires.")
    ] = None,
    ci: Interval = 0.95,
    rates_per: RatesPer = 100,
    force: Force = False,
    fail_on: FailOn = None,
    as_json: AsJson = False,
) -> int:
    """Fit a saved run again on newer evidence; show what moved, was predicted, and is decided.

    The folder in --out is that of `bayesmeta fit` with the model, selection, settings and seed of RUN.
    """
    # What can be refused is refused before the work.
    check_folder(out, force=force)
    import bayesmeta as bm
    from bayesmeta.comparison.update import brings_something_new
    from bayesmeta.estimates.words import words_of
    from bayesmeta.evidence.selected_again import read_again
    from bayesmeta.report.update_text import update_blocks, update_json

    fit = bm.load_fit(run)
    table = read_again(evidence, fit.arms, notation)
    words = words_of(fit, rates_per=rates_per)
    if not brings_something_new(fit, table):
        told = f"Nothing to update: from {table.name} the selection of {run} takes the very same arms. Nothing is written."
        if as_json:
            print_json({"updated": False, "message": told})
        else:
            print_blocks(told)
        return OK
    asked: dict[str, Any] = {**events, "n": n}
    found = bm.update(
        fit,
        table,
        profile=parsed_profile(profile),
        time=time,
        certainty=certainty,
        ci_prob=ci,
        event=event or None,
        **asked,
    )
    found.after.save(out, force=force)
    if as_json:
        print_json({"updated": True, **update_json(found), "saved": str(out)})
    else:
        saved = f"Saved in {out}; random seed {found.after.provenance.seed}."
        print_blocks(update_blocks(found, words), saved)
    return code_of(bm.diagnose(found.after), fail_on) if found.ok else DIAGNOSTICS_FAILED
