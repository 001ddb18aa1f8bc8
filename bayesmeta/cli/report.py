"""The command `bayesmeta report`: a saved run as one file to read, send and archive."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, OK, exits
from bayesmeta.cli.front import Front, fronting
from bayesmeta.cli.judgements import judging
from bayesmeta.cli.options import (
    AsJson,
    Cohort,
    Interval,
    LabelFile,
    Profiles,
    RatesPer,
    Times,
    Units,
    check_no_effect,
)
from bayesmeta.cli.output import check_page, print_json
from bayesmeta.cli.parsing import parsed_profile, parsed_units

if TYPE_CHECKING:
    from bayesmeta import RiskOfBias

OF_REPORTS = {
    "form": ("--format", None),
    "per": ("--per", None),
    "ci_prob": ("--ci", 0.95),
    "times": ("--time", None),
    "rates_per": ("--rates-per", 100),
    "refits": ("--quick", True),
    "ranks": ("--ranks", False),
    "judgements": ("--judgements", None),
}
"""Of each argument that a report alone has, its option and default."""


@exits
@judging
@fronting
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a fit, a comparison or a grid.")],
    form: Annotated[
        Literal["html", "md", "json", "docx", "xlsx"] | None,
        typer.Option(
            "--format",
            help="Form of the report; if left out, by the suffix of --out, or html. docx is made by pandoc; xlsx holds the tables and the numbers of "
            "each figure.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File to write; if left out, report.html (or .md ...) in the run."
        ),
    ] = None,
    profile: Profiles = None,
    per: Units = None,
    cohort: Cohort = 40,
    ci: Interval = 0.95,
    rate_above: Annotated[
        float | None, typer.Option(help="Also report P(true rate > this).")
    ] = None,
    times: Times = None,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Of a fit: leave out the parts that refit the model.")
    ] = False,
    ranks: Annotated[
        bool,
        typer.Option(
            "--ranks", help="Show ranks of levels even if some are compared between studies only."
        ),
    ] = False,
    interactive: Annotated[
        bool,
        typer.Option(
            "--interactive",
            help="Of a fit: write a page on which a single-arm trial is planned, interactive.html in the run if --out is left out. --n, "
            "--rate-above and --profile set its start.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file of --out.")] = False,
    as_json: AsJson = False,
    *,
    front: Front,
    judged: "RiskOfBias | None",
) -> int:
    """Write a report of a saved run: one file with figures, tables, limitations and checklists."""
    asked: dict[str, Any] = {
        "out": out,
        "profile": parsed_profile(profile),
        "rate_above": rate_above,
        **front,
        "labels": labels,
        "force": force,
    }
    own: dict[str, Any] = {
        "form": form,
        "per": parsed_units(per),
        "ci_prob": ci,
        "times": times,
        "rates_per": rates_per,
        "refits": not quick,
        "ranks": ranks,
        "judgements": judged,
    }
    if interactive:
        _check_interactive(own, out, force=force)
        from bayesmeta.report.interactive import write_interactive

        written = write_interactive(run, n=cohort, **asked)
    else:
        from bayesmeta.report.writing import write_report

        written = write_report(run, cohort=cohort, **asked, **own)
    if as_json:
        content = {
            "report": str(written.path),
            "title": written.title,
            "warning": written.warning,
        }
        print_json(content)
    else:
        if written.warning:
            print(written.warning)
        print(f"{written.title}\nWritten to {written.path}.")
    return DIAGNOSTICS_FAILED if written.warning else OK


def _check_interactive(asked: Mapping[str, Any], out: Path | None, *, force: bool) -> None:
    """Raise if an option has no effect on an interactive page, or the file cannot be one."""
    for name, (option, default) in OF_REPORTS.items():
        check_no_effect(
            option, asked[name] if asked[name] != default else None, "on an interactive page"
        )
    if out is not None:
        check_page(out, force=force)
