"""`log_marginal_likelihood`: the probability of the evidence under a model, and what it rests on."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bayesmeta.errors import SettingsError, listed
from bayesmeta.estimates.posterior import check_posterior, has_draws
from bayesmeta.inference.exact import QuadratureFit, quadrature_fit
from bayesmeta.inference.result import Fit
from bayesmeta.marginal_likelihood.bridge import Bridge
from bayesmeta.marginal_likelihood.posterior import Drawn
from bayesmeta.model import Design, ModelSpec, OwnModel
from bayesmeta.model.design import with_spec
from bayesmeta.model.limits import why_not_integrated
from bayesmeta.numeric import check_seed
from bayesmeta.sensitivity.changed_priors import (
    own_priors,
    prior_text,
    with_prior,
    with_scaled_prior,
)

FEWEST_DRAWS = 200

FACTORS = (0.5, 2.0)
"""Scales of a prior over that of the model: half as wide and twice as wide."""


@dataclass(frozen=True)
class MarginalLikelihood:
    """The log marginal likelihood of a model: the log probability of its evidence.

    Parameters
    ----------
    value : float
        Natural logarithm, binomial coefficients included.
    error : float
        Its Monte-Carlo standard error; 0 of a QuadratureFit.
    method : str
        ``"bridge"`` or ``"quadrature"``.
    ess : float
        Effective number of posterior draws that it rests on; infinite of a QuadratureFit.
    prior_change : float
        By how much it changes at most when the scale of one prior is halved or doubled.
    most_changed : str
        The parameter whose prior does that; empty if no prior has a scale.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("common_effect"), arms, method="quadrature")
    >>> found = bm.log_marginal_likelihood(exact, seed=1)
    >>> round(found.value, 2), found.error, found.method
    (-47.28, 0.0, 'quadrature')
    >>> found.most_changed, round(found.prior_change, 2)
    ('mu', 0.38)
    """

    value: float
    error: float
    method: str
    ess: float
    prior_change: float
    most_changed: str

    @property
    def note(self) -> str:
        """What must be said with it: how far it depends on the priors."""
        text = "A marginal likelihood depends on the priors throughout, however much evidence there is."
        if not self.most_changed:
            return text
        return (
            f"{text} With the prior of {self.most_changed} half or twice as wide, the log of this one "
            f"changes by up to {self.prior_change:.2f}."
        )


def log_marginal_likelihood(fit: Fit | QuadratureFit, *, seed: int) -> MarginalLikelihood:
    """Return the log probability of the evidence under the model of a fit.

    Of draws by bridge sampling on the parameters alone: the effects of studies and arms are
    integrated out by quadrature. Only differences between models of the same arms mean anything, and
    they depend on the priors: see `marginal_likelihood_sensitivity`.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        A model's posterior; draws of studies and arms are not needed.
    seed : int
        Seed of what is drawn for the bridge; not used for a QuadratureFit.

    Returns
    -------
    MarginalLikelihood

    Raises
    ------
    SettingsError
        If the fit is of a PyMC model, whose likelihood is not known here; if it imputes covariates,
        whose known values would be part of the evidence; or if it has fewer than 200 draws or a
        parameter whose draws do not vary.

    References
    ----------
    Meng & Wong 1996, Statistica Sinica 6, 831-860.
    Gronau et al. 2017, doi:10.1016/j.jmp.2017.09.005.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from bayesmeta.marginal_likelihood.marginal_likelihood import log_marginal_likelihood
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = log_marginal_likelihood(bm.fit(bm.load_model("pooled"), arms, seed=1), seed=2)
    >>> round(found.value, 1), found.error < 0.02
    (-42.7, True)
    """
    _check(fit, seed)
    base = _base(fit, seed)
    changes = _changes(fit, base, seed)
    method = "bridge" if has_draws(fit) else "quadrature"
    unmoved = _Change("", "", 1.0, 0.0, 0.0)
    most = max(changes, key=lambda one: abs(one.change), default=unmoved)
    change = abs(most.change)
    return MarginalLikelihood(base.value, base.error, method, base.ess, change, most.parameter)


def marginal_likelihood_sensitivity(fit: Fit | QuadratureFit, *, seed: int) -> pd.DataFrame:
    """Return how the log marginal likelihood changes when a prior is half or twice as wide.

    Of draws by reweighting them, or where that would rest on few of them by adaptive importance
    sampling; of a QuadratureFit by computing it again.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        A model's posterior.
    seed : int
        Seed of what is drawn; not used for a QuadratureFit.

    Returns
    -------
    DataFrame
        One row for each parameter whose prior has a scale (mu, beta, tau, tau_arm; not one between
        fixed bounds) and factor, with columns parameter; prior (as it is); factor (0.5 or 2); change
        (of the log marginal likelihood); error (its Monte-Carlo standard error, 0 of a QuadratureFit).

    Raises
    ------
    SettingsError
        As `log_marginal_likelihood`.

    References
    ----------
    Cappé, Douc, Guillin, Marin & Robert 2008, doi:10.1007/s11222-008-9059-x (importance sampling
    from distributions fitted to weighted draws).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from bayesmeta.marginal_likelihood.marginal_likelihood import marginal_likelihood_sensitivity
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> marginal_likelihood_sensitivity(fit, seed=1)["change"].round(2).tolist()
    [-0.29, -0.32, -0.19, -0.4]
    """
    _check(fit, seed)
    return pd.DataFrame(_changes(fit, _base(fit, seed), seed), columns=list(_Change._fields))


def bridge_of(fit: Fit, *, seed: int) -> Bridge:
    """Return the log marginal likelihood of a fit with its error, without prior sensitivity."""
    _check(fit, seed)
    return _base(fit, seed)


def why_no_marginal_likelihood(fit: Fit | QuadratureFit) -> str:
    """Return why a fit cannot have a marginal likelihood; empty if it can."""
    if not has_draws(fit):
        return ""
    if isinstance(fit.spec, OwnModel):
        return "the fit is of a PyMC model, whose effects cannot be integrated out here"
    if fit.spec.covariates.impute and fit.design.imputed:
        names = listed(one.name for one in fit.design.imputed)
        return (
            f"the model imputes {names}, whose known values would be part of the evidence, so that it "
            "could not be compared with models that do not"
        )
    if reason := why_not_integrated(fit.spec, fit.arms):
        return reason
    draws = fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"]
    if draws < FEWEST_DRAWS:
        return f"it needs {FEWEST_DRAWS} draws; the fit has {draws}"
    return ""


class _Change(NamedTuple):
    """A row of `marginal_likelihood_sensitivity`."""

    parameter: str
    prior: str
    factor: float
    change: float
    error: float


def _check(fit: Fit | QuadratureFit, seed: object) -> None:
    check_posterior(fit, survival=True)
    check_seed(seed)
    reason = why_no_marginal_likelihood(fit)
    if reason:
        raise SettingsError(
            f"There is no marginal likelihood of this `fit`: {reason}. Compare by studies left out instead."
        )


def _base(fit: Fit | QuadratureFit, seed: int) -> Bridge:
    """Return the log marginal likelihood of a fit."""
    if not has_draws(fit):
        return Bridge(fit.log_marginal_likelihood, 0.0, np.inf)
    return Drawn.of(fit).bridge(np.random.default_rng(seed))


def _changes(fit: Fit | QuadratureFit, base: Bridge, seed: int) -> list[_Change]:
    """Return the changes with each prior rescaled, those of a fit from random streams of their own."""
    design, found = fit.design, []
    drawn = Drawn.of(fit) if has_draws(fit) else None
    bias = {} if has_draws(fit) else fit.bias
    for i, (name, prior, factor, spec) in enumerate(_rescaled(design)):
        other = with_spec(design, spec, warn=False)
        if drawn is None:
            again = quadrature_fit(other, bias)
            change, error = again.log_marginal_likelihood - base.value, 0.0
        else:
            change, error = drawn.change(other, base, np.random.default_rng([seed, i + 1]))
        found.append(_Change(name, prior_text(prior), factor, change, error))
    return found


def _rescaled(design: Design) -> Iterator[tuple[str, object, float, ModelSpec]]:
    """Yield a parameter, its prior, a factor and the model with that prior so many times as wide."""
    spec, own = design.spec, own_priors(design.spec, design.arms)
    labels = (one if one in spec.beta_priors else "default" for one in design.coding.names)
    each = [("mu", "", own["mu"])]
    each += [("beta", label, spec.beta_priors[label]) for label in dict.fromkeys(labels)]
    each += [(name, "", own[name]) for name in ("tau", "tau_arm") if name in own]
    for name, label, prior in each:
        # One between fixed bounds has no scale.
        for factor in FACTORS if _has_scale(prior) else ():
            if label:
                scaled = {**spec.beta_priors, label: prior.scaled(factor)}
                other = with_prior(spec, name, scaled)
            else:
                other = with_scaled_prior(spec, name, prior, factor)
            shown = name if label in ("", "default") else f"{name}[{label}]"
            yield shown, prior, factor, other


def _has_scale(prior: Any) -> bool:
    each = prior.values() if isinstance(prior, Mapping) else (prior,)
    return all(math.isinf(one.support[1]) for one in each)
