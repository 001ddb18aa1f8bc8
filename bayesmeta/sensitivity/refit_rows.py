"""The numbers that a table of refits has of each: tau, the rates and a probability."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bayesmeta.errors import SamplingError
from bayesmeta.estimates.events import Event
from bayesmeta.estimates.posterior import QUANTITIES, AnyFit, is_reliable, posterior_of
from bayesmeta.estimates.precision import Estimate, wide_row
from bayesmeta.model.coding import Profile

Row = dict[str, Any]


def refit_rows(  # noqa: PLR0917
    make: Callable[[], AnyFit],
    outcomes: Sequence[str],
    profile: Profile | None,
    ci_prob: float,
    event: Event | None,
) -> Iterator[tuple[str, Row]]:
    """Yield each of the outcomes with its numbers by a fit; NaN where that could not be made."""
    try:
        found = make()
    except SamplingError:
        nothing = wide_row(dict.fromkeys(QUANTITIES), ci_prob, **_probability(event, None))
        for outcome in outcomes:
            yield outcome, {"ok": False, **nothing}
        return
    ok = is_reliable(found)
    for outcome, rates in posterior_of(found, profile).items():
        named = {name: rates.distribution(name) for name in QUANTITIES}
        more = _probability(event, rates.cohort())
        yield outcome, {"ok": ok, **wide_row(named, ci_prob, **more)}


def _probability(event: Event | None, distribution: Any) -> dict[str, Estimate]:
    if event is None:
        return {}
    if distribution is None:
        return {"probability": Estimate(float("nan"), float("nan"))}
    found = event.of(distribution)
    return {"probability": Estimate(float(found), found.mcse)}
