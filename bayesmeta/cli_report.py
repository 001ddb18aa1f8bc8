"""The command `bayesmeta report`: a saved run as one file to read, send and archive."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from bayesmeta.cli_options import DIAGNOSTICS_FAILED, OK, AsJson, Cohort, Interval, Profiles, exits
from bayesmeta.cli_profiles import parsed_profile

__all__ = ["report"]


@exits
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a fit, a comparison or a grid.")],
    format: Annotated[
        Literal["html", "md", "json", "docx"],
        typer.Option("--format", help="Form of the report; docx is made by pandoc."),
    ] = "html",
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; if left out, report.html (or .md ...) in the run."),
    ] = None,
    profile: Profiles = None,
    cohort: Cohort = 40,
    ci: Interval = 0.95,
    rate_above: Annotated[
        float | None, typer.Option(help="Also report P(true rate > this).")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Of a fit: leave out what fits the model again.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file of --out.")] = False,
    as_json: AsJson = False,
) -> int:
    """Write a report of a saved run: one file, with figures, tables, limits and checklists."""
    from bayesmeta.estimates.arguments import check_ci_prob, check_cohort
    from bayesmeta.report.fit_results import Asked
    from bayesmeta.report.writing import write_report

    check_ci_prob(ci)
    check_cohort("cohort", cohort)
    asked = Asked(
        profile=parsed_profile(profile),
        cohort=cohort,
        ci_prob=ci,
        rate_above=rate_above,
        refits=not quick,
    )
    document, path = write_report(run, asked, form=format, out=out, force=force)
    if as_json:
        content = {"report": str(path), "title": document.title, "warning": document.warning}
        print(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        print(f"{document.title}\nWritten to {path}.")
    return DIAGNOSTICS_FAILED if document.warning else OK
