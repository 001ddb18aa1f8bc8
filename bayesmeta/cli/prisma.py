"""The command `bayesmeta prisma`: what PRISMA 2020 asks of a review, answered from a saved run."""

from pathlib import Path
from typing import Annotated

import typer

from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, OK, exits
from bayesmeta.cli.options import AsJson, LabelFile, Profiles, RatesPer
from bayesmeta.cli.output import print_json
from bayesmeta.cli.parsing import parsed_profile


@exits
def prisma(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for the answers.")],
    profile: Profiles = None,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    title: Annotated[str | None, typer.Option(help="Title of the document.")] = None,
    author: Annotated[str | None, typer.Option(help="Author, printed below the title.")] = None,
    protocol: Annotated[
        str | None, typer.Option(help="Protocol, such as its number or address, printed likewise.")
    ] = None,
    date: Annotated[
        str | None, typer.Option(help="Date, printed likewise; none if left out.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the folder of --out, if it is such a folder.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Answer the items of PRISMA 2020 from a saved run, each with number, file and hash."""
    import bayesmeta as bm
    from bayesmeta.report.dossier.writing import dossier_line
    from bayesmeta.report.machine import records

    written = bm.write_prisma(
        bm.load_fit(run),
        out,
        profile=parsed_profile(profile),
        rates_per=rates_per,
        labels=labels,
        title=title,
        author=author,
        protocol=protocol,
        date=date,
        force=force,
    )
    if as_json:
        content = {
            "folder": str(written.path),
            "title": written.title,
            "warning": written.warning,
            "rows": records(written.rows),
        }
        print_json(content)
    else:
        if written.warning:
            print(written.warning)
        print(f"{written.title}\n{dossier_line(written)}")
    return DIAGNOSTICS_FAILED if written.warning else OK
