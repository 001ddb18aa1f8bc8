"""`summary`: coefficients, heterogeneity and the four rates of each profile, in one table."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.heterogeneity import i_squared
from bayesmeta.estimates.precision import Estimate, mean_of, quantile_of, sd_of
from bayesmeta.estimates.profiles import default_profiles, profile_label
from bayesmeta.estimates.rates import (
    DrawnRates,
    GridRates,
    RateLaw,
    mean_rate,
    new_study_rates,
    profile_theta,
    tau_draws,
)
from bayesmeta.inference.convergence import ess_bulk, ess_tail, r_hat
from bayesmeta.inference.exact import GridFit
from bayesmeta.inference.grid_marginals import Marginal
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

__all__ = ["check_ci_prob", "check_cohort", "cohort_row", "summary"]

Array = npt.NDArray[np.float64]
Row = dict[str, Any]

LARGEST_COHORT = 10_000
_LOG_ODDS, _RATE = "log-odds", "probability"


def summary(
    fit: Fit | GridFit,
    *,
    profiles: Sequence[Profile] | None = None,
    ci_prob: float = 0.95,
    cohort: int = 40,
) -> pd.DataFrame:
    """Return the coefficients, tau, I-squared and the four rates of each profile.

    Parameters
    ----------
    fit : Fit or GridFit
        Draws or the deterministic posterior.
    profiles : sequence of mappings, optional
        Covariate values to give rates for; where None, the reference profile and each other
        level of each factor.
    ci_prob : float
        Probability of the equal-tailed intervals.
    cohort : int
        Patients of the new cohort.

    Returns
    -------
    DataFrame
        One row per quantity, with columns

        - quantity: `mu`, ``beta[...]``, `tau`, `i_squared`, and per profile ``typical rate`` (of the
          median study), ``mean rate`` (averaged over studies), ``new study`` (the true rate of a
          new study: the prediction interval) and ``new cohort`` (responders out of `cohort`);
        - profile: what the row is for, blank for parameters;
        - scale: log-odds, probability, share of variance, or responders;
        - mean, sd, median, lower, upper: of the posterior; the interval has probability `ci_prob`;
        - mcse_mean, mcse_lower, mcse_upper: Monte-Carlo standard errors, 0 for a `GridFit`;
        - ess_bulk, ess_tail, r_hat: of drawn quantities, NaN for what is integrated over the law
          of a new study.

    Raises
    ------
    ProfileError
        If a profile can't be coded the way the fit was.
    SettingsError
        If `ci_prob` is not between 0 and 1 or `cohort` is not a whole number of at least 1.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> table = bm.summary(bm.fit(bm.load_model("pooled"), arms, method="grid"))
    >>> table.set_index("quantity").loc["new study", ["lower", "upper"]].astype(float).round(2).tolist()
    [0.04, 0.5]
    """
    check_ci_prob(ci_prob)
    check_cohort("cohort", cohort)
    rows = _grid_rows(fit, ci_prob, cohort) if isinstance(fit, GridFit) else _drawn_rows(fit, profiles, ci_prob, cohort)
    if isinstance(fit, GridFit) and profiles is not None:
        raise SettingsError("`profiles` has no effect on a GridFit, which has no covariates. Leave it out.")
    return pd.DataFrame(list(rows))


def check_ci_prob(ci_prob: object) -> None:
    """Raise unless `ci_prob` is a probability strictly between 0 and 1."""
    if isinstance(ci_prob, bool) or not isinstance(ci_prob, int | float) or not 0 < ci_prob < 1:
        raise SettingsError(f"`ci_prob` must lie between 0 and 1, such as 0.95; got {ci_prob!r}.")


def check_cohort(name: str, n: object) -> int:
    """Return `n`, the patients of a cohort, after checking that it is a whole number of at least 1."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= LARGEST_COHORT:
        raise SettingsError(
            f"`{name}` must be a whole number of patients from 1 to {LARGEST_COHORT:,}; got {n!r}."
        )
    return int(n)


def _drawn_rows(fit: Fit, profiles: Sequence[Profile] | None, ci_prob: float, cohort: int) -> Iterable[Row]:
    posterior = fit.posterior
    yield _drawn("mu", "", _LOG_ODDS, posterior["mu"].to_numpy(), ci_prob)
    for name in fit.design.coding.names:
        yield _drawn(f"beta[{name}]", "", _LOG_ODDS, posterior["beta"].sel(covariate=name).to_numpy(), ci_prob)
    if "tau" in posterior:
        yield _drawn("tau", "", _LOG_ODDS, posterior["tau"].to_numpy(), ci_prob)
        share = i_squared(tau_draws(fit), fit.arms, posterior["theta"].to_numpy())
        yield _drawn("i_squared", "", "share of variance", share, ci_prob)
    chosen = default_profiles(fit.design.coding) if profiles is None else profiles
    for profile in chosen:
        label = profile_label(fit.design.coding, profile)
        theta = profile_theta(fit, profile)
        yield _drawn("typical rate", label, _RATE, expit(theta), ci_prob)
        yield _drawn("mean rate", label, _RATE, mean_rate(fit, theta), ci_prob)
        yield from _law_rows(new_study_rates(fit, theta), label, ci_prob, cohort)


def _grid_rows(fit: GridFit, ci_prob: float, cohort: int) -> Iterable[Row]:
    quantities = [("mu", "mu", "", _LOG_ODDS)]
    if fit.spec.study_effects.tau is not None:
        quantities.append(("tau", "tau", "", _LOG_ODDS))
    quantities += [("typical rate", "typical", "all studies", _RATE), ("mean rate", "mean", "all studies", _RATE)]
    for quantity, target, profile, scale in quantities:
        marginal = fit.posterior.marginal(target)

        def quantile(p: float, marginal: Marginal = marginal) -> Estimate:
            return Estimate(float(marginal.quantile(p)), 0.0)

        mean, sd = Estimate(marginal.mean, 0.0), Estimate(marginal.sd, 0.0)
        yield _row(quantity, profile, scale, mean, sd, quantile, ci_prob)
    yield from _law_rows(GridRates(fit), "all studies", ci_prob, cohort)


def _law_rows(law: RateLaw, label: str, ci_prob: float, cohort: int) -> Iterable[Row]:
    yield _row("new study", label, _RATE, law.mean(), law.sd(), law.quantile, ci_prob)
    yield cohort_row(law, label, ci_prob, cohort)


def cohort_row(law: RateLaw, label: str, ci_prob: float, n: int) -> Row:
    """Return the row of a new cohort of n: responders, by their probability mass function."""
    pmf = law.pmf(n)
    events = np.arange(n + 1)
    mean = float(pmf @ events)
    sd = float(np.sqrt(pmf @ (events - mean) ** 2))
    cumulative = np.cumsum(pmf)
    low, median, high = (float(np.searchsorted(cumulative, p)) for p in _bounds(ci_prob))
    rate = law.mean()
    return {
        "quantity": "new cohort",
        "profile": label,
        "scale": f"responders of {n}",
        "mean": mean,
        "sd": sd,
        "median": median,
        "lower": low,
        "upper": high,
        "mcse_mean": n * rate.mcse,
        # A count moves by whole steps: its quantile has no standard error.
        "mcse_lower": np.nan if rate.mcse else 0.0,
        "mcse_upper": np.nan if rate.mcse else 0.0,
        "ess_bulk": np.nan,
        "ess_tail": np.nan,
        "r_hat": np.nan,
    }


def _drawn(quantity: str, profile: str, scale: str, draws: Array, ci_prob: float) -> Row:
    row = _row(quantity, profile, scale, mean_of(draws), sd_of(draws), lambda p: quantile_of(draws, p), ci_prob)
    return row | {"ess_bulk": ess_bulk(draws), "ess_tail": ess_tail(draws), "r_hat": r_hat(draws)}


def _row(
    quantity: str,
    profile: str,
    scale: str,
    mean: Estimate,
    sd: Estimate,
    quantile: Callable[[float], Estimate],
    ci_prob: float,
) -> Row:
    low, median, high = (quantile(p) for p in _bounds(ci_prob))
    return {
        "quantity": quantity,
        "profile": profile,
        "scale": scale,
        "mean": mean.value,
        "sd": sd.value,
        "median": median.value,
        "lower": low.value,
        "upper": high.value,
        "mcse_mean": mean.mcse,
        "mcse_lower": low.mcse,
        "mcse_upper": high.mcse,
        "ess_bulk": np.nan,
        "ess_tail": np.nan,
        "r_hat": np.nan,
    }


def _bounds(ci_prob: float) -> tuple[float, float, float]:
    return (1 - ci_prob) / 2, 0.5, (1 + ci_prob) / 2
