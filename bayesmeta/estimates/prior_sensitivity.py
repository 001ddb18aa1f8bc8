"""`prior_sensitivity`: how far tau and the prediction interval depend on the prior of tau."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_ci_prob, check_family
from bayesmeta.estimates.log_priors import log_priors
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_of
from bayesmeta.estimates.posterior import asked_time
from bayesmeta.estimates.precision import bounds_of
from bayesmeta.estimates.profile_survival import profile_survival
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

POWERS = (0.5, 1.0, 2.0)
"""Powers to which the prior of tau is raised: half as strong, as it is, twice as strong."""

FEWEST = 400.0
"""Effective number of reweighted draws below which bounds are not given."""


def prior_sensitivity(
    fit: Fit,
    *,
    outcome: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    time: float | None = None,
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
    outcome : str, optional
        Which of nested outcomes; the priors of the tau of all of them are raised together, as the rate
        of each depends on those of its enclosing outcomes.
    profile : mapping, optional
        Covariate values of the new study; what is left out stands at the reference
        level or the centre.
    ci_prob : float
        Probability of the equal-tailed intervals.
    time : float, optional
        Months at which survival is told, of fits of survival only; 12 where None.

    Returns
    -------
    DataFrame
        One row for each power, with columns power; profile; tau, tau_lower, tau_upper (median and
        interval of the tau that the profile has, scale of the link); new_study, new_study_lower,
        new_study_upper (median and prediction interval of the true rate, probability; of survival there
        are new_study_median, months, and new_study_survival at `time`, probability, in its place); and
        ess, the
        effective number of draws after reweighting. Below 400 the bounds are NaN: fit again with that
        prior.

    Raises
    ------
    SettingsError
        If the model has no tau or is a user-supplied PyMC model, `outcome` is missing or none of
        the fit's, or `time` is no time or has no effect.
    ProfileError
        If the profile cannot be coded.

    References
    ----------
    Kallioinen, Paananen, Bürkner & Vehtari 2024, doi:10.1007/s11222-023-10366-5.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.prior_sensitivity(bm.fit(bm.load_model("pooled"), arms, seed=1))
    >>> found["new_study_upper"].round(1).tolist()
    [0.6, 0.6, 0.6]
    """
    drawn = draws_of(fit, outcome, survival=True)
    check_family(fit, "prior_sensitivity")
    check_ci_prob(ci_prob)
    if fit.spec.study_effects.tau is None:
        raise SettingsError(
            "`prior_sensitivity` is about the prior of tau, which this model lacks. Leave it out."
        )
    months = asked_time(fit, time)
    # Levels of tau have one prior each, and it is changed for all of them.
    log_prior = log_priors(fit)["tau"].ravel()
    drawn_of = {
        name: Weighted.of(values.reshape(log_prior.size, -1))
        for name, values in _values(drawn, profile, months).items()
    }
    label = profile_label(fit.coding, profile)
    rows = [
        {"power": power, "profile": label, **_row(drawn_of, log_prior * (power - 1), ci_prob)}
        for power in POWERS
    ]
    return pd.DataFrame(rows)


def _values(drawn: OutcomeDraws, profile: Profile | None, time: float | None) -> dict[str, Array]:
    """Return draws of tau, dims (chain, draw), and of a new study, dims (chain, draw, node)."""
    if time is not None:
        found = profile_survival(drawn.fit, profile)
        return {
            "tau": found.rates.tau,
            "new_study_median": found.new_study.median,
            "new_study_survival": found.new_study.survival(time),
        }
    rates = drawn.rates(profile)
    return {"tau": rates.tau, "new_study": expit(rates.cohort().theta)}


class Weighted(NamedTuple):
    """Values in ascending order, and the draw that each belongs to."""

    values: Array
    draw: npt.NDArray[np.intp]

    @classmethod
    def of(cls, values: Array) -> "Weighted":
        """Return values, dims (draw, node), in order."""
        order = np.argsort(values, axis=None)
        return cls(values.ravel()[order], order // values.shape[1])

    def bounds(self, weight: Array, ci_prob: float) -> tuple[float, float, float]:
        """Return the median and bounds, with these weights of the draws."""
        each = weight[self.draw]
        middle = np.cumsum(each) - each / 2
        low, median, high = np.interp(bounds_of(ci_prob), middle / each.sum(), self.values)
        return float(median), float(low), float(high)


def _row(drawn_of: dict[str, Weighted], log_weight: Array, ci_prob: float) -> dict[str, float]:
    """Return the numbers of one power, from draws with these log weights."""
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    row, ess = {}, float(1 / (weight**2).sum())
    for name, drawn in drawn_of.items():
        median, low, high = drawn.bounds(weight, ci_prob)
        row[name] = median
        row[f"{name}_lower"], row[f"{name}_upper"] = (
            (low, high) if ess >= FEWEST else (np.nan, np.nan)
        )
    return row | {"ess": ess}
