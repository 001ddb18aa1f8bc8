"""A joint model and its evidence as arrays: everything its compiled density is a function of."""

from typing import Any, NamedTuple

from numba import carray

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.callbacks import Pointers, pointers_to


class NestedData(NamedTuple):
    """A joint model and its evidence as arrays.

    A arms, S studies, L levels (the outcomes outermost first), K covariates, G segments (counts
    that are reported), P partial correlations. Coordinates of a point, all unbounded: those of mu
    at the centre of the covariates (L), beta (L, K), tau (L), the partial correlations (P), then z of
    the study effects (S, L).
    """

    study: Array
    """Position of each arm's study, shape (A,)."""
    deviation: Array
    """Covariates minus their mean over the arms of the study, shape (A, K)."""
    study_mean: Array
    """Mean covariates of each study's arms, minus `centre`, shape (S, K)."""
    centre: Array
    """What was subtracted from the covariates, shape (K,)."""
    level: Array
    """Empirical predictor of each study and ratio, shape (S, L); geometry only."""
    information: Array
    """Information on it, the inverse of its variance, shape (S, L); geometry only."""
    arm: Array
    """Arm of each segment, shape (G,)."""
    first: Array
    """First ratio of each segment's product, shape (G,)."""
    last: Array
    """Last ratio of it, shape (G,)."""
    trials: Array
    """Patients with the enclosing outcome, shape (G,)."""
    events: Array
    """Patients with the outcome reported, shape (G,)."""
    log_coefficient: Array
    """Log binomial coefficient of each segment, shape (G,)."""
    priors: Array
    """Kernels of the priors of mu, tau and the partial correlations on (0, 1), shape (2 L + P, 5)."""
    beta_priors: Array
    """Kernels of the priors of the coefficients, shape (K, 5)."""
    scales: Array
    """Bounds and transition scale of tau and the partial correlations, shape (L + P, 3)."""
    link: Array
    """Code of the link, shape (1,)."""


def pack_nested(data: NestedData) -> Pointers:
    """Return where the sizes and the arrays of `data` lie, for the sampler to point at."""
    (studies, levels), partials = data.level.shape, len(data.scales) - data.level.shape[1]
    sizes = [data.study.size, studies, levels, data.centre.size, data.arm.size, partials]
    return pointers_to([sizes, *data])


@inlined
def unpack_nested(pointers: Any) -> NestedData:
    """Return the `NestedData` of `pack_nested`, as views."""
    sizes = pointers[0]
    a, s, n = int(sizes[0]), int(sizes[1]), int(sizes[2])
    k, g, p = int(sizes[3]), int(sizes[4]), int(sizes[5])
    return NestedData(
        carray(pointers[1], (a,)),
        carray(pointers[2], (a, k)),
        carray(pointers[3], (s, k)),
        carray(pointers[4], (k,)),
        carray(pointers[5], (s, n)),
        carray(pointers[6], (s, n)),
        carray(pointers[7], (g,)),
        carray(pointers[8], (g,)),
        carray(pointers[9], (g,)),
        carray(pointers[10], (g,)),
        carray(pointers[11], (g,)),
        carray(pointers[12], (g,)),
        carray(pointers[13], (2 * n + p, 5)),
        carray(pointers[14], (k, 5)),
        carray(pointers[15], (n + p, 3)),
        carray(pointers[16], (1,)),
    )
