"""`unreported`: the rates of all registered studies, of which some report no results."""

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd
from scipy.special import expit, ndtr

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_ci_prob, check_family
from bayesmeta.estimates.events import Event, EventKeywords, asked_event
from bayesmeta.estimates.posterior import check_draws
from bayesmeta.estimates.precision import Draws, Estimate, wide_row
from bayesmeta.estimates.profile_rates import PredictedRates, profile_rates
from bayesmeta.estimates.rates import rates_as_drawn
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import EVENTS, STUDY
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.model.publication import check_publication
from bayesmeta.numeric import is_number, is_whole

DELTA = (-1.0, -0.5, 0.0, 0.5)
"""Shifts that are tried by default, log-odds."""

GOLDEN = (np.sqrt(5) - 1) / 2
HALVINGS = 60


def unreported(
    fit: Fit,
    *,
    studies: int | None = None,
    delta: float | Sequence[float] = DELTA,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    **event: Unpack[EventKeywords],
) -> pd.DataFrame:
    """Return the rates of all registered studies, if those without results differ by `delta`.

    The counts of registered studies without results are missing: they say nothing of the rates, and
    the evidence says nothing of how these studies differ. On the scale of the link their rates are
    taken to lie `delta` from where they would lie if they were like the others. All studies together
    are then a mixture of both kinds, each with its share of the studies; no refit is needed.

    Parameters
    ----------
    fit : Fit
        Posterior draws of a model with normal study effects.
    studies : int, optional
        Number of registered studies without results. Where None, the studies whose rows of this
        outcome all lack their count, which are among the excluded rows of the arms.
    delta : float or sequence of float
        Shifts to try, on the scale of the link; 0 means missing at random.
    profile : mapping, optional
        Covariate values that the rates are for; others stand at the reference or the centre.
    ci_prob : float
        Probability of the equal-tailed intervals.
    **event
        An event whose probability is given, too: ``rate_above=0.3``, ``events_at_least=12, n=40`` or
        ``event="rate > 0.3"``.

    Returns
    -------
    DataFrame
        One row per shift: `delta`; `reported` and `unreported`, numbers of studies; typical (the median
        study of all) and new_study (any of them; rates, probability), with their intervals in
        typical_lower, ...; `probability` of the event, if there is one; and the Monte-Carlo standard
        errors, ``mcse_...``

    Raises
    ------
    SettingsError
        If `fit` has no draws, several outcomes or study effects that are not normal, there is no study
        without results, or an argument is out of its range.
    ProfileError
        If the profile cannot be coded.

    References
    ----------
    Little 1993, doi:10.1080/01621459.1993.10594302 (pattern-mixture models).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> found = bm.unreported(fit, studies=6, delta=[-1, 0])
    >>> found[["delta", "reported", "unreported", "typical"]].round(1)
       delta  reported  unreported  typical
    0   -1.0        14           6      0.2
    1    0.0        14           6      0.2
    """
    check_draws(fit)
    check_family(fit, "unreported")
    check_ci_prob(ci_prob)
    check_publication(fit.spec, fit.arms, "`unreported`")
    asked = asked_event(event)
    missing = _checked(fit.arms, studies)
    rates = profile_rates(fit, profile)
    reported = int((np.bincount(fit.arms.study_index, weights=fit.arms.n) > 0).sum())
    share = missing / (missing + reported)
    known: dict[str, Any] = {"reported": reported, "unreported": missing}
    rows = [
        {"delta": shift, **known, **_numbers(rates, shift, share, ci_prob, asked)}
        for shift in _shifts(delta)
    ]
    return pd.DataFrame(rows)


def without_results(arms: Arms) -> tuple[str, ...]:
    """Return the studies of a selection that have rows of its outcome and no count in any of them."""
    excluded = arms.excluded
    if excluded.empty or EVENTS not in excluded.columns:
        return ()
    lacking = excluded[EVENTS].isna()
    counted = {*map(str, arms.studies), *map(str, excluded.loc[~lacking, STUDY])}
    names = dict.fromkeys(map(str, excluded.loc[lacking, STUDY]))
    return tuple(name for name in names if name not in counted)


def _checked(arms: Arms, studies: object) -> int:
    if studies is None:
        found = len(without_results(arms))
        if not found:
            raise SettingsError(
                "`studies` must say how many registered studies report no results: the evidence has no study without a "
                "count of this outcome. Give a number."
            )
        return found
    if not is_whole(studies) or studies < 1:
        raise SettingsError(
            f"`studies` must be a whole number of at least 1; got {studies!r}. Give the number of registered studies "
            "without results."
        )
    return int(studies)


def _shifts(delta: Any) -> list[float]:
    found = list(delta) if isinstance(delta, Sequence | np.ndarray) else [delta]
    if isinstance(delta, str) or not found or not all(map(_is_finite, found)):
        raise SettingsError(
            f"`delta` must be a finite number or a list of them; got {delta!r}. Give shifts on the scale of the link, "
            "such as [-1, 0]."
        )
    return [float(one) for one in found]


def _is_finite(one: object) -> bool:
    return bool(is_number(one) and np.isfinite(one))


def _numbers(  # noqa: PLR0917
    rates: PredictedRates, shift: float, share: float, ci_prob: float, event: Event | None
) -> dict[str, float]:
    """Return the rates of all studies together, of which `share` are shifted."""
    link = rates.fit.spec.link
    typical = link.rate(_median(rates.median_study, rates.effects.spread, shift, share))
    each = expit(rates.cohort().theta)
    # Points of a golden lattice: of the nodes of each draw, so many are of shifted studies.
    shifted = (np.arange(each.size) * GOLDEN % 1 < share).reshape(each.shape)
    each = np.where(shifted, link.rate(link.theta(each) + shift), each)
    new = rates_as_drawn(each)
    more = {}
    if event is not None:
        found = event.of(new)
        more = {"probability": Estimate(float(found), found.mcse)}
    return wide_row({"typical": Draws(typical), "new_study": new.rate}, ci_prob, **more)


def _median(centre: Array, tau: Array, shift: float, share: float) -> Array:
    """Return the median of a mixture of two normal distributions `shift` apart, by halving."""
    low, high = centre + min(shift, 0.0), centre + max(shift, 0.0)
    scale = np.maximum(tau, np.finfo(np.float64).tiny)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = (1 - share) * ndtr((middle - centre) / scale)
        below = below + share * ndtr((middle - centre - shift) / scale)
        low, high = np.where(below < 0.5, middle, low), np.where(below < 0.5, high, middle)  # noqa: PLR2004
    return np.asarray((low + high) / 2)
