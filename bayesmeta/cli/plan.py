"""The command `bayesmeta plan`: a trial that borrows from a saved run."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayesmeta.cli.answers import Answer, SavedFit, answering
from bayesmeta.cli.front import Front, fronting
from bayesmeta.cli.options import Outcome, Profiles, check_no_effect, taking
from bayesmeta.cli.output import check_files, write_files
from bayesmeta.cli.parsing import parsed_profile
from bayesmeta.cli.plan_request import PlanRequest
from bayesmeta.errors import SettingsError
from bayesmeta.paths import expanded

if TYPE_CHECKING:
    from bayesmeta.report.plan_words import AnyPlan


@answering()
@taking(request=PlanRequest)
@fronting
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
    dossier: Annotated[
        Path | None,
        typer.Option(
            help="Also write a dossier into this new folder: what FDA and ICH drafts ask, each with number, file and hash."
        ),
    ] = None,
    *,
    front: Front,
) -> Answer:
    """Plan a one-arm or two-arm trial with a prior from a saved run."""
    request.check()
    if interactive is not None:
        request.check_interactive(interactive, force=saved.force)
    import bayesmeta as bm
    from bayesmeta.report.plan_tables import FILES, plan_files, plan_json
    from bayesmeta.report.plan_text import plan_blocks

    out, words = saved.out, saved.words
    check_apart(dossier, {"--out": out, "--interactive": interactive})
    if out is not None:
        check_files(out, FILES, force=saved.force)
    write_dossier = dossier_writer(dossier, front, force=saved.force)
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
    dossier_lines = write_dossier(found, words=words, sizes=sizes)
    places = {
        "saved": out,
        "interactive": interactive,
        "dossier": None if found is None else dossier,
    }
    told = {name: None if place is None else str(place) for name, place in places.items()}
    return Answer(
        plan_json(found, prior=prior, sizes=sizes) | told,
        [
            plan_blocks(found, sizes=sizes, words=words),
            *([] if out is None else [f"Saved in {out}."]),
            *([] if interactive is None else [f"Interactive page: {interactive}."]),
            dossier_lines,
        ],
    )


def check_apart(dossier: Path | None, others: Mapping[str, Path | None]) -> None:
    """Raise if the folder of a dossier, which holds its own files alone, would hold another output."""
    for option, place in others.items():
        if dossier is None or place is None:
            continue
        whole, other = expanded(dossier).resolve(), expanded(place).resolve()
        if whole == other or whole in other.parents:
            raise SettingsError(
                f"`{option}` {place} lies in the folder of `--dossier`, which holds the dossier alone. Choose another place."
            )


def dossier_writer(folder: Path | None, front: Front, *, force: bool) -> Callable[..., list[str]]:
    """Return what writes the dossier of a plan, if asked for, and returns the line that says so."""
    if folder is None:
        for name, text in front.items():
            check_no_effect(f"--{name}", text, "without `--dossier`, whose first lines have it")
        return lambda _, **__: []
    # Reports load much that a plan does not need.
    from bayesmeta.report.dossier.plan_dossier import check_dossier, save_dossier
    from bayesmeta.report.dossier.writing import dossier_line
    from bayesmeta.report.targets import front_matter

    check_dossier(folder, force=force)
    said = front_matter(**front)

    def write(found: "AnyPlan | None", **asked: Any) -> list[str]:
        if found is None:
            return ["No dossier: there is no plan."]
        return [dossier_line(save_dossier(found, folder, front=said, force=force, **asked))]

    return write
