"""`log_marginal_likelihood`: the probability of the evidence under a model, and what it rests on."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.comparison.bridge import bridged
from bayesmeta.comparison.prior_scales import rescaled_specs
from bayesmeta.comparison.unbounded import Posterior
from bayesmeta.errors import SettingsError, listed
from bayesmeta.inference.convergence import mcse_mean
from bayesmeta.inference.exact import GridFit, grid_fit
from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design, IndependentStudies, OwnModel, make_design

__all__ = [
    "MarginalLikelihood",
    "log_marginal_likelihood",
    "marginal_likelihood_sensitivity",
    "why_no_marginal_likelihood",
]

Array = npt.NDArray[np.float64]

MOST_DRAWS = 4000
"""Draws used of a fit: more cost time, and the error is below 0.02 with these."""
FEWEST_DRAWS = 200


@dataclass(frozen=True)
class MarginalLikelihood:
    """The log marginal likelihood of a model: the log probability of its evidence.

    Parameters
    ----------
    value : float
        Natural logarithm, binomial coefficients included.
    error : float
        Its Monte-Carlo standard error; 0 of a grid.
    method : str
        ``"bridge"`` or ``"grid"``.
    ess : float
        Effective number of posterior draws that it rests on; infinite of a grid.
    prior_change : float
        By how much it changes at most when the scale of one prior is halved or doubled.
    most_changed : str
        The parameter whose prior does that; empty if no prior has a scale.
    """

    value: float
    error: float
    method: str
    ess: float
    prior_change: float
    most_changed: str

    @property
    def note(self) -> str:
        """What must be said with it: how far it rests on the priors."""
        text = "A marginal likelihood depends on the priors throughout, however much evidence there is."
        if not self.most_changed:
            return text
        return (
            f"{text} With the prior of {self.most_changed} half or twice as wide, the log of this one "
            f"changes by up to {self.prior_change:.2f}."
        )


def log_marginal_likelihood(fit: Fit | GridFit, *, seed: int) -> MarginalLikelihood:
    """Return the log probability of the evidence under the model of a fit.

    Of draws by bridge sampling on the parameters alone: the effects of studies and arms are
    integrated out by quadrature. Only differences between models of the same arms mean anything, and
    they depend on the priors: see `marginal_likelihood_sensitivity`.

    Parameters
    ----------
    fit : Fit or GridFit
        A model's posterior; draws of studies and arms are not needed.
    seed : int
        Seed of the proposals of the bridge; not used for a GridFit.

    Returns
    -------
    MarginalLikelihood

    Raises
    ------
    SettingsError
        If the fit is of a PyMC model, whose likelihood is not known here; if it imputes covariates,
        whose known values would be part of the evidence; or if it has fewer than 200 draws or a
        parameter whose draws don't vary.

    References
    ----------
    Meng & Wong 1996, Statistica Sinica 6, 831-860.
    Gronau et al. 2017, doi:10.1016/j.jmp.2017.09.005.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from bayesmeta.comparison.marginal_likelihood import log_marginal_likelihood
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = log_marginal_likelihood(bm.fit(bm.load_model("pooled"), arms, seed=1), seed=2)
    >>> round(found.value, 1), found.error < 0.02
    (-42.8, True)
    """
    if isinstance(fit, GridFit):
        bridge = fit.log_marginal_likelihood, 0.0, "grid", np.inf
    else:
        _check(fit)
        bridge = _bridge(fit, seed)
    changes = marginal_likelihood_sensitivity(fit)
    if changes.empty:
        return MarginalLikelihood(*bridge, 0.0, "")
    most = changes.loc[changes["change"].abs().idxmax()]
    return MarginalLikelihood(*bridge, float(abs(most["change"])), str(most["parameter"]))


def marginal_likelihood_sensitivity(fit: Fit | GridFit) -> pd.DataFrame:
    """Return how the log marginal likelihood changes when a prior is half or twice as wide.

    Of draws by reweighting them, of a grid by computing it again.

    Parameters
    ----------
    fit : Fit or GridFit
        A model's posterior.

    Returns
    -------
    DataFrame
        One row for each parameter whose prior has a scale (mu, beta, tau, tau_arm; not one between
        fixed bounds) and factor, with columns parameter; prior (as it is); factor (0.5 or 2); change
        (of the log marginal likelihood); error (its Monte-Carlo standard error, 0 of a grid).

    Raises
    ------
    SettingsError
        As `log_marginal_likelihood`.
    """
    if isinstance(fit, GridFit):
        design = make_design(fit.spec, fit.arms, warn=False)
    else:
        _check(fit)
        design = fit.design
    rows = []
    for name, prior, factor, spec in rescaled_specs(fit.spec):
        other = replace(design, spec=spec)
        change, error = (
            (grid_fit(other).log_marginal_likelihood - fit.log_marginal_likelihood, 0.0)
            if isinstance(fit, GridFit)
            else _change(fit, other)
        )
        rows.append((name, repr(prior), factor, change, error))
    return pd.DataFrame(rows, columns=["parameter", "prior", "factor", "change", "error"])


def why_no_marginal_likelihood(fit: Fit | GridFit) -> str:
    """Return why a fit can't have a marginal likelihood; empty if it can."""
    if isinstance(fit, GridFit):
        return ""
    if isinstance(fit.spec, OwnModel):
        return "the fit is of a PyMC model, whose effects can't be integrated out here"
    if fit.spec.covariates.impute and fit.design.imputed:
        names = listed(one.name for one in fit.design.imputed)
        return (
            f"the model imputes {names}, whose known values would be part of the evidence, so that it "
            "could not be compared with models that don't"
        )
    draws = fit.posterior["mu"].size
    if draws < FEWEST_DRAWS:
        return f"it needs {FEWEST_DRAWS} draws; the fit has {draws}"
    return ""


class _Draws(NamedTuple):
    """Parameters of a fit, thinned: variables with dims (chain, draw, own)."""

    posterior: Posterior
    variables: dict[str, Array]


def _check(fit: object) -> None:
    if not isinstance(fit, Fit):
        raise SettingsError(
            f"`fit` must be a Fit or GridFit; got {type(fit).__name__}. Make one by bm.fit."
        )
    reason = why_no_marginal_likelihood(fit)
    if reason:
        raise SettingsError(
            f"There is no marginal likelihood of this `fit`: {reason}. Compare by studies left out instead."
        )


def _bridge(fit: Fit, seed: int) -> tuple[float, float, str, float]:
    posterior, variables = _thinned(fit)
    points = posterior.points(variables)
    if not points.shape[-1]:
        return float(posterior.log_density(np.zeros((1, 0)))[0]), 0.0, "bridge", np.inf
    still = [
        one.label
        for one, column in zip(posterior.coordinates, np.moveaxis(points, -1, 0), strict=True)
        if not np.ptp(column) > 0
    ]
    if still:
        raise SettingsError(
            f"The draws of {listed(still)} don't vary: the sampler was stuck. Look at bm.diagnose(fit)."
        )
    found = bridged(posterior.log_density, points, np.random.default_rng(seed))
    return found.value, found.error, "bridge", found.ess


def _thinned(fit: Fit) -> _Draws:
    """Return the draws of the parameters, every so many of them."""
    step = max(1, fit.posterior["mu"].size // MOST_DRAWS)
    posterior = Posterior(fit.design)
    names = {"mu", *(one.variable for one in posterior.coordinates)}
    drawn = {name: fit.posterior[name].to_numpy()[:, ::step] for name in names}
    return _Draws(posterior, drawn)


def _change(fit: Fit, design: Design) -> tuple[float, float]:
    """Return the change with other priors, and its error, by reweighting."""
    posterior, variables = _thinned(fit)
    other = Posterior(design)
    log_weight = _log_prior(other, variables) - _log_prior(posterior, variables)
    if isinstance(fit.spec.study_effects, IndependentStudies):
        # The prior of mu is that of the levels, which are integrated out.
        log_weight = log_weight + sum(
            sign * study_log_likelihood(one, variables).sum(axis=-1)
            for sign, one in ((1, design), (-1, posterior.design))
        )
    top = float(log_weight.max())
    weight = np.exp(log_weight - top)
    mean = float(weight.mean())
    return top + float(np.log(mean)), float(mcse_mean(weight)) / mean


def _log_prior(posterior: Posterior, variables: dict[str, Array]) -> Array:
    """Return the log prior density of the parameters' own values, dims (chain, draw)."""
    total = np.zeros(variables["mu"].shape)
    columns = posterior.columns(variables)
    for one, values in zip(posterior.coordinates, columns, strict=True):
        total += one.prior.logpdf(values)
    return total
