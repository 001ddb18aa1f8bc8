"""The command `bayesmeta report`: a saved run as one file to read, send and archive."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, OK, exits
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
)
from bayesmeta.cli.output import print_json
from bayesmeta.cli.parsing import parsed_profile, parsed_units

if TYPE_CHECKING:
    from bayesmeta import RiskOfBias


@exits
@judging
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
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    author: Annotated[str | None, typer.Option(help="Author, printed below the title.")] = None,
    protocol: Annotated[
        str | None, typer.Option(help="Protocol, such as its number or address, printed likewise.")
    ] = None,
    date: Annotated[
        str | None, typer.Option(help="Date, printed likewise; none if left out.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file of --out.")] = False,
    as_json: AsJson = False,
    *,
    judged: "RiskOfBias | None",
) -> int:
    """Write a report of a saved run: one file with figures, tables, limitations and checklists."""
    from bayesmeta.report.writing import write_report

    written = write_report(
        run,
        out=out,
        form=form,
        profile=parsed_profile(profile),
        per=parsed_units(per),
        cohort=cohort,
        ci_prob=ci,
        rate_above=rate_above,
        times=times,
        refits=not quick,
        ranks=ranks,
        title=title,
        author=author,
        protocol=protocol,
        date=date,
        rates_per=rates_per,
        labels=labels,
        judgements=judged,
        force=force,
    )
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
