"""The model as PyMC writes it: the definition that every other computation is held to."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.errors import SettingsError
from bayesmeta.evidence import Arms
from bayesmeta.evidence.arms import check_are_arms
from bayesmeta.model.design import Design, make_design
from bayesmeta.model.observed_totals import totals_to_pymc
from bayesmeta.model.publication import publication_to_pymc
from bayesmeta.model.spec import ModelSpec
from bayesmeta.model.survival_likelihood import survival_to_pymc
from bayesmeta.model.weights import weighted_to_pymc
from bayesmeta.priors import Prior

if TYPE_CHECKING:
    import pymc as pm


def build(spec: ModelSpec, arms: Arms) -> "pm.Model":
    """Return the PyMC model of `spec` on `arms`.

    Parameters
    ----------
    spec : ModelSpec
        What is assumed.
    arms : Arms
        What was observed.

    Returns
    -------
    pymc.Model
        Variables on the scale of the link, as far as the model has them: `mu`; `beta` with dim
        covariate; `tau`, with dim level where it goes by a column; parameters of distribution and
        likelihood, such as `nu` and `rho` (in their own units); `u` and `z` with dim study; `tau_arm`;
        `w`, `z_arm` and `theta` with dim arm; `x_mean` and `x_sd` of imputed covariates (unit of the
        column); `sigma` with dim level_term and `b` with dim level_effect, of exchangeable levels.
        Observed: `events` with dim arm.

        Of survival `theta` is the log median in months; `kappa`, `tau_k`, `z_shape` and `log_shape`
        (log k, with dim arm) are of the shape of curves, and `retention` is a share of patients.
        Observed: `reports`, one for each landmark and median.

        Of several outcomes: `mu` and `tau` with dim outcome, `beta` with dims outcome and covariate,
        `cholesky` (of the correlations), `u` and `z` with dims study and outcome, `theta` and
        `log_ratio` (log conditional probabilities) with dims arm and outcome. Observed: `events`, one
        for each count that is reported.

    Raises
    ------
    SpecError
        If the covariates cannot be coded on these arms.
    SettingsError
        If an argument is of another kind.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> sorted(bm.build(bm.load_model("pooled"), arms).named_vars)
    ['events', 'mu', 'tau', 'theta', 'u', 'z']
    >>> both = bm.load_evidence("rr_aml_venetoclax").select(outcomes=["ORR", "CR"], where="n >= 55")
    >>> model = bm.build(bm.load_model("pooled"), both)
    >>> [variable.name for variable in model.free_RVs], model.coords["outcome"]
    (['mu', 'tau', 'z', 'cholesky'], ('ORR', 'CR'))
    """
    if not isinstance(spec, ModelSpec):
        raise SettingsError(
            f"`spec` must be a ModelSpec; got {type(spec).__name__}. Make one by load_model or ModelSpec."
        )
    check_are_arms(arms)
    return build_design(make_design(spec, arms))


def build_design(design: Design) -> "pm.Model":
    """Return the PyMC model of a design; see `build`."""
    import pymc as pm

    if design.several:
        return _build_joint(design)
    spec, arms = design.spec, design.arms
    with pm.Model(coords=_coords(design)) as model:
        mu = design.mu[0].to_pymc("mu")
        predictor = mu + _regression(design) + _levels(design)
        u = _study_effects(design, mu)
        if design.publication is not None:
            publication_to_pymc(design.published, model["z"])
        if u is not None:
            predictor = predictor + u[arms.study_index]
        if spec.arm_effects is not None:
            tau_arm = spec.arm_effects.tau_arm.to_pymc("tau_arm")
            z = pm.Normal("z_arm", 0, 1, dims="arm")
            predictor = predictor + pm.Deterministic("w", tau_arm * z, dims="arm")
        theta = pm.Deterministic("theta", predictor, dims="arm")
        if spec.curve is not None:
            survival_to_pymc(design, theta)
            return model
        own = {name: prior.to_pymc(name) for name, prior in spec.likelihood.parameters.items()}
        if design.totals.arm.size:
            totals_to_pymc(design, theta)
        elif design.weights is not None:
            weighted_to_pymc(spec.link, arms, theta, design.weights)
        else:
            spec.likelihood.to_pymc(theta, arms.n, arms.events, **own)
    return model


def _coords(design: Design) -> dict[str, Any]:
    coords = {
        "arm": design.arms.labels,
        "study": design.arms.studies,
        "covariate": list(design.coding.names),
        "level_effect": list(design.coding.level_names),
        "level_term": list(design.coding.level_terms),
    }
    if design.several:
        counts = list(range(design.conditional_counts.arm.size))
        return coords | {"outcome": list(design.outcomes), "count": counts}
    if design.spec.study_effects.by:
        coords["level"] = list(design.tau_levels)
    return coords | ({"imputed": [one.name for one in design.imputed]} if design.imputed else {})


def _stacked(name: str, priors: tuple[Prior, ...], *dims: str) -> Any:
    """Return a parameter whose entries along the last of `dims` have a prior each."""
    import pymc as pm
    import pytensor.tensor as pt

    if len(set(priors)) == 1:
        return priors[0].to_pymc(name, dims=dims)
    each = [prior.to_pymc(f"{name}_{i}", dims=dims[:-1] or None) for i, prior in enumerate(priors)]
    return pm.Deterministic(name, pt.stack(each, axis=-1), dims=dims)


def _study_effects(design: Design, mu: Any) -> Any:
    distribution = design.spec.study_effects
    tau = None
    for prior in design.tau:
        tau = prior.to_pymc("tau", dims="level" if distribution.by else None)
        tau = tau[design.tau_of_study] if distribution.by else tau
    own = {name: prior.to_pymc(name) for name, prior in distribution.parameters.items()}
    return distribution.to_pymc(tau, mu, design.mu[0], **own)


def _regression(design: Design) -> Any:
    """Return what the covariates add to the predictor of each arm."""
    import pytensor.tensor as pt

    if not design.coding.names:
        return np.zeros(len(design.arms))
    fixed = design.matrix[:, : len(design.coding.names)]
    beta, matrix = _stacked("beta", design.beta, "covariate"), pt.as_tensor(fixed)
    for one, value in zip(design.imputed, _imputed(design), strict=True):
        matrix = pt.inc_subtensor(
            matrix[one.missing], value[:, None] * one.slope[:, : len(design.coding.names)]
        )
    return matrix @ beta


def _levels(design: Design) -> Any:
    """Return what the effects of exchangeable levels add to the predictor of each arm.

    They do not sum to zero: a level that no arm has is another draw from their distribution.
    """
    import pymc as pm
    import pytensor.tensor as pt

    if not design.level_effects:
        return np.zeros(len(design.arms))
    sigma = _stacked("sigma", design.sigmas, "level_term")
    each = []
    for place, (one, coded) in enumerate(
        zip(design.level_effects, design.coding.exchangeable, strict=True)
    ):
        model = pm.modelcontext(None)
        model.add_coord(f"level_{place}", coded.names)
        each.append(one.to_pymc(f"b_{place}", sigma[place], f"level_{place}"))
    b = pm.Deterministic("b", pt.concatenate(each), dims="level_effect")
    return pt.as_tensor(design.matrix[:, len(design.coding.names) :]) @ b


def _imputed(design: Design) -> list[Any]:
    """Return the missing values of each imputed covariate, standardised."""
    import pymc as pm

    if not design.imputed:
        return []
    first = design.imputed[0]
    mean = first.mean.to_pymc("x_mean_standard", dims="imputed")
    sd = first.sd.to_pymc("x_sd_standard", dims="imputed")
    found = []
    for i, one in enumerate(design.imputed):
        pm.Normal(f"x_known_{i}", mean[i], sd[i], observed=one.known)
        z = pm.Normal(f"x_z_{i}", 0, 1, shape=len(one.missing))
        found.append(mean[i] + sd[i] * z)
    centre = np.array([one.centre for one in design.imputed])
    spread = np.array([one.spread for one in design.imputed])
    pm.Deterministic("x_mean", centre + spread * mean, dims="imputed")
    pm.Deterministic("x_sd", spread * sd, dims="imputed")
    return found


def _build_joint(design: Design) -> "pm.Model":
    """Return the model of several outcomes."""
    import pymc as pm
    import pytensor.tensor as pt

    arms, seen = design.arms, design.conditional_counts
    with pm.Model(coords=_coords(design)) as model:
        predictor = pt.tile(_stacked("mu", design.mu, "outcome"), (len(arms), 1))
        if design.coding.names:
            beta = _stacked("beta", design.beta, "outcome", "covariate")
            predictor = predictor + pt.as_tensor(design.matrix) @ beta.T
        predictor = predictor + _joint_effects(design)[arms.study_index]
        theta = pm.Deterministic("theta", predictor, dims=("arm", "outcome"))
        log_ratio = pm.Deterministic(
            "log_ratio", design.spec.link.to_pymc(theta)[0], dims=("arm", "outcome")
        )
        # The product of conditional probabilities, from the enclosing outcome to the one reported.
        log_rate = (seen.spans(len(arms.outcomes)) * log_ratio[seen.arm]).sum(axis=-1)
        pm.CustomDist(
            "events", log_rate, seen.trials, logp=_log_binomial, observed=seen.events, dims="count"
        )
    return model


def _log_binomial(events: Any, log_rate: Any, trials: Any) -> Any:
    """Return binomial log probabilities from the log of the rate, exact for rates near 0 and 1."""
    import pytensor.tensor as pt

    coefficient = pt.gammaln(trials + 1) - pt.gammaln(events + 1) - pt.gammaln(trials - events + 1)
    return coefficient + events * log_rate + (trials - events) * pt.log1mexp(log_rate)


def _joint_effects(design: Design) -> Any:
    import pymc as pm

    tau = _stacked("tau", design.tau, "outcome")
    z = pm.Normal("z", 0, 1, dims=("study", "outcome"))
    correlation = design.spec.correlation
    if correlation is None:
        return pm.Deterministic("u", tau * z, dims=("study", "outcome"))
    cholesky = pm.LKJCorr("cholesky", n=len(design.outcomes), eta=correlation.eta)
    return pm.Deterministic("u", tau * (z @ cholesky.T), dims=("study", "outcome"))
