"""The commands `bayesmeta show` and `bayesmeta run`: what a folder of results holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayesmeta.cli.commands import BAD_INPUT, DIAGNOSTICS_FAILED, OK, exits
from bayesmeta.cli.options import AsJson, Cohort, Interval, LabelFile, Profiles, RatesPer, Units
from bayesmeta.cli.output import print_blocks, print_json
from bayesmeta.cli.parsing import parsed_profile, parsed_units
from bayesmeta.errors import RunError, SettingsError, listed

if TYPE_CHECKING:
    import bayesmeta as bm
    from bayesmeta.multiverse.results import GridResults
    from bayesmeta.report.saved_runs import SavedComparison
    from bayesmeta.report.text import Blocks

DEFAULTS = {"profiles": None, "per": None, "ci_prob": 0.95, "cohort": 40}


@exits
def show(
    run: Annotated[Path, typer.Argument(help="Folder of a fit, a comparison or a grid.")],
    profile: Profiles = None,
    per: Units = None,
    cohort: Cohort = 40,
    ci: Interval = 0.95,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    as_json: AsJson = False,
) -> int:
    """Show the summary of a saved run."""
    from bayesmeta.inference.result import Fit
    from bayesmeta.report.saved_runs import is_reliable, load_run

    asked_profile = parsed_profile(profile)
    asked: dict[str, Any] = {
        "profiles": None if asked_profile is None else [asked_profile],
        "per": parsed_units(per),
        "ci_prob": ci,
        "cohort": cohort,
    }
    written: dict[str, Any] = {"rates_per": rates_per, "labels": labels}
    found = load_run(run)
    # A folder may hold a fit or many, which print differently.
    if isinstance(found, Fit):
        blocks, content = _fit(found, run, asked | written)
    elif asked != DEFAULTS:
        raise SettingsError(
            "`--profile`, `--per`, `--n` and `--ci` have no effect on a run of many fits, which answers what it was asked "
            "when it was run. Leave them out."
        )
    else:
        blocks, content = _many(found, written)
    if as_json:
        print_json(content | {"saved": str(run)})
    else:
        print_blocks(*blocks)
    return OK if is_reliable(found) else DIAGNOSTICS_FAILED


def _fit(fit: "bm.Fit", run: Path, asked: dict[str, Any]) -> "tuple[Blocks, dict[str, Any]]":
    import bayesmeta as bm
    from bayesmeta.report.fit_text import fit_blocks, fit_json

    diagnostics, table = bm.diagnose(fit), bm.summary(fit, **asked)
    blocks = [*fit_blocks(fit, diagnostics, table), "", f"Random seed {fit.provenance.seed}."]
    return blocks, fit_json(fit, diagnostics, table, run)


def _many(
    found: "SavedComparison | GridResults", written: dict[str, Any]
) -> "tuple[Blocks, dict[str, Any]]":
    from bayesmeta.multiverse.results import GridResults
    from bayesmeta.report.comparison_text import comparison_blocks
    from bayesmeta.report.grid_text import grid_blocks, grid_json
    from bayesmeta.report.machine import records
    from bayesmeta.report.saved_runs import words_of_run

    words = words_of_run(found, **written)
    if isinstance(found, GridResults):
        return [grid_blocks(found, words), "", f"Random seed {found.seed}."], grid_json(found)
    content = {"ok": found.ok, "notes": list(found.notes), "models": records(found.table)}
    seed = f"Random seed {found.plan['seed']}."
    return [comparison_blocks(found, found.question["ci_prob"], words), "", seed], content


@exits
def run(
    folder: Annotated[Path, typer.Argument(help="Folder of a fit, a comparison or a grid.")],
    check: Annotated[
        bool, typer.Option("--check", help="Compare every file with its stored hash.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Show what a run folder holds and how far it is; --check verifies its files.

    With --check, the exit code is 2 if a file has changed since it was written, or the run is
    not finished.
    """
    from bayesmeta.report.run_text import (
        fit_run_json,
        fit_run_lines,
        run_json,
        run_lines,
        unfinished_text,
    )
    from bayesmeta.runs import check_run, describe_run
    from bayesmeta.runs.files import FIT

    problems = check_run(folder) if check else ()
    is_fit = (folder / FIT).is_file()
    if is_fit and problems and as_json:
        print_json({"path": str(folder), "kind": "fit", "ok": False, "problems": list(problems)})
        return BAD_INPUT
    if is_fit and problems:
        raise RunError(f"{folder} has changed since it was written: {listed(problems)}. Fit again.")
    if is_fit:
        import bayesmeta as bm

        found = bm.load_fit(folder)
        content, lines = fit_run_json(found, folder), fit_run_lines(found, folder)
    else:
        summary = describe_run(folder)
        content, lines = run_json(summary), run_lines(summary)
    if as_json:
        print_json(content | ({"ok": not problems, "problems": list(problems)} if check else {}))
        return BAD_INPUT if problems else OK
    print_blocks(*lines)
    if not is_fit and problems and not summary.complete:
        raise RunError(unfinished_text(summary, problems))
    if problems:
        raise RunError(
            f"{folder} has changed since it was written: {listed(problems)}. Run the same again: jobs whose file is damaged "
            "are done again, tables written again."
        )
    if check:
        print_blocks("", "No file has changed since it was written.")
    return OK
