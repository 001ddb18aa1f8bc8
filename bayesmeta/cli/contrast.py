"""The command `bayesmeta contrast`: levels of a factor against each other, from a saved run."""

from pathlib import Path
from typing import Annotated

import typer

from bayesmeta.cli.options import AsJson, FailOn, Interval, Profiles, exits
from bayesmeta.cli.output import code_of, print_json
from bayesmeta.cli.profiles import parsed_profile

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
    profile: Profiles = None,
    ci: Interval = 0.95,
    fail_on: FailOn = None,
    as_json: AsJson = False,
) -> int:
    """Compare the levels of a factor, such as regimens, in a saved run."""
    import bayesmeta as bm
    from bayesmeta.inference.storage import ONE_OUTCOME, form_of
    from bayesmeta.report import contrast_text, machine, text

    if form_of(run) != ONE_OUTCOME.name:
        raise bm.SettingsError(
            f"`contrast` is not available for runs of nested outcomes, such as {run}. Fit one of its outcomes by "
            "--outcome, or see the rates of each level by predict."
        )
    result = bm.load_fit(run)
    diagnostics = bm.diagnose(result)
    found = bm.contrast(
        result, factor, profile=parsed_profile(profile), against=against, ci_prob=ci
    )
    if as_json:
        content = machine.contrast_json(found) | {"diagnostics_ok": diagnostics.ok}
        print_json(content)
    else:
        lines = [*text.warning_lines(diagnostics), *contrast_text.contrast_lines(found), ""]
        print("\n".join([*lines, *contrast_text.rank_lines(found)]))
    return code_of(diagnostics, fail_on)
