"""`selection`: the rates and a decision if studies with low rates were published less often."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product
from typing import Any, Unpack

import numpy as np
import pandas as pd

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_ci_prob, check_family
from bayesmeta.estimates.events import Event, EventKeywords, asked_event
from bayesmeta.estimates.posterior import (
    AnyFit,
    check_no_bias,
    check_posterior,
    is_reliable,
    rates_at,
)
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.inference.exact import QuadratureFit
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.model.publication import Publication, check_probability, check_publication
from bayesmeta.sensitivity.changed_priors import fit_of_design
from bayesmeta.sensitivity.crossing import Crossing, Point, find_crossing
from bayesmeta.sensitivity.refit_rows import At, refit_rows
from bayesmeta.sensitivity.tipping_point import SURE, check_decision
from bayesmeta.shown import Shown

SMALLEST, LARGEST, RHO = (0.8, 0.5, 0.3), 0.999, (0.5, 0.9)
"""What is tried by default: of the smallest study, of the largest, and correlations."""

TRIED = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Probabilities of the smallest study at which a decision is looked at first."""

ALL_PUBLISHED = 1.0


@dataclass(frozen=True, eq=False, repr=False)
class Selection(Shown):
    """What a fit would say if the publication of studies depended on their rates.

    Made by `selection`.

    Parameters
    ----------
    profile : str
        What the rates are for.
    ci_prob : float
        Probability of the intervals in `table`.
    studies : int
        Number of published studies.
    table : DataFrame
        One row per combination, that without selection first; see `selection`.
    tipping_points : DataFrame
        Where a decision changes, one row per `largest` and `rho`; without rows where no certainty was
        asked for. Columns: `largest`, `rho`; `exists`; `open`, whether Monte-Carlo error leaves open if
        it does; `smallest`, the probability for the smallest study at which the decision changes, with
        `smallest_lower` and `smallest_upper` (95%, from Monte-Carlo error alone); `unpublished`, the
        number of studies unpublished there; `ok`.
    question : Event or None
        The event whose probability is among the numbers, if one was asked for.
    certainty : float or None
        Probability that the decision demands of it.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> bm.selection(exact, smallest=0.5, rho=0.9)
    Selection(all studies: 1 combination tried, up to 3.6 of 17.6 studies unpublished)
    """

    profile: str
    ci_prob: float
    studies: int
    table: pd.DataFrame
    tipping_points: pd.DataFrame
    question: Event | None = None
    certainty: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the draws of every fit passed their diagnostics."""
        return bool(self.table["ok"].all() and self.tipping_points["ok"].all())

    def __repr__(self) -> str:
        tried, most = len(self.table) - 1, self.table["unpublished"].max()
        several = "" if tried == 1 else "s"
        return (
            f"Selection({self.profile}: {tried} combination{several} tried, up to {most:.1f} of "
            f"{self.studies + most:.1f} studies unpublished)"
        )


def selection(
    fit: Fit | QuadratureFit,
    *,
    smallest: float | Sequence[float] = SMALLEST,
    largest: float | Sequence[float] = LARGEST,
    rho: float | Sequence[float] = RHO,
    profile: Profile | None = None,
    certainty: float | None = None,
    ci_prob: float = 0.95,
    **event: Unpack[EventKeywords],
) -> Selection:
    """Return the estimates if the publication of studies depended on their size and their rates.

    A study of n patients with standardised effect z = (theta - mu) / tau is published with probability
    Phi((a0 + a1 sqrt(n) + rho z) / sqrt(1 - rho^2)), so that the likelihood of its count is the average
    of the binomial over published studies. The model is fitted again for each combination of the
    probabilities that the smallest and the largest study are published and of `rho`. Published studies
    tell nearly nothing about these three: they are assumed, never estimated. Rates are those of all
    studies, published or not. Estimates on which all combinations agree do not depend on selection of
    this kind; they may depend on others.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        The fit to start from, of a model with normal study effects; a QuadratureFit is fitted again
        without Monte-Carlo error.
    smallest, largest : float or sequence of float
        Probability that a study as small as the smallest, and as large as the largest, is published,
        above 0 and below 1. Combinations in which the smallest has the larger one are left out.
    rho : float or sequence of float
        Correlations between effect and propensity to publish, above -1 and below 1; above 0, studies
        with high rates are published more often.
    profile : mapping, optional
        Covariate values that the rates are for; others stand at the reference or the centre.
    certainty : float, optional
        Probability that a decision demands of the event, above 0.5 and below 1: then the probability
        for the smallest study is sought at which the decision changes.
    ci_prob : float
        Probability of the equal-tailed intervals.
    **event
        An event whose probability is given, too: ``rate_above=0.3``, ``events_at_least=12, n=40`` or
        ``event="rate > 0.3"``.

    Returns
    -------
    Selection
        Its `table` has the columns

        - smallest, largest, rho: what is assumed; NaN in the first row, the fit itself;
        - unpublished: expected number of unpublished studies, sum of (1 - P) / P over the studies;
        - ok: whether the draws passed their diagnostics;
        - tau (that the profile has, scale of the link), typical, mean, new_study (rates,
          probability): posterior medians, with their interval in tau_lower, tau_upper, ...;
        - probability: of the event, if there is one;
        - ``mcse_...``: Monte-Carlo standard error of each of these.

    Raises
    ------
    SettingsError
        If a probability or `rho` is out of its range, no combination is left, the arms have several
        outcomes, the study effects are not normal, or `certainty` has no event.
    ProfileError
        If the profile cannot be coded.

    References
    ----------
    Copas & Shi 2000, doi:10.1093/biostatistics/1.3.247.
    Stijnen, Hamza & Özdemir 2010, doi:10.1002/sim.4040 (the exact binomial likelihood).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> found = bm.selection(exact, smallest=[0.8, 0.5], rho=0.9, rate_above=0.1)
    >>> found.table[["smallest", "rho", "unpublished", "typical", "probability"]].round(2)
       smallest  rho  unpublished  typical  probability
    0       NaN  NaN         0.00     0.20         0.84
    1       0.8  0.9         1.03     0.19         0.81
    2       0.5  0.9         3.56     0.17         0.78
    """
    check_posterior(fit)
    check_family(fit, "selection")
    check_ci_prob(ci_prob)
    check_no_bias(fit, "`selection`")
    check_publication(fit.spec, fit.arms, "`selection`")
    asked = asked_event(event)
    check_decision(certainty, asked)
    assumed = _assumed(smallest, largest, rho)
    fit.coding.resolved(profile)
    n = np.bincount(fit.arms.study_index, weights=fit.arms.n)
    at = At(profile, ci_prob, asked)
    table = pd.DataFrame([_row(fit, one, n, at) for one in (None, *assumed)])
    pairs = dict.fromkeys((one.largest, one.rho) for one in assumed)
    tipping = [
        {"largest": high, "rho": own, **_tipping_point(fit, high, own, n, at, certainty, table)}
        for high, own in (pairs if certainty is not None else ())
    ]
    return Selection(
        profile_label(fit.coding, profile),
        ci_prob,
        int((n > 0).sum()),
        table,
        pd.DataFrame(tipping, columns=["largest", "rho", *TIPPING]),
        asked,
        certainty,
    )


TIPPING = ("exists", "open", "smallest", "smallest_lower", "smallest_upper", "unpublished", "ok")
"""Columns of a tipping point."""


def published(fit: AnyFit, publication: Publication) -> AnyFit:
    """Return the fit made again with studies published as `publication` says."""
    design = replace(fit.design, publication=publication)
    return fit_of_design(fit, design, sha256(repr(publication).encode()).hexdigest())


def _assumed(smallest: Any, largest: Any, rho: Any) -> list[Publication]:
    """Return every combination that makes sense, after checking each number."""
    given = {"smallest": smallest, "largest": largest, "rho": rho}
    each = {name: _listed(name, value) for name, value in given.items()}
    for name in ("smallest", "largest"):
        for value in each[name]:
            check_probability(name, value)
    found = [
        Publication(low, high, own)
        for high, own, low in product(each["largest"], each["rho"], each["smallest"])
        if low <= high
    ]
    if not found:
        raise SettingsError(
            f"`smallest` must not exceed `largest`; got {smallest!r} and {largest!r}. A larger study is published at "
            "least as often."
        )
    return list(dict.fromkeys(found))


def _listed(name: str, value: Any) -> list[Any]:
    found = list(value) if isinstance(value, Sequence | np.ndarray) else [value]
    if isinstance(value, str) or not found:
        raise SettingsError(f"`{name}` must be a number or a list of numbers; got {value!r}.")
    return found


def _row(fit: AnyFit, one: Publication | None, n: Any, at: At) -> dict[str, Any]:
    """Return what is assumed, and the numbers then; None stands for no selection."""
    nothing = {"smallest": np.nan, "largest": np.nan, "rho": np.nan, "unpublished": 0.0}
    assumed = nothing if one is None else {**vars(one), "unpublished": one.unpublished(n)}
    again = (lambda: fit) if one is None else (lambda: published(fit, one))
    [(_, numbers)] = refit_rows(again, fit, at)
    return assumed | numbers


def _tipping_point(  # noqa: PLR0917
    fit: AnyFit,
    largest: float,
    rho: float,
    n: Any,
    at: At,
    certainty: Any,
    table: pd.DataFrame,
) -> dict[str, Any]:
    """Return at which probability for the smallest study the decision changes; NaN if at none."""
    event: Any = at.event
    rows = table[(table["largest"] == largest) & (table["rho"] == rho)].dropna(subset="probability")
    known = {ALL_PUBLISHED: _point(ALL_PUBLISHED, table.iloc[0])}
    known |= {row["smallest"]: _point(row["smallest"], row) for _, row in rows.iterrows()}

    def of(smallest: float) -> Publication:
        return Publication(smallest, max(smallest, largest), rho)

    def point(smallest: float) -> Point:
        if smallest in known:
            return known[smallest]
        again = published(fit, of(smallest))
        found = event.of(rates_at(again, at.profile).cohort())
        return Point(smallest, float(found), found.mcse, is_reliable(again))

    first = [point(smallest) for smallest in (*TRIED, ALL_PUBLISHED)]
    crossing, points = find_crossing(point, first, certainty, near=ALL_PUBLISHED)
    unclear = crossing is None and not all(one.side(certainty) for one in points)
    where, low, high = _placed(crossing)
    missing = 0.0 if where == ALL_PUBLISHED else of(where).unpublished(n) if crossing else np.nan
    ok = all(one.ok for one in points)
    told = (crossing is not None, unclear, where, low, high, missing, ok)
    return dict(zip(TIPPING, told, strict=True))


def _point(smallest: float, row: "pd.Series[Any]") -> Point:
    """Return what a row of the table says of the event."""
    return Point(smallest, row["probability"], row["mcse_probability"], bool(row["ok"]))


def _placed(crossing: Crossing | None) -> tuple[float, float, float]:
    """Return where a decision changes, and the limits of that from Monte-Carlo error."""
    if crossing is None:
        return np.nan, np.nan, np.nan
    reach = SURE * crossing.error
    return crossing.x, max(0.0, crossing.x - reach), min(ALL_PUBLISHED, crossing.x + reach)
