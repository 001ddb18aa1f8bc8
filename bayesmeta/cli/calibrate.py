"""The command `bayesmeta calibrate`: calibration by simulation, printed and kept."""

from pathlib import Path
from typing import Annotated

import typer

from bayesmeta.cli.options import DEFAULT_SEED, DIAGNOSTICS_FAILED, OK, AsJson, Seed, exits
from bayesmeta.cli.output import print_json

__all__ = ["calibrate"]


@exits
def calibrate(
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="Folder of the results; what is done there is not done again."
        ),
    ],
    part: Annotated[
        list[str] | None, typer.Option(help="A part of the model family; once per part.")
    ] = None,
    sets: Annotated[
        int | None, typer.Option(help="Data sets of each case; 1000, or 100 with --short.")
    ] = None,
    seed: Seed = DEFAULT_SEED,
    workers: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    short: Annotated[bool, typer.Option("--short", help="One case of each part.")] = False,
    as_json: AsJson = False,
) -> int:
    """Check the models by simulation-based calibration (minutes to hours).

    Parts are distribution-*, mu-*, beta-*, tau-*, likelihood-*, arm_effects, tau_by, imputed, shares and
    overdispersion_and_effects; of joint models, nested-*; and coverage, of prediction intervals.
    The exit code is 1 if a case fails.
    """
    import bayesmeta as bm
    from bayesmeta.report.calibration import calibration_json, calibration_lines

    result = bm.calibrate(out, parts=part or (), sets=sets, seed=seed, short=short, workers=workers)
    if as_json:
        print_json(calibration_json(result))
    else:
        print("\n".join([*calibration_lines(result), "", f"Kept in {out}; random seed {seed}."]))
    return OK if result.ok else DIAGNOSTICS_FAILED
