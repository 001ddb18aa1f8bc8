"""The command `bayesmeta plan`: a trial that borrows from a saved run."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayesmeta.cli.answers import Answer, SavedFit, answering
from bayesmeta.cli.options import Outcome, Profiles, taking
from bayesmeta.cli.output import check_files, write_files
from bayesmeta.cli.parsing import parsed_profile
from bayesmeta.cli.plan_request import PlanRequest

if TYPE_CHECKING:
    import bayesmeta as bm
    from bayesmeta.report.plan_sizes import Sizes
    from bayesmeta.wording import Wording

__all__ = ["plan"]


@answering()
@taking(request=PlanRequest)
def plan(
    saved: SavedFit,
    request: PlanRequest,
    profile: Profiles = None,
    outcome: Outcome = None,
    allow_unreliable: Annotated[
        bool, typer.Option("--allow-unreliable", help="Use a fit that failed its diagnostics.")
    ] = False,
) -> Answer:
    """Plan a one-arm or two-arm trial with a prior from a saved run."""
    import bayesmeta as bm
    from bayesmeta.report.plan_files import FILES, plan_files

    request.check()
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
    return Answer(
        _json(found, sizes, prior) | {"saved": None if out is None else str(out)},
        [_lines(found, sizes, words), [] if out is None else f"Saved in {out}."],
    )


def _lines(
    found: "bm.Plan | bm.TwoArmPlan | None", sizes: "Sizes | None", words: "Wording"
) -> list[str]:
    """Return what a terminal shows: sample sizes where asked for, then the plan."""
    from bayesmeta.planning.plan import Plan
    from bayesmeta.report.plan_text import plan_lines
    from bayesmeta.report.two_arm_text import two_arm_lines

    first = [] if sizes is None else [*sizes.lines(), ""]
    if found is None:
        return first if sizes is None else [*first, sizes.no_plan()]
    lines = plan_lines(found, words) if isinstance(found, Plan) else two_arm_lines(found, words)
    return [*first, *lines]


def _json(
    found: "bm.Plan | bm.TwoArmPlan | None", sizes: "Sizes | None", prior: "bm.MapPrior"
) -> dict[str, Any]:
    """Return it for machines."""
    from bayesmeta.planning.plan import Plan
    from bayesmeta.report.plan_machine import plan_json, prior_json, two_arm_json

    needed = {"sample_size": None if sizes is None else sizes.json()}
    if found is None:
        return prior_json(prior) | {"n": None} | needed
    return (plan_json(found) if isinstance(found, Plan) else two_arm_json(found)) | needed
