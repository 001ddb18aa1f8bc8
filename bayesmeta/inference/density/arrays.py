"""A design as the arrays that the compiled density is a function of."""

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from bayesmeta.inference.density.data import DensityData, Parts
from bayesmeta.model import Design, ModelSpec

__all__ = ["density_data"]

Array = npt.NDArray[np.float64]

TYPICAL_TAU_ARM = 0.2
TYPICAL_RHO = 0.05
"""What arms and patients are taken to differ by where effects are non-centred; geometry only."""


def density_data(design: Design) -> DensityData:
    """Return the arrays that the compiled density needs."""
    arms, spec = design.arms, design.spec
    events, n = arms.events.astype(np.float64), arms.n.astype(np.float64)
    study = arms.study_index
    means = _study_means(design.matrix, n, study)
    distribution = spec.study_effects
    centre = design.matrix.mean(axis=0) if distribution.pools else np.zeros(design.matrix.shape[1])
    arm_level, arm_information = _empirical(events, n, spec)
    with_arms = spec.arm_effects is not None
    if with_arms:
        level, information = _by_study(arm_level, arm_information, study)
    else:
        totals = np.bincount(study, weights=events), np.bincount(study, weights=n)
        level, information = _empirical(*totals, spec)
    own = [design.mu[0], *design.beta, *(scalar.prior for scalar in design.scalars)]
    return DensityData(
        events=events,
        n=n,
        study=study.astype(np.float64),
        log_coefficient=gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1),
        deviation=np.ascontiguousarray(design.matrix - means[study]),
        study_mean=means - centre,
        centre=centre,
        level=level,
        information=information,
        arm_level=arm_level if with_arms else np.zeros(0),
        arm_information=arm_information if with_arms else np.zeros(0),
        tau_of_study=design.tau_of_study.astype(np.float64)[
            : None if distribution.has_effects else 0
        ],
        priors=np.array([[*prior.kernel] for prior in own], dtype=np.float64),
        scales=np.array(
            [[*scalar.prior.support, scalar.transition_scale] for scalar in design.scalars]
        ).reshape(-1, 3),
        parts=np.array(_parts(design), dtype=np.float64),
        **_imputation(design),
    )


def _parts(design: Design) -> Parts:
    distribution = design.spec.study_effects

    def place(name: str) -> int:
        return next(iter(design.places(name)), -1)

    own = place(next(iter(distribution.parameters), ""))
    return Parts(
        design.spec.link.code,
        design.spec.likelihood.code,
        distribution.code,
        own,
        place("tau_arm"),
        place("rho"),
        place("x_mean"),
        distribution.constants[0],
        int(distribution.pools),
    )


def _imputation(design: Design) -> dict[str, Array]:
    imputed = design.imputed
    covariates = design.matrix.shape[1]
    known = [
        [one.known.size, one.known.mean(), ((one.known - one.known.mean()) ** 2).sum()]
        for one in imputed
    ]
    columns = [np.full(one.missing.size, c) for c, one in enumerate(imputed)]
    none = np.zeros(0)
    return {
        "missing_arm": np.concatenate([none, *(one.missing for one in imputed)]),
        "missing_column": np.concatenate([none, *columns]),
        "missing_slope": np.ascontiguousarray(
            np.concatenate([np.zeros((0, covariates)), *(one.slope for one in imputed)])
        ),
        "known": np.array(known, dtype=np.float64).reshape(-1, 3),
    }


def _study_means(matrix: Array, n: Array, study: npt.NDArray[np.int64]) -> Array:
    """Return each study's mean covariates, weighted by patients."""
    # Half a patient each keeps a study without patients defined.
    weights = n + 0.5
    totals = np.bincount(study, weights=weights)
    sums = [np.bincount(study, weights=weights * column) for column in matrix.T]
    # In rows: another layout of the array would be another compilation of the density.
    return np.ascontiguousarray(
        np.array(sums).reshape(matrix.shape[1], totals.size).T / totals[:, None]
    )


def _empirical(events: Array, n: Array, spec: ModelSpec) -> tuple[Array, Array]:
    """Return each row's linear predictor and the information on it, with half a patient each way.

    Where none or all respond in all rows there is none: beyond a bound the likelihood is flat, and mu
    may lie far from where it would put the effects.
    """
    theta = spec.link.theta((events + 0.5) / (n + 1))
    informed = (n > 0) & (0 < events.sum() < n.sum())
    information = np.where(informed, (n + 1) * spec.link.information(theta), 0.0)
    if spec.likelihood.parameters:
        information = information / (1 + np.maximum(n - 1, 0) * TYPICAL_RHO)
    return theta, information


def _by_study(
    level: Array, information: Array, study: npt.NDArray[np.int64]
) -> tuple[Array, Array]:
    """Return each study's mean level and the information on it, given what its arms differ by."""
    weights = information / (1 + TYPICAL_TAU_ARM**2 * information)
    total = np.bincount(study, weights=weights)
    sums = np.bincount(study, weights=weights * level)
    return np.divide(sums, total, out=np.zeros_like(total), where=total > 0), total
