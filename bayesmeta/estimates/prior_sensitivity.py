"""`prior_sensitivity`: how far tau and the prediction interval rest on the prior of tau."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_ci_prob, check_family, check_fit
from bayesmeta.estimates.profile_rates import ProfileRates
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

__all__ = ["prior_sensitivity"]

Array = npt.NDArray[np.float64]

POWERS = (0.5, 1.0, 2.0)
"""Powers to which the prior of tau is raised: half as strong, as it is, twice as strong."""

FEWEST = 400.0
"""Effective number of reweighted draws below which bounds are not given."""


def prior_sensitivity(
    fit: Fit, *, profile: Profile | None = None, ci_prob: float = 0.95
) -> pd.DataFrame:
    """Return tau and the prediction interval under a weaker and a stronger prior of tau.

    The prior density of tau is raised to a power, by reweighting the draws: to 1/2 it is half as
    strong, as of a HalfNormal with a scale 1.41 times as wide; to 2 twice as strong, as of one 0.71
    times as wide. Where the interval of a new study moves much, the evidence has too few studies to
    decide on it, and the prior does.

    Parameters
    ----------
    fit : Fit
        Posterior draws of a model with a tau.
    profile : mapping, optional
        Covariate values of the new study; the reference profile where None.
    ci_prob : float
        Probability of the equal-tailed intervals.

    Returns
    -------
    DataFrame
        One row for each power, with columns power; profile; tau, tau_lower, tau_upper (median and
        interval of the tau that the profile has, scale of the link); new_study, new_study_lower,
        new_study_upper (median and prediction interval of the true rate, probability); and ess, the
        effective number of draws after reweighting. Below 400 the bounds are NaN: fit again with that
        prior.

    Raises
    ------
    SettingsError
        If the model has no tau, or is a PyMC model of one's own.
    ProfileError
        If the profile can't be coded.

    References
    ----------
    Kallioinen, Paananen, Buerkner & Vehtari 2024, doi:10.1007/s11222-023-10366-5.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.prior_sensitivity(bm.fit(bm.load_model("pooled"), arms, seed=1))
    >>> found["new_study_upper"].round(1).tolist()
    [0.6, 0.5, 0.5]
    """
    check_fit(fit, grid=False)
    check_family(fit, "prior_sensitivity")
    check_ci_prob(ci_prob)
    prior = fit.spec.study_effects.tau
    if prior is None:
        raise SettingsError(
            "`prior_sensitivity` is about the prior of tau, which this model has not. Leave it out."
        )
    rates = ProfileRates(fit, profile)
    drawn = fit.posterior["tau"].to_numpy()
    # Levels of tau have one prior each, and it is changed for all of them.
    log_prior = prior.logpdf(drawn).reshape(*drawn.shape[:2], -1).sum(axis=-1).ravel()
    label = profile_label(fit.design.coding, profile)
    rows = [
        {"power": power, "profile": label, **_row(rates, log_prior * (power - 1), ci_prob)}
        for power in POWERS
    ]
    return pd.DataFrame(rows)


def _row(rates: ProfileRates, log_weight: Array, ci_prob: float) -> dict[str, float]:
    """Return the numbers of one power, from draws with these log weights."""
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    ess = float(1 / (weight**2).sum())
    theta = rates.new_study().theta.reshape(weight.size, -1)
    new = _bounds(expit(theta).ravel(), np.repeat(weight, theta.shape[1]), ci_prob)
    tau = _bounds(rates.tau.ravel(), weight, ci_prob)
    if ess < FEWEST:
        tau, new = (tau[0], np.nan, np.nan), (new[0], np.nan, np.nan)
    ends = ("", "_lower", "_upper")
    return {
        **{f"tau{end}": value for end, value in zip(ends, tau, strict=True)},
        **{f"new_study{end}": value for end, value in zip(ends, new, strict=True)},
        "ess": ess,
    }


def _bounds(values: Array, weight: Array, ci_prob: float) -> tuple[float, float, float]:
    """Return the median and bounds of weighted values."""
    order = np.argsort(values)
    middle = np.cumsum(weight[order]) - weight[order] / 2
    wanted = (0.5, (1 - ci_prob) / 2, (1 + ci_prob) / 2)
    found = np.interp(wanted, middle / weight.sum(), values[order])
    return float(found[0]), float(found[1]), float(found[2])
