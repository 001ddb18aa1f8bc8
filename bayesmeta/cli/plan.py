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
    interactive: Annotated[
        Path | None,
        typer.Option(
            help="Of one arm: also write an interactive page (.html) that starts with this plan. --force replaces the file.",
        ),
    ] = None,
) -> Answer:
    """Plan a one-arm or two-arm trial with a prior from a saved run."""
    request.check()
    if interactive is not None:
        request.check_interactive(interactive, force=saved.force)
    import bayesmeta as bm
    from bayesmeta.report.plan_tables import FILES, plan_files, plan_json
    from bayesmeta.report.plan_text import plan_blocks

    out, words = saved.out, saved.words
    if out is not None:
        check_files(out, FILES, force=saved.force)
    prior = bm.map_prior(
        saved.fit, profile=parsed_profile(profile), outcome=outcome, force=allow_unreliable
    )
    sizes = request.sizes(prior)
    found = request.plan(prior, sizes)
    if out is not None:
        files = plan_files(found, prior=prior, sizes=sizes, words=words)
        write_files(out, files, force=saved.force)
    if interactive is not None:
        bm.write_interactive(
            saved.run,
            out=interactive,
            profile=parsed_profile(profile),
            outcome=outcome,
            labels=saved.labels,
            force=saved.force,
            **request.start(sizes),
        )
    places = {"saved": out, "interactive": interactive}
    return Answer(
        plan_json(found, prior=prior, sizes=sizes)
        | {name: None if place is None else str(place) for name, place in places.items()},
        [
            plan_blocks(found, sizes=sizes, words=words),
            *([] if out is None else [f"Saved in {out}."]),
            *([] if interactive is None else [f"Interactive page: {interactive}."]),
        ],
    )
