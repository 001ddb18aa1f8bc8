"""`log_likelihood_by_study`: the log likelihood of each study, as ArviZ reads it."""

import numpy as np
import xarray as xr

from bayesmeta.comparison.predictions import predictions_of
from bayesmeta.estimates.arguments import check_family
from bayesmeta.estimates.posterior import check_draws
from bayesmeta.inference.result import Fit

__all__ = ["log_likelihood_by_study"]


def log_likelihood_by_study(fit: Fit) -> xr.DataTree:
    """Return the draws of a fit with the log likelihood of each study, its effect integrated out.

    ``fit.draws`` has the log likelihood of each arm given its own effects. There, ``az.loo`` leaves out
    one arm at a time from a study whose effect the other arms, or none, tell: its importance weights
    mostly break down (``pareto_k`` above 0.7), and it answers another question. Of this tree, ``az.loo``
    leaves out whole studies, as `leave_one_study_out` with ``method="psis"`` does before it refits.

    Parameters
    ----------
    fit : Fit
        Fit of a `ModelSpec`.

    Returns
    -------
    DataTree
        Group `posterior` of the fit, and group `log_likelihood` with `counts`, dims chain, draw and
        study (natural logarithm). Studies without patients are left out.

    Raises
    ------
    SettingsError
        If `fit` is no Fit of a ModelSpec.

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
    check_draws(fit)
    check_family(fit, "log_likelihood_by_study")
    arms, posterior = fit.arms, fit.posterior
    informed = np.bincount(arms.study_index, weights=arms.n) > 0
    density = xr.DataArray(
        predictions_of(fit).log_predictive(fit.design)[..., informed],
        dims=("chain", "draw", "study"),
        coords={
            "chain": posterior["chain"],
            "draw": posterior["draw"],
            "study": np.asarray(arms.studies, dtype=object)[informed].astype(str),
        },
    )
    return xr.DataTree.from_dict(
        {"posterior": posterior, "log_likelihood": xr.Dataset({"counts": density})}
    )
