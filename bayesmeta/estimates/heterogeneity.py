"""How much studies differ beyond chance: variances within and between them, and I-squared."""

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.estimates.outcome_draws import OutcomeDraws
from bayesmeta.evidence import Arms
from bayesmeta.inference.blocks import arm_slices
from bayesmeta.inference.result import Fit
from bayesmeta.model import ModelSpec, NormalLevels


def sampling_variance(drawn: OutcomeDraws) -> Array:
    """Return the variance of each arm's own predictor about that of its study, shape (arm,).

    ``1 / (n p (1 - p))`` on the log-odds scale, infinite for an arm without patients; with a
    beta-binomial likelihood as much more as its overdispersion makes it, and with arm effects
    their variance on top. The posterior rate stands in for the observed one, which has no finite
    variance at 0 and at n responders.
    """
    posterior = drawn.fit.posterior
    draws, arms = posterior["mu"].sizes["chain"] * posterior["mu"].sizes["draw"], len(drawn.arms)
    rates = [drawn.mean_rates(part) for part in arm_slices(draws, arms)]
    return _variance_at(drawn, np.concatenate(rates))


def profile_variance(drawn: OutcomeDraws) -> Array:
    """Return what `sampling_variance` does, at typical rates, which need no draws of arms."""
    return _variance_at(drawn, drawn.profile_rates)


def _variance_at(drawn: OutcomeDraws, rate: Array) -> Array:
    link, n = drawn.link, drawn.arms.n
    information = n * link.information(link.theta(rate))
    information = information / (1 + np.maximum(n - 1, 0) * _patient_correlation(drawn))
    variance: Array = np.full(len(drawn.arms), np.inf)
    np.divide(1.0, information, out=variance, where=information > 0)
    return variance + _arm_variance(drawn)


def chance_share(drawn: OutcomeDraws) -> Array:
    """Return the share of each arm's `sampling_variance` that is chance, not between arms, (arm,)."""
    if rho := _patient_correlation(drawn):
        return np.asarray((1 - rho) / (1 - rho + drawn.arms.n * rho))
    return np.asarray(1 - _arm_variance(drawn) / sampling_variance(drawn))


def _patient_correlation(drawn: OutcomeDraws) -> float:
    """Return the correlation of two patients of an arm at the posterior mean of the parameters."""
    likelihood = drawn.fit.spec.likelihood
    return float(
        likelihood.patient_correlation(
            **{name: drawn.mean_of(name) for name in likelihood.parameters}
        )
    )


def _arm_variance(drawn: OutcomeDraws) -> float:
    """Return the variance of arm effects at their posterior mean, 0 where there are none."""
    posterior = drawn.fit.posterior
    if "tau_arm" not in posterior:
        return 0.0
    return float((np.asarray(posterior["tau_arm"]) ** 2).mean())


def arm_information(variance: Array) -> Array:
    """Return the inverse of each arm's sampling variance, 0 where that is infinite."""
    return np.asarray(np.where(np.isfinite(variance), 1 / variance, 0.0))


def study_information(arms: Arms, variance: Array) -> Array:
    """Return the information of each study, the sum over its arms, shape (study,)."""
    return np.asarray(np.bincount(arms.study_index, weights=arm_information(variance)))


def typical_variance(variance: Array) -> float:
    """Return the typical sampling variance of studies (Higgins & Thompson 2002); infinite of none."""
    weights = 1 / variance[np.isfinite(variance)]
    if weights.size == 0:
        return float("inf")
    if weights.size == 1:
        return float(1 / weights[0])
    return float((weights.size - 1) * weights.sum() / (weights.sum() ** 2 - (weights**2).sum()))


def i_squared(drawn: OutcomeDraws) -> dict[str, Array]:
    """Return draws of I-squared by level of tau: the share of variance that is between studies.

    On the scale of the link; differences between arms of a study count as within. It rises with
    the size of the studies, whatever their heterogeneity; tau and the prediction interval do not
    (Higgins & Thompson 2002, doi:10.1002/sim.1186).
    """
    # Arms of a study share its effect: their information counts once, however they are split.
    information = study_information(drawn.arms, sampling_variance(drawn))
    by_study: Array = np.full(len(information), np.inf)
    np.divide(1.0, information, out=by_study, where=information > 0)
    variance, found = drawn.between, {}
    for i, level in enumerate(drawn.tau_levels):
        typical = typical_variance(by_study[drawn.tau_of_study == i])
        found[level] = np.asarray(variance[..., i] / (variance[..., i] + typical))
    return found


def level_shares(fit: Fit) -> dict[str, Array]:
    """Return draws of the share of the variance between studies that lies between levels, by term.

    Of normal effects of levels and studies, with one tau; on the scale of the link, at the centre of
    numbers.
    """
    design, effects = fit.design, fit.spec.study_effects
    if not (effects.is_normal or not effects.has_effects) or effects.by is not None:
        return {}
    if any(not isinstance(one, NormalLevels) for one in design.level_effects):
        return {}
    terms = [i for i, one in enumerate(fit.coding.exchangeable) if one.term.has_rates]
    if not terms:
        return {}
    between = np.asarray(fit.posterior["sigma"])[..., terms] ** 2
    tau = np.asarray(fit.posterior["tau"]) if effects.has_effects else 0.0
    whole = between.sum(axis=-1) + tau**2
    return {fit.coding.level_terms[term]: between[..., i] / whole for i, term in enumerate(terms)}


def without_tau(spec: ModelSpec) -> str:
    """Return how studies differ in a model that has no tau."""
    if not spec.study_effects.pools:
        return "studies are independent, so that a new study has the prior of mu"
    if spec.likelihood.parameters or spec.arm_effects is not None:
        return "no study effects; arms vary independently"
    # A PyMC model of the user's own has no curve.
    shared = "rate" if getattr(spec, "curve", None) is None else "median"
    return (
        f"none in this model (common effect), so arms of one profile share one {shared}, which a new "
        "study has as well"
    )
