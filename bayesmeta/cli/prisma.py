"""The command `bayesmeta prisma`: what PRISMA 2020 asks of a review, answered from a saved run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, OK, exits
from bayesmeta.cli.front import Front, fronting
from bayesmeta.cli.judgements import judging
from bayesmeta.cli.options import AsJson, LabelFile, Profiles, RatesPer
from bayesmeta.cli.output import print_json
from bayesmeta.cli.parsing import parsed_bands, parsed_profile

if TYPE_CHECKING:
    from bayesmeta import Fit, RiskOfBias
    from bayesmeta.model.coding import Profile


@exits
@judging
@fronting
def prisma(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for the answers.")],
    profile: Profiles = None,
    band: Annotated[
        list[str] | None,
        typer.Option(
            help="Range of the rate whose probability bears on certainty, such as 0:0.2. Repeat."
        ),
    ] = None,
    refits: Annotated[
        bool,
        typer.Option(
            "--refits",
            help="Also fit the model again as if studies were missing and, with --judgements, biased (minutes).",
        ),
    ] = False,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the folder of --out, if it is such a folder.")
    ] = False,
    as_json: AsJson = False,
    *,
    front: Front,
    judged: "RiskOfBias | None",
) -> int:
    """Answer the items of PRISMA 2020 from a saved run, each with number, file and hash."""
    import bayesmeta as bm
    from bayesmeta.report.dossier.review import check_review
    from bayesmeta.report.dossier.writing import dossier_line
    from bayesmeta.report.machine import records

    fit, at = bm.load_fit(run), parsed_profile(profile)
    check_review(out, force=force)
    written = bm.write_prisma(
        fit,
        out,
        profile=at,
        judgements=judged,
        certainty=bm.certainty(fit, bands=parsed_bands(band), profile=at) if band else None,
        **(_refitted(fit, at, judged) if refits else {}),
        rates_per=rates_per,
        labels=labels,
        **front,
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


def _refitted(fit: "Fit", profile: "Profile | None", judged: "RiskOfBias | None") -> dict[str, Any]:
    """Return what is found by fitting again, as far as the model allows it."""
    import bayesmeta as bm
    from bayesmeta.estimates.posterior import outcomes_of
    from bayesmeta.model.publication import why_no_publication
    from bayesmeta.report.bias_reasons import why_no_bias

    found: dict[str, Any] = {}
    if not outcomes_of(fit) and not why_no_publication(fit.spec):
        found["selection"] = bm.selection(fit, profile=profile)
    if judged is not None and not why_no_bias(fit, judged, refits=True):
        found["bias_sensitivity"] = bm.bias_sensitivity(fit, judged, profile=profile)
    return found
