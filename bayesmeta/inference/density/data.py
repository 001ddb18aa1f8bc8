"""A model and its evidence as arrays: everything the compiled density is a function of."""

from typing import Any, NamedTuple

from numba import carray

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.callbacks import Pointers, pointers_to


class Parts(NamedTuple):
    """Which parts the model has: codes of its classes, and where their parameters stand.

    Places count from the first scalar beside mu and beta; -1 where there is none.
    """

    link: int
    likelihood: int
    distribution: int
    own: int
    tau_arm: int
    rho: int
    imputed: int
    constant: float
    """Fixed number of the distribution of study effects."""
    pools: int
    """1 if studies tell of each other; 0 if the level of each has the prior of mu."""


class DensityData(NamedTuple):
    """A model and its evidence as arrays.

    A arms, S studies, E study effects (S or none), L exchangeable levels, K coefficients, those of
    levels last, P scalars beside mu and the coefficients, C covariates that are imputed, M missing
    values. Coordinates of a point, all unbounded: that of mu at the centre of the covariates, the
    coefficients (K), of levels standardised and scaled by the information on them, the scalars (P), then
    z of the study effects (E), of the arm effects (A) and of the missing values (M), as far as the model
    has them.
    """

    events: Array
    """Responders, shape (A,)."""
    n: Array
    """Patients, shape (A,)."""
    study: Array
    """Position of each arm's study, shape (A,)."""
    log_coefficient: Array
    """Log binomial coefficient of each arm, shape (A,)."""
    deviation: Array
    """Covariates minus their mean over the arms of the study, shape (A, K)."""
    study_mean: Array
    """Mean covariates of each study's arms, minus `centre`, shape (S, K)."""
    centre: Array
    """What was subtracted from the covariates, shape (K,)."""
    level: Array
    """Empirical linear predictor of each study, shape (S,); geometry only."""
    information: Array
    """Information on it, the inverse of its variance, shape (S,); geometry only."""
    tau_of_study: Array
    """Position of each study's tau, shape (E,)."""
    priors: Array
    """Kernels of the priors of mu, the coefficients and the scalars, shape (1 + K + P, 5)."""
    scales: Array
    """Lower bound, upper bound and transition scale of each scalar, shape (P, 3)."""
    arm_level: Array
    """Empirical linear predictor of each arm, shape (A,), or (0,) without arm effects."""
    arm_information: Array
    """Information on it, of the shape of `arm_level`; geometry only."""
    missing_arm: Array
    """Arm of each missing value, shape (M,)."""
    missing_column: Array
    """Position of its covariate among those imputed, shape (M,)."""
    missing_slope: Array
    """Change of that arm's covariates per unit of the missing value, shape (M, K)."""
    known: Array
    """Number, mean and sum of squares about it of each imputed covariate's known values, (C, 3)."""
    parts: Array
    """`Parts` as numbers."""
    levels: Array
    """Of each exchangeable level, shape (L, 5): place of its sigma among the scalars, probability that
    it is exchangeable, mean and standard deviation of its effect if it is not, and the information on
    its effect, which is geometry only."""
    totals: Array
    """Arm, responders, and patients at the first and the second level of each total over two levels,
    and whether these are unknown, shape (T, 5); these arms have no patients in `n`."""
    step: Array
    """Covariates of the second level minus those of the first, shape (T, K)."""
    published: Array
    """Of each study effect, shape (E, 3), or (0, 3) where publication is not modelled: intercept and
    slope of the probit of publication in the standardised effect, and log probability of publication."""


def pack(data: DensityData, *own: Array) -> Pointers:
    """Return where the sizes and the arrays of `data` lie, for the sampler to point at.

    Arrays that a density has of its own come last.
    """
    sizes = [
        data.events.size,
        data.level.size,
        data.centre.size,
        len(data.scales),
        data.arm_level.size,
        data.missing_arm.size,
        len(data.known),
        data.parts.size,
        data.tau_of_study.size,
        len(data.levels),
        len(data.totals),
        len(data.published),
        *map(len, own),
    ]
    return pointers_to([sizes, *data, *own])


ARRAYS = 1 + len(DensityData._fields)
"""Place of the first array that a density has of its own."""

SIZES = 12
"""Place of the first of their lengths among the sizes."""


@inlined
def unpack(pointers: Any) -> DensityData:
    """Return the arrays of `pack`, as views."""
    sizes = pointers[0]
    a, s, k, p, e = int(sizes[0]), int(sizes[1]), int(sizes[2]), int(sizes[3]), int(sizes[8])
    w, m, c = int(sizes[4]), int(sizes[5]), int(sizes[6])
    return DensityData(
        carray(pointers[1], (a,)),
        carray(pointers[2], (a,)),
        carray(pointers[3], (a,)),
        carray(pointers[4], (a,)),
        carray(pointers[5], (a, k)),
        carray(pointers[6], (s, k)),
        carray(pointers[7], (k,)),
        carray(pointers[8], (s,)),
        carray(pointers[9], (s,)),
        carray(pointers[10], (e,)),
        carray(pointers[11], (1 + k + p, 5)),
        carray(pointers[12], (p, 3)),
        carray(pointers[13], (w,)),
        carray(pointers[14], (w,)),
        carray(pointers[15], (m,)),
        carray(pointers[16], (m,)),
        carray(pointers[17], (m, k)),
        carray(pointers[18], (c, 3)),
        carray(pointers[19], (int(sizes[7]),)),
        carray(pointers[20], (int(sizes[9]), 5)),
        carray(pointers[21], (int(sizes[10]), 5)),
        carray(pointers[22], (int(sizes[10]), k)),
        carray(pointers[23], (int(sizes[11]), 3)),
    )


@inlined
def parts_of(p: Array) -> Parts:
    """Return the parts of the model, from their numbers."""
    places = int(p[3]), int(p[4]), int(p[5]), int(p[6])
    return Parts(int(p[0]), int(p[1]), int(p[2]), *places, p[7], int(p[8]))
