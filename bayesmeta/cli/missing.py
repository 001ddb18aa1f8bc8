"""The command `bayesmeta missing`: what a saved run would say if studies were missing."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayesmeta.cli.answers import Answer, SavedFit, answering
from bayesmeta.cli.events import Asked, Certainty, asking
from bayesmeta.cli.options import Interval, Profiles, check_no_effect
from bayesmeta.cli.parsing import parsed_profile

if TYPE_CHECKING:
    import pandas as pd

    import bayesmeta as bm


@answering("selection", "tipping_points", "unreported")
@asking
def missing(
    saved: SavedFit,
    smallest: Annotated[
        list[float] | None,
        typer.Option(
            help="P(published) of a study as small as the smallest; may be repeated. Default: 0.8, 0.5, 0.3."
        ),
    ] = None,
    largest: Annotated[
        list[float] | None,
        typer.Option(help="P(published) of the largest study; may be repeated. Default: 0.999."),
    ] = None,
    rho: Annotated[
        list[float] | None,
        typer.Option(
            help="Correlation between rate and publication; may be repeated. Default: 0.5, 0.9."
        ),
    ] = None,
    studies: Annotated[
        int | None,
        typer.Option(
            help="Registered studies without results. Default: those of the table without a count."
        ),
    ] = None,
    delta: Annotated[
        list[float] | None,
        typer.Option(
            help="Shift of studies without results, on the scale of the link; may be repeated. Default: -1, -0.5, 0, 0.5."
        ),
    ] = None,
    profile: Profiles = None,
    *,
    asked: Asked,
    certainty: Certainty = None,
    ci: Interval = 0.95,
) -> Answer:
    """Show how unpublished studies, and studies without results, could change a saved run."""
    import bayesmeta as bm
    from bayesmeta.report.selection_text import (
        selection_blocks,
        selection_json,
        unreported_blocks,
    )

    words = saved.words  # Labels are refused before the work.
    at = parsed_profile(profile)
    tried = {"smallest": smallest, "largest": largest, "rho": rho}
    given: dict[str, Any] = {name: values for name, values in tried.items() if values}
    others = _unreported(saved.fit, studies, delta, profile=at, ci_prob=ci, **asked)
    found = bm.selection(saved.fit, profile=at, certainty=certainty, ci_prob=ci, **given, **asked)
    tables = {"selection": found.table, "tipping_points": found.tipping_points}
    told = [] if others is None else ["", *unreported_blocks(others, ci, words)]
    return Answer(
        selection_json(found, others),
        [selection_blocks(found, words), told],
        tables if others is None else {**tables, "unreported": others},
        found.ok,
    )


def _unreported(
    fit: "bm.Fit", studies: int | None, delta: list[float] | None, **asked: object
) -> "pd.DataFrame | None":
    """Return the rates of all registered studies; None where all have results."""
    import bayesmeta as bm
    from bayesmeta.sensitivity.unreported import without_results

    if studies is None and not without_results(fit.arms):
        check_no_effect("--delta", delta, "without studies that lack results; give --studies")
        return None
    shifts = {"delta": delta} if delta else {}
    return bm.unreported(fit, studies=studies, **shifts, **asked)  # type: ignore[arg-type]
