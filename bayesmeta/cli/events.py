"""The options of an event, such as `--rate-above` and `--event`: what is asked about a new cohort."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from bayesmeta.cli.options import taking

Events = Mapping[str, Any]
"""What is asked about a cohort, as the library calls it; nothing that was not given."""

Asked = Mapping[str, Any]
"""The event of an analysis, as its function takes it."""

OfPatients = Annotated[int | None, typer.Option("--n", help="Patients, where responders count.")]
Certainty = Annotated[
    float | None,
    typer.Option(help="Probability that a decision requires. Finds its tipping point."),
]


def _events(
    rate_above: Annotated[
        float | None, typer.Option(help="Print P(rate of a new study > this).")
    ] = None,
    rate_below: Annotated[
        float | None, typer.Option(help="Print P(rate of a new study < this).")
    ] = None,
    at_least: Annotated[int | None, typer.Option(help="Print P(responders >= this).")] = None,
    at_most: Annotated[int | None, typer.Option(help="Print P(responders <= this).")] = None,
) -> Events:
    """Return what is asked about a cohort."""
    found = {
        "rate_above": rate_above,
        "rate_below": rate_below,
        "events_at_least": at_least,
        "events_at_most": at_most,
    }
    return {name: value for name, value in found.items() if value is not None}


counting = taking(events=_events)
"""Give a command the options of simple events as one argument."""


@counting
def _asked(
    *,
    events: Events,
    event: Annotated[
        str | None, typer.Option(help='The event as text, such as "rate > 0.3".')
    ] = None,
    n: OfPatients = None,
) -> Asked:
    """Return the event of an analysis."""
    return {**events, "event": event, "n": n}


asking = taking(asked=_asked)
"""Give a command the options of its event as one argument."""
