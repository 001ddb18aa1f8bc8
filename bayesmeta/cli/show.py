"""The command `bayesmeta show`: what a saved run says, again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayesmeta.cli.options import (
    DIAGNOSTICS_FAILED,
    OK,
    AsJson,
    Cohort,
    Interval,
    LabelFile,
    Profiles,
    RatesPer,
    Units,
    exits,
)
from bayesmeta.cli.output import print_blocks, print_json
from bayesmeta.cli.profiles import parsed_profile, parsed_units
from bayesmeta.errors import SettingsError

if TYPE_CHECKING:
    import bayesmeta as bm
    from bayesmeta.multiverse.results import GridResults
    from bayesmeta.report.saved_runs import SavedComparison
    from bayesmeta.report.text import Blocks

__all__ = ["show"]

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
    if isinstance(found, Fit):
        blocks, content = _fit(found, run, asked | written)
    elif asked != DEFAULTS:
        raise SettingsError(
            "`--profile`, `--per`, `--n` and `--ci` have no effect on a run of many fits, whose questions were settled "
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
