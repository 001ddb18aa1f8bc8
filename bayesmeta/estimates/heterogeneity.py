"""How much studies differ beyond chance: variances within and between them, and I-squared."""

import numpy as np
import numpy.typing as npt

from bayesmeta.evidence import Arms
from bayesmeta.inference.blocks import arm_slices
from bayesmeta.inference.result import Fit
from bayesmeta.model import ModelSpec

__all__ = [
    "arm_information",
    "between_variance",
    "chance_share",
    "i_squared",
    "profile_variance",
    "sampling_variance",
    "study_information",
    "typical_variance",
    "without_tau",
]

Array = npt.NDArray[np.float64]


def sampling_variance(fit: Fit) -> Array:
    """Return the variance of each arm's own predictor about that of its study, shape (arm,).

    ``1 / (n p (1 - p))`` on the log-odds scale, infinite for an arm without patients; with a
    beta-binomial likelihood as much more as its overdispersion makes it, and with arm effects
    their variance on top. The posterior rate stands in for the observed one, which has no finite
    variance at 0 and at n responders.

    Raises
    ------
    SettingsError
        If the fit kept no draws of arms.
    """
    theta = fit.require("theta", "The sampling variance of arms")
    rates = [
        fit.spec.link.rate(np.asarray(theta.variable[..., part])).mean(axis=(0, 1))
        for part in arm_slices(theta.size // len(fit.arms), len(fit.arms))
    ]
    return _variance_at(fit, np.concatenate(rates))


def profile_variance(fit: Fit) -> Array:
    """Return what `sampling_variance` does, at the typical rate of each arm's profile instead.

    It needs no draws of arms: effects are left out, and mu and beta stand at their posterior means.
    """
    posterior = fit.posterior
    theta = np.full(len(fit.arms), float(np.asarray(posterior["mu"]).mean()))
    if "beta" in posterior:
        theta += fit.design.matrix @ np.asarray(posterior["beta"]).mean(axis=(0, 1))
    return _variance_at(fit, fit.spec.link.rate(theta))


def _variance_at(fit: Fit, rate: Array) -> Array:
    link, n = fit.spec.link, fit.arms.n
    information = n * link.information(link.theta(rate))
    if "rho" in fit.posterior:
        information = information / (
            1 + np.maximum(n - 1, 0) * float(np.asarray(fit.posterior["rho"]).mean())
        )
    variance: Array = np.full(len(fit.arms), np.inf)
    np.divide(1.0, information, out=variance, where=information > 0)
    return variance + _arm_variance(fit)


def chance_share(fit: Fit) -> Array:
    """Return the share of each arm's `sampling_variance` that is chance, shape (arm,).

    The rest is between arms: what a beta-binomial likelihood or arm effects let them differ.
    """
    if "rho" in fit.posterior:
        rho = float(np.asarray(fit.posterior["rho"]).mean())
        return np.asarray((1 - rho) / (1 - rho + fit.arms.n * rho))
    return np.asarray(1 - _arm_variance(fit) / sampling_variance(fit))


def _arm_variance(fit: Fit) -> float:
    """Return the variance of arm effects at their posterior mean, 0 where there are none."""
    return (
        float((np.asarray(fit.posterior["tau_arm"]) ** 2).mean())
        if "tau_arm" in fit.posterior
        else 0.0
    )


def between_variance(fit: Fit) -> Array:
    """Return the variance of the study effects, dims (chain, draw, level).

    There is one level unless tau has more. The variance is 0 for a common effect, and infinite
    for independent studies.
    """
    distribution, posterior = fit.spec.study_effects, fit.posterior
    own = {name: np.asarray(posterior[name])[..., None] for name in distribution.parameters}
    if distribution.tau is None:
        return distribution.variance(np.zeros((*posterior["mu"].shape, 1)))
    tau = np.asarray(posterior["tau"])
    return distribution.variance(tau if distribution.by else tau[..., None], **own)


def arm_information(variance: Array) -> Array:
    """Return the inverse of each arm's sampling variance, 0 where that is infinite."""
    return np.asarray(np.where(np.isfinite(variance), 1 / variance, 0.0))


def study_information(arms: Arms, variance: Array) -> Array:
    """Return the information of each study, the sum over its arms, shape (study,)."""
    return np.asarray(np.bincount(arms.study_index, weights=arm_information(variance)))


def typical_variance(variance: Array) -> float:
    """Return the typical one of sampling variances, shape (study,).

    That of Higgins & Thompson 2002 (doi:10.1002/sim.1186).

    With one informative arm it is that arm's variance; without any, infinite.
    """
    weights = 1 / variance[np.isfinite(variance)]
    if weights.size == 0:
        return float("inf")
    if weights.size == 1:
        return float(1 / weights[0])
    return float((weights.size - 1) * weights.sum() / (weights.sum() ** 2 - (weights**2).sum()))


def i_squared(fit: Fit) -> dict[str, Array]:
    """Return draws of I-squared by level of tau: the share of variance that is between studies.

    On the scale of the link; differences between arms of a study count as within. It rises with
    the size of the studies, whatever their heterogeneity; tau and the prediction interval don't
    (Higgins & Thompson 2002, doi:10.1002/sim.1186).

    Raises
    ------
    SettingsError
        If the fit kept no draws of arms.
    """
    # Arms of a study share its effect: their information counts once, however they are split.
    information = study_information(fit.arms, sampling_variance(fit))
    by_study: Array = np.full(len(information), np.inf)
    np.divide(1.0, information, out=by_study, where=information > 0)
    variance, found = between_variance(fit), {}
    for i, level in enumerate(fit.design.tau_levels):
        typical = typical_variance(by_study[fit.design.tau_of_study == i])
        found[level] = np.asarray(variance[..., i] / (variance[..., i] + typical))
    return found


def without_tau(spec: ModelSpec) -> str:
    """Return how studies differ in a model that has no tau."""
    if not spec.study_effects.pools:
        return "studies are independent, so that a new study has the prior of mu"
    if spec.likelihood.parameters or spec.arm_effects is not None:
        return "no study effects; arms differ for themselves"
    return (
        "none in this model (common effect), so arms of one profile share one rate, which a new "
        "study has as well"
    )
