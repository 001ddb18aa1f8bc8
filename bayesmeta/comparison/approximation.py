"""Leaving a study out without a refit: the draws of the whole evidence, weighted.

The weights are those of the study's integrated likelihood, not of its density at its own fitted
effect, on which importance sampling breaks down with one row per study.
"""

from typing import Any

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from bayesmeta.arrays import Array
from bayesmeta.comparison.held_out import only
from bayesmeta.comparison.plan import pit_stream
from bayesmeta.comparison.predictions import Predictions, WeightedAnswers, predictions_of
from bayesmeta.comparison.questions import Asked, studies_of
from bayesmeta.comparison.scores import arm_scores, study_rows
from bayesmeta.estimates.arguments import check_family
from bayesmeta.estimates.posterior import check_draws, is_survival
from bayesmeta.estimates.precision import Row
from bayesmeta.inference.convergence import ess_bulk
from bayesmeta.inference.result import Fit

LARGEST_K, LARGEST_ERROR = 0.7, 0.025
"""Shape of the weights' tail, and Monte-Carlo error of the score, above which the study is left out by
a refit."""

SAME = 1e-9
"""Range of a study's log density over all draws below which it is one number."""


def approximated(predictions: Predictions, seed: int, asked: Asked) -> list[dict[str, Any]]:
    """Return for each study what a fit without it would say, by Pareto smoothed importance sampling.

    By study, as `jobs.fit_without` does: `study` with its `pareto_k`, `arms` and `answers`;
    the two are empty where weighting cannot be relied on.

    References
    ----------
    Vehtari, Simpson, Gelman, Yao & Gabry 2024, J Mach Learn Res 25(72), 1-58 (Pareto smoothed
    importance sampling).
    Merkle, Furr & Rabe-Hesketh 2019, doi:10.1007/s11336-019-09679-0 (integrated).
    """
    fit = predictions.fit
    density = predictions.log_predictive(fit.design)
    said_of = WeightedAnswers.of(predictions, asked)
    found = []
    told = set(studies_of(fit.design))
    for place, row in enumerate(study_rows(fit.arms)):
        if row["study"] not in told:
            continue
        log_weights, k = _smoothed(density[..., place])
        scores = row | _score(density[..., place], log_weights) | {"pareto_k": k}
        said: dict[str, Any] = {"study": scores, "arms": [], "answers": []}
        if is_usable(scores):
            weights, own = np.exp(log_weights), only(fit.design, row["study"])
            rng = pit_stream(seed, row["study"])
            said["arms"] = arm_scores(predictions, own, rng, weights)
            said["answers"] = said_of.under(weights)
        found.append(said)
    return found


def is_usable(score: Row) -> bool:
    """Return whether weighting can leave out the study with this score."""
    return bool(score["pareto_k"] <= LARGEST_K and score["mcse_elpd"] <= LARGEST_ERROR)


def _smoothed(density: Array) -> tuple[Array, float]:
    """Return normalised log weights of the draws, shape (chain * draw,), and the tail's shape k."""
    from arviz_stats.base import array_stats

    if np.ptp(density) < SAME:
        # Without pooling no study tells of another: leaving it out changes nothing.
        return np.full(density.size, -np.log(density.size)), 0.0
    log_weights, k = array_stats.psislw(density.ravel(), r_eff=_efficiency(density))
    return np.asarray(log_weights - logsumexp(log_weights)), float(k)


def _efficiency(density: Array) -> float:
    """Return the effective number of draws of the weights, as a share of all."""
    if np.ptp(density) < SAME:
        return 1.0
    return min(float(ess_bulk(np.exp(density.min() - density))) / density.size, 1.0)


def _score(density: Array, log_weights: Array) -> Row:
    """Return the log predictive density and its standard error, by the weighted draws."""
    flat = density.ravel()
    elpd = float(logsumexp(log_weights + flat))
    relative = np.exp(flat - elpd) - 1
    variance = (np.exp(2 * log_weights) * relative**2).sum() / _efficiency(density)
    return {"elpd": elpd, "mcse_elpd": float(np.sqrt(variance))}


def log_likelihood_by_study(fit: Fit) -> xr.DataTree:
    """Return the draws of a fit with the log likelihood of each study, its effect integrated out.

    ``fit.draws`` has the log likelihood of each arm given its own effects. There, ``az.loo`` leaves out
    one arm at a time from a study whose effect the other arms, or none, tell: its importance weights
    mostly break down (``pareto_k`` above 0.7), and it answers another question. Of this tree, ``az.loo``
    leaves out whole studies, as `leave_one_study_out` with ``method="psis"`` does before it refits.

    Parameters
    ----------
    fit : Fit
        Fit of a `ModelSpec`, of one outcome, of several or of survival.

    Returns
    -------
    DataTree
        Group `posterior` of the fit, and group `log_likelihood` with `counts`, or `reports` of
        survival, dims chain, draw and study (natural logarithm). Studies without patients are left out.

    Raises
    ------
    SettingsError
        If `fit` is not a Fit of a ModelSpec.

    References
    ----------
    Merkle, Furr & Rabe-Hesketh 2019, doi:10.1007/s11336-019-09679-0 (integrated likelihood).

    Examples
    --------
    >>> import arviz as az
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> effects = bm.NormalEffects(tau=bm.HalfNormal(0.5))
    >>> fit = bm.fit(bm.ModelSpec("narrow", study_effects=effects), arms, seed=1)
    >>> loo = az.loo(bm.log_likelihood_by_study(fit))
    >>> int(loo.n_data_points), round(loo.elpd)
    (14, -42)
    """
    check_draws(fit, survival=True)
    check_family(fit, "log_likelihood_by_study")
    arms, posterior = fit.arms, fit.posterior
    informed = np.bincount(arms.study_index, weights=arms.informed) > 0
    density = xr.DataArray(
        predictions_of(fit).log_predictive(fit.design)[..., informed],
        dims=("chain", "draw", "study"),
        coords={
            "chain": posterior["chain"],
            "draw": posterior["draw"],
            "study": np.asarray(arms.studies, dtype=object)[informed].astype(str),
        },
    )
    what = "reports" if is_survival(fit) else "counts"
    return xr.DataTree.from_dict(
        {"posterior": posterior, "log_likelihood": xr.Dataset({what: density})}
    )
