"""The commands about the package itself: its models, and whether it works on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, OK, exits
from bayesmeta.cli.options import DEFAULT_SEED, AsJson, Seed
from bayesmeta.cli.output import print_blocks, print_json
from bayesmeta.errors import RunError, counted


@exits
def models(as_json: AsJson = False) -> int:
    """List the bundled models."""
    import bayesmeta as bm
    from bayesmeta.model.files import models_of_strata, models_of_survival, models_of_years

    kinds = {
        "models": bm.bundled_models(),
        "models_of_strata": models_of_strata(),
        "models_of_survival": models_of_survival(),
        "models_of_years": models_of_years(),
    }
    found = {
        kind: {name: bm.load_model(name).description for name in names}
        for kind, names in kinds.items()
    }
    if as_json:
        print_json(found)
        return OK
    width = max(len(name) for names in kinds.values() for name in names)
    whole, divided, survival, dated = (
        [f"{name:{width}}  {line}" for name, line in one.items()] for one in found.values()
    )
    print_blocks(whole, "", ["Of arms divided by a stratum (--strata):", *divided])
    print_blocks("", ["Of survival:", *survival])
    print_blocks("", ["Of arms with a calendar year (column year):", *dated])
    return OK


@exits
def calibrate(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder of the results. Finished fits are not repeated."),
    ],
    part: Annotated[
        list[str] | None, typer.Option(help="A part of the model family. May be repeated.")
    ] = None,
    sets: Annotated[
        int | None,
        typer.Option(help="Data sets of each case. Default: 1000, or 100 with --short."),
    ] = None,
    seed: Seed = DEFAULT_SEED,
    workers: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    short: Annotated[bool, typer.Option("--short", help="One case of each part.")] = False,
    as_json: AsJson = False,
) -> int:
    """Check the models by simulation-based calibration (minutes to hours).

    Parts are distribution-*, mu-*, beta-*, tau-*, likelihood-*, levels-*, survival-*, walk, arm_effects,
    tau_by, imputed, shares, within_between, totals, unknown_sizes and overdispersion_and_effects;
    of joint models, nested-*; and coverage, of prediction intervals.
    The exit code is 1 if a case fails.
    """
    import bayesmeta as bm
    from bayesmeta.report.calibration import calibration_json, calibration_lines

    result = bm.calibrate(out, parts=part or (), sets=sets, seed=seed, short=short, workers=workers)
    if as_json:
        print_json(calibration_json(result))
    else:
        print_blocks(calibration_lines(result), "", f"Kept in {out}; random seed {seed}.")
    return OK if result.ok else DIAGNOSTICS_FAILED


@exits
def selfcheck(
    report: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a record to sign: record.html, and record.docx where pandoc is installed."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the record of --report.")] = False,
    as_json: AsJson = False,
) -> int:
    """Check this installation: known answers, invalid input, recovery, reproducibility.

    It takes about a minute, needs no network and leaves no files but those of --report: the record of
    installation and operational qualification. The exit code is 1 if a check failed, or if the record
    cannot be complete because the installation is editable.
    """
    from bayesmeta.cli.record import check_record, record_lines, write_record
    from bayesmeta.report import selfcheck_text as text
    from bayesmeta.report.qualification import is_complete
    from bayesmeta.selfcheck import Check, run_selfcheck, this_environment

    if report is not None:
        check_record(report, force=force)

    def show(check: Check) -> None:
        print(text.check_line(check), flush=True)

    if as_json:
        found = run_selfcheck()
    else:
        # First, so that they are there whatever happens next.
        print("\n".join([*text.environment_lines(this_environment()), ""]), flush=True)
        found = run_selfcheck(ended=show)
        print("\n".join(["", *text.verdict_lines(found)]))
    written = None if report is None else write_record(found, report, force=force)
    if as_json:
        print_json(text.selfcheck_json(found) | ({"record": written} if written else {}))
    elif written:
        print("\n".join(record_lines(written)))
    passed = found.ok if report is None else is_complete(found)
    return OK if passed else DIAGNOSTICS_FAILED


@exits
def warm(as_json: AsJson = False) -> int:
    """Compile in advance what the first fit, comparison and plan need.

    Compiled code is kept in the folder that NUMBA_CACHE_DIR names, or else with the package, or else in
    the user's cache. It is read from there even where it cannot be written any more, and compiled again
    when the package or the kind of processor changes.
    """
    from bayesmeta.inference.settings import processors
    from bayesmeta.places import can_be_written, folders
    from bayesmeta.selfcheck.warming import warmed

    place = next((str(folder) for folder in folders() if can_be_written(folder)), None)
    if place is None:
        raise RunError(
            f"None of {', '.join(map(str, folders()))} can be written. Set NUMBA_CACHE_DIR to a folder that can be."
        )
    done = {}
    for job, compiled in warmed(processors()):
        done[job] = compiled
        if not as_json:
            print(f"{job}: {counted(compiled, 'function')} compiled", flush=True)
    if as_json:
        print_json({"compiled": done, "kept": place})
    else:
        print(f"Kept in {place}.")
    return OK
