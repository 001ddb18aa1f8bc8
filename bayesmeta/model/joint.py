"""The model of several outcomes as PyMC writes it; of one outcome see `bayesmeta.model.build`."""

from typing import TYPE_CHECKING, Any

from bayesmeta.model.design import Design
from bayesmeta.priors import Prior

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["build_joint"]


def build_joint(design: Design) -> "pm.Model":
    """Return the PyMC model of a design with several outcomes; see `build`."""
    import pymc as pm
    import pytensor.tensor as pt

    arms, seen = design.arms, design.conditional_counts
    with pm.Model(coords=_coords(design)) as model:
        predictor = pt.tile(_each("mu", design.mu), (len(arms), 1))
        if design.coding.names:
            predictor = predictor + pt.as_tensor(design.matrix) @ _coefficients(design).T
        predictor = predictor + _study_effects(design)[arms.study_index]
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


def _coords(design: Design) -> dict[str, Any]:
    return {
        "arm": design.arms.labels,
        "study": design.arms.studies,
        "outcome": list(design.outcomes),
        "covariate": list(design.coding.names),
        "count": list(range(design.conditional_counts.arm.size)),
    }


def _each(name: str, priors: tuple[Prior, ...]) -> Any:
    """Return a parameter of each outcome, with its own prior."""
    import pymc as pm
    import pytensor.tensor as pt

    if len(set(priors)) == 1:
        return priors[0].to_pymc(name, dims="outcome")
    each = [prior.to_pymc(f"{name}_{i}") for i, prior in enumerate(priors)]
    return pm.Deterministic(name, pt.stack(each), dims="outcome")


def _coefficients(design: Design) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    if len(set(design.beta)) == 1:
        return design.beta[0].to_pymc("beta", dims=("outcome", "covariate"))
    each = [prior.to_pymc(f"beta_{i}", dims="outcome") for i, prior in enumerate(design.beta)]
    return pm.Deterministic("beta", pt.stack(each, axis=-1), dims=("outcome", "covariate"))


def _study_effects(design: Design) -> Any:
    import pymc as pm

    tau = _each("tau", design.tau)
    z = pm.Normal("z", 0, 1, dims=("study", "outcome"))
    correlation = design.spec.correlation
    if correlation is None:
        return pm.Deterministic("u", tau * z, dims=("study", "outcome"))
    cholesky = pm.LKJCorr("cholesky", n=len(design.outcomes), eta=correlation.eta)
    return pm.Deterministic("u", tau * (z @ cholesky.T), dims=("study", "outcome"))
