"""The numbers that a table of refits has of each: tau, the rates and a probability."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from bayesmeta.errors import SamplingError
from bayesmeta.estimates.events import Event
from bayesmeta.estimates.posterior import (
    AnyFit,
    is_reliable,
    named_outcomes,
    posterior_of,
    quantities_of,
)
from bayesmeta.estimates.precision import Estimate, wide_row
from bayesmeta.model.coding import Profile

Row = dict[str, Any]


class At(NamedTuple):
    """What is asked of every fit."""

    profile: Profile | None
    ci_prob: float
    event: Event | None
    time: float | None = None


def refit_rows(make: Callable[[], AnyFit], fit: AnyFit, at: At) -> Iterator[tuple[str, Row]]:
    """Yield each outcome with its numbers by a fit like `fit`; NaN where that could not be made."""
    quantities = quantities_of(fit)
    try:
        found = make()
    except SamplingError:
        unknown = _probability(at.event, None)
        nothing = wide_row(dict.fromkeys(quantities), at.ci_prob, **unknown)
        for outcome in named_outcomes(fit.arms):
            yield outcome, {"ok": False, **nothing}
        return
    ok = is_reliable(found)
    for outcome, rates in posterior_of(found, at.profile, time=at.time).items():
        named = {name: rates.distribution(one) for name, one in quantities.items()}
        more = _probability(at.event, rates.cohort())
        yield outcome, {"ok": ok, **wide_row(named, at.ci_prob, **more)}


def _probability(event: Event | None, distribution: Any) -> dict[str, Estimate]:
    if event is None:
        return {}
    if distribution is None:
        return {"probability": Estimate(float("nan"), float("nan"))}
    found = event.of(distribution)
    return {"probability": Estimate(float(found), found.mcse)}
