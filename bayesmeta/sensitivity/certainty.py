"""`certainty`: what bears on the certainty of evidence in bands of the rate; people judge it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_family
from bayesmeta.estimates.posterior import check_draws
from bayesmeta.estimates.precision import mean_of
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.model.limits import refuse_several
from bayesmeta.model.publication import why_no_publication
from bayesmeta.numeric import is_number
from bayesmeta.sensitivity.selection import LARGEST, selection

Band = tuple[float, float]

RHO = 0.9
"""Correlation between rate and publication at which missing evidence is looked at."""


def certainty(
    fit: Fit,
    *,
    bands: Sequence[Band],
    profile: Profile | None = None,
    required: float | None = None,
) -> pd.DataFrame:
    """Return the probability that a rate lies in each band, with what people need to judge it.

    Ratings of certainty say how sure one is that the true effect lies in a range. The table gives the
    probabilities by the model, of the median study and of a new study, and where missing studies would
    change them. The probabilities hold if the model does; risk of bias, indirectness and all else that
    no count shows is for people to judge: the last column is blank.

    Parameters
    ----------
    fit : Fit
        Posterior draws of one outcome.
    bands : sequence of (float, float)
        Ranges of the rate (probability), each from a lower to a higher end.
    profile : mapping, optional
        Covariate values that the rates are for; others stand at the reference or the centre.
    required : float, optional
        Probability of an open-ended band, one that ends at 1, that is required of a new study, above
        0.5 and below 1: then the tipping point of missing evidence is sought by refits.

    Returns
    -------
    DataFrame
        One row per band, with columns

        - low, high: its ends;
        - typical, new_study: probability that the typical rate, and the rate of a new study, lies in it;
          mcse_typical, mcse_new_study: their Monte-Carlo standard errors;
        - missing_evidence: the probability that studies as small as the smallest are published at which
          P(new study in the band) crosses what is required, with rho = 0.9 (see `selection`); NaN
          where it does not, or nothing is required; ok: whether the draws of its refits passed their
          diagnostics, True where there are none;
        - judgement: blank.

    Raises
    ------
    SettingsError
        If `fit` has no draws or several outcomes, a band is no range of rates, or `required` is out of
        its range or asked of a model without normal study effects.
    ProfileError
        If the profile cannot be coded.

    References
    ----------
    Hultcrantz et al. 2017, doi:10.1016/j.jclinepi.2017.05.006 (certainty in a range).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> found = bm.certainty(fit, bands=[(0, 0.1), (0.1, 0.3), (0.3, 1)])
    >>> found[["low", "high", "typical"]].round(1)
       low  high  typical
    0  0.0   0.1      0.0
    1  0.1   0.3      1.0
    2  0.3   1.0      0.0
    """
    check_draws(fit)
    check_family(fit, "certainty")
    refuse_several(fit.arms, "`certainty`")
    _check(bands, required, fit)
    rates = profile_rates(fit, profile)
    typical, new = rates.typical, expit(rates.cohort().theta)
    return pd.DataFrame([_row(fit, band, (typical, new), profile, required) for band in bands])


def _row(  # noqa: PLR0917
    fit: Fit,
    band: Band,
    rates: tuple[Array, Array],
    profile: Profile | None,
    required: float | None,
) -> dict[str, Any]:
    low, high = band
    # A rate may be rounded to 1: the last band holds it.
    each = [((one >= low) & ((one < high) | (high == 1))).astype(np.float64) for one in rates]
    typical, new = map(mean_of, each)
    point, ok = _tipping_point(fit, band, profile, required)
    return {
        "low": float(low),
        "high": float(high),
        "typical": typical.value,
        "new_study": new.value,
        "mcse_typical": typical.mcse,
        "mcse_new_study": new.mcse,
        "missing_evidence": point,
        "ok": ok,
        "judgement": "",
    }


def _tipping_point(
    fit: Fit, band: Band, profile: Profile | None, required: float | None
) -> tuple[float, bool]:
    """Return where the requirement of a band that ends at 1 stops to hold, NaN where it does not.

    And whether the draws of all refits may be used.
    """
    if required is None or band[1] < 1 or band[0] == 0:
        return float("nan"), True
    found = selection(
        fit,
        smallest=0.5,
        largest=LARGEST,
        rho=RHO,
        profile=profile,
        certainty=required,
        rate_above=band[0],
    )
    return float(found.tipping_points["smallest"].iloc[0]), found.ok


def _check(bands: Any, required: float | None, fit: Fit) -> None:
    """Raise unless every band is a range of rates, and what is required can be computed."""
    if isinstance(bands, str) or not isinstance(bands, Sequence) or not bands:
        raise SettingsError(
            f"`bands` must be a list of ranges of the rate; got {bands!r}. Write [(0, 0.2), (0.2, 1)]."
        )
    for band in bands:
        pair = isinstance(band, Sequence) and not isinstance(band, str) and len(band) == 2  # noqa: PLR2004
        if not pair or not all(map(is_number, band)) or not 0 <= band[0] < band[1] <= 1:
            raise SettingsError(
                f"`bands` must hold ranges from a lower to a higher rate, between 0 and 1; got {band!r}. Write 20% as 0.2."
            )
    if required is None:
        return
    if not is_number(required) or not 0.5 < required < 1:  # noqa: PLR2004
        raise SettingsError(
            f"`required` must lie above 0.5 and below 1; got {required!r}. Write 90% as 0.9."
        )
    if not any(band[1] == 1 and band[0] > 0 for band in bands):
        raise SettingsError(
            "`required` has no effect without a band that ends at 1, such as (0.3, 1). Leave it out."
        )
    if reason := why_no_publication(fit.spec):
        raise SettingsError(
            f"`required` is not available for {fit.spec.name}: {reason}. Leave it out."
        )
