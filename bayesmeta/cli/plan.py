"""The command `bayesmeta plan`: a single-arm trial that borrows from a saved run."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayesmeta.cli.options import DIAGNOSTICS_FAILED, OK, AsJson, Profiles, exits
from bayesmeta.cli.output import print_json
from bayesmeta.cli.profiles import parsed_profile
from bayesmeta.errors import RunError, SettingsError

if TYPE_CHECKING:
    from bayesmeta import Plan

__all__ = ["plan"]


@exits
def plan(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    n: Annotated[int, typer.Option("--n", help="Patients of the trial.")],
    success: Annotated[
        str, typer.Option(help='Such as "P(rate > 0.35) > 0.9"; several joined by and.')
    ],
    profile: Profiles = None,
    outcome: Annotated[
        str | None, typer.Option(help="Which outcome of a run of nested outcomes.")
    ] = None,
    robust: Annotated[float, typer.Option(help="Share of the prior that is vague.")] = 0.2,
    rates: Annotated[
        str | None, typer.Option(help="True rates to look at, joined by commas.")
    ] = None,
    interim: Annotated[
        str | None, typer.Option(help="Responders and patients seen so far, such as 8/20.")
    ] = None,
    stop_below: Annotated[
        float | None,
        typer.Option(help="Predictive probability of success that stops at the interim."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="New folder for tables and figures.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Go on with a fit that failed its diagnostics.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Plan a single-arm trial whose prior is what a saved run foretells."""
    import bayesmeta as bm

    # What can be refused is refused before the work, and before what it needs is loaded.
    true, seen = _rates(rates), _interim(interim)
    if out is not None:
        _check_out(out)
    conditions = bm.parse_success(success)
    from bayesmeta.inference.storage import ONE_OUTCOME, form_of

    result = bm.load_fit(run) if form_of(run) == ONE_OUTCOME.name else bm.load_nested_fit(run)
    prior = bm.map_prior(result, profile=parsed_profile(profile), outcome=outcome, force=force)
    found = bm.plan(
        prior,
        n=n,
        success=conditions,
        robust=robust,
        rates=true,
        interim=seen,
        stop_below=stop_below,
    )
    if out is not None:
        _save(found, out)
    if as_json:
        from bayesmeta.report.plan_machine import plan_json

        content = plan_json(found) | {"saved": None if out is None else str(out)}
        print_json(content)
    else:
        from bayesmeta.report.plan_text import plan_lines
        from bayesmeta.report.text import warning_lines

        lines = [*warning_lines(bm.diagnose(result)), *plan_lines(found)]
        print("\n".join(lines + ([] if out is None else [f"Saved in {out}."])))
    return OK if prior.reliable else DIAGNOSTICS_FAILED


def _check_out(folder: Path) -> None:
    from bayesmeta.inference.folders import check_folder

    if os.path.lexists(folder):
        raise RunError(f"{folder} exists; it is left alone. Choose another folder.")
    check_folder(folder, force=False)


def _save(found: "Plan", folder: Path) -> None:
    from bayesmeta.report.plan_files import save_plan

    save_plan(found, folder)


def _rates(text: str | None) -> list[float] | None:
    """Return the rates that a text lists; None where there is none."""
    if text is None:
        return None
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        raise SettingsError(
            f"`--rates` must be numbers joined by commas, such as 0.2,0.35; got '{text}'."
        ) from None


def _interim(text: str | None) -> tuple[int, int] | None:
    """Return responders and patients written 8/20; None where there are none."""
    if text is None:
        return None
    events, slash, n = (part.strip() for part in text.partition("/"))
    if not (slash and events.isdecimal() and n.isdecimal()):
        raise SettingsError(f"`--interim` must be responders/patients, such as 8/20; got '{text}'.")
    if int(events) > int(n):
        raise SettingsError(
            f"`--interim` must have at most so many responders as patients; got '{text}'. Write responders first, "
            "such as 8/20."
        )
    return int(events), int(n)
