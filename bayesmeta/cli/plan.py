"""The command `bayesmeta plan`: a trial that borrows from a saved run."""

from pathlib import Path
from typing import Annotated

import typer

from bayesmeta.cli.answers import Answer, SavedFit, answering
from bayesmeta.cli.options import Outcome, Profiles, taking
from bayesmeta.cli.output import check_files, write_files
from bayesmeta.cli.parsing import parsed_profile
from bayesmeta.cli.plan_request import PlanRequest


@answering()
@taking(request=PlanRequest)
def plan(
    saved: SavedFit,
    request: PlanRequest,
    profile: Profiles = None,
    outcome: Outcome = None,
    allow_unreliable: Annotated[
        bool, typer.Option("--allow-unreliable", help="Accept a fit that failed its diagnostics.")
    ] = False,
    dossier: Annotated[
        Path | None,
        typer.Option(
            help="Also write a dossier into this new folder: what FDA and ICH drafts ask, each with number, file and hash."
        ),
    ] = None,
) -> Answer:
    """Plan a one-arm or two-arm trial with a prior from a saved run."""
    request.check()
    import bayesmeta as bm
    from bayesmeta.report.dossier.plan_dossier import check_dossier, save_dossier
    from bayesmeta.report.dossier.writing import dossier_line
    from bayesmeta.report.plan_tables import FILES, plan_files, plan_json
    from bayesmeta.report.plan_text import plan_blocks

    out, words = saved.out, saved.words
    if out is not None:
        check_files(out, FILES, force=saved.force)
    if dossier is not None:
        check_dossier(dossier, force=saved.force)
    prior = bm.map_prior(
        saved.fit, profile=parsed_profile(profile), outcome=outcome, force=allow_unreliable
    )
    sizes = request.sizes(prior)
    found = request.plan(prior, sizes)
    if out is not None:
        files = plan_files(found, prior=prior, sizes=sizes, words=words)
        write_files(out, files, force=saved.force)
    written = None
    if dossier is not None and found is not None:
        written = save_dossier(found, dossier, words=words, sizes=sizes, force=saved.force)
    places = {
        "saved": None if out is None else str(out),
        "dossier": None if written is None else str(written.path),
    }
    return Answer(
        plan_json(found, prior=prior, sizes=sizes) | places,
        [
            plan_blocks(found, sizes=sizes, words=words),
            [] if out is None else f"Saved in {out}.",
            [] if written is None else [dossier_line(written)],
        ],
    )
