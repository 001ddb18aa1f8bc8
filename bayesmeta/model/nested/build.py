"""The joint model as PyMC writes it: the definition that the fast density is held to."""

from typing import TYPE_CHECKING, Any

from bayesmeta.errors import SettingsError
from bayesmeta.evidence import Arms
from bayesmeta.model.nested.design import NestedDesign, make_nested_design
from bayesmeta.model.nested.spec import NestedSpec
from bayesmeta.priors import Prior

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["build_nested", "build_nested_design"]


def build_nested(spec: NestedSpec, arms: Arms) -> "pm.Model":
    """Return the PyMC model of nested outcomes.

    Parameters
    ----------
    spec : NestedSpec
        What is assumed.
    arms : Arms
        What was observed.

    Returns
    -------
    pymc.Model
        Variables, on the scale of the link unless said otherwise: `mu` and `tau` with dim level (the
        outcomes outermost first), `beta` with dims level and covariate, `cholesky` (of the
        correlations), `u` with dims study and level, `theta` with dims arm and level, and
        `log_ratio`, their log probabilities. Observed: `events`, one for each count that is reported.

    Raises
    ------
    SpecError
        If the covariates can't be coded on these arms.
    SettingsError
        If an argument is of another kind.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 55")
    >>> model = bm.build_nested(bm.load_nested_model("nested/pooled"), arms)
    >>> [variable.name for variable in model.free_RVs], model.coords["level"]
    (['mu', 'tau', 'z', 'cholesky'], ('ORR', 'CR'))
    """
    if not isinstance(spec, NestedSpec):
        raise SettingsError(
            f"`spec` must be a NestedSpec; got {type(spec).__name__}. Make one by load_nested_model or NestedSpec; of "
            "a ModelSpec, use build."
        )
    if not isinstance(arms, Arms):
        raise SettingsError(
            f"`arms` must be Arms; got {type(arms).__name__}. Make them by "
            "read_evidence(...).select(outcomes=[...])."
        )
    return build_nested_design(make_nested_design(spec, arms))


def build_nested_design(design: NestedDesign) -> "pm.Model":
    """Return the PyMC model of a design; see `build_nested`."""
    import pymc as pm
    import pytensor.tensor as pt

    arms, seen = design.arms, design.segments
    with pm.Model(coords=_coords(design)) as model:
        mu = _each("mu", design.mu, "level")
        predictor = pt.tile(mu, (len(arms), 1))
        if design.coding.names:
            beta = _coefficients(design)
            predictor = predictor + pt.as_tensor(design.matrix) @ beta.T
        predictor = predictor + _study_effects(design)[arms.study_index]
        theta = pm.Deterministic("theta", predictor, dims=("arm", "level"))
        log_ratio = pm.Deterministic(
            "log_ratio", design.spec.link.to_pymc(theta)[0], dims=("arm", "level")
        )
        # The product of ratios from the outcome around to the one reported.
        log_rate = (seen.spans(len(arms.outcomes)) * log_ratio[seen.arm]).sum(axis=-1)
        pm.CustomDist(
            "events",
            log_rate,
            seen.trials,
            logp=_log_binomial,
            observed=seen.events,
            dims="segment",
        )
    return model


def _log_binomial(events: Any, log_rate: Any, trials: Any) -> Any:
    """Return binomial log probabilities from the log of the rate, exact for rates near 0 and 1."""
    import pytensor.tensor as pt

    coefficient = pt.gammaln(trials + 1) - pt.gammaln(events + 1) - pt.gammaln(trials - events + 1)
    return coefficient + events * log_rate + (trials - events) * pt.log1mexp(log_rate)


def _coords(design: NestedDesign) -> dict[str, Any]:
    return {
        "arm": design.arms.labels,
        "study": design.arms.studies,
        "level": list(design.arms.outcomes),
        "covariate": list(design.coding.names),
        "segment": list(range(design.segments.arm.size)),
    }


def _each(name: str, priors: tuple[Prior, ...], dim: str) -> Any:
    """Return a vector of parameters, each with its own prior."""
    import pymc as pm
    import pytensor.tensor as pt

    if len(set(priors)) == 1:
        return priors[0].to_pymc(name, dims=dim)
    each = [prior.to_pymc(f"{name}_{i}") for i, prior in enumerate(priors)]
    return pm.Deterministic(name, pt.stack(each), dims=dim)


def _coefficients(design: NestedDesign) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    if len(set(design.beta)) == 1:
        return design.beta[0].to_pymc("beta", dims=("level", "covariate"))
    each = [prior.to_pymc(f"beta_{i}", dims="level") for i, prior in enumerate(design.beta)]
    return pm.Deterministic("beta", pt.stack(each, axis=-1), dims=("level", "covariate"))


def _study_effects(design: NestedDesign) -> Any:
    import pymc as pm

    tau = _each("tau", design.tau, "level")
    z = pm.Normal("z", 0, 1, dims=("study", "level"))
    correlation = design.spec.correlation
    if correlation is None:
        return pm.Deterministic("u", tau * z, dims=("study", "level"))
    cholesky = pm.LKJCorr("cholesky", n=len(design.arms.outcomes), eta=correlation.eta)
    return pm.Deterministic("u", tau * (z @ cholesky.T), dims=("study", "level"))
