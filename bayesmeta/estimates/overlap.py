"""How far a posterior has left its prior: the overlap of the two densities."""

from typing import Protocol

import numpy as np
from scipy.special import ndtri

from bayesmeta.arrays import Array

BINS = 512
SMALLEST = 1e-300
"""Probability beyond which a tail is cut: 37 standard deviations of a normal."""


class Distribution(Protocol):
    """A distribution of which both tail probabilities are known."""

    def cdf(self, x: Array, /) -> Array:
        """Return the probability of lower values."""

    def sf(self, x: Array, /) -> Array:
        """Return the probability of higher values."""


def prior_overlap(prior: Distribution, draws: Array) -> float:
    """Return the overlap of a prior and of the posterior that draws are from, from 0 to 1.

    The area under both densities: 1 where the evidence left the prior as it was, 0 where it ruled
    out what the prior expected. Both are carried to the scale on which the prior is a standard normal,
    ``ndtri(F(draw))`` with F the prior's distribution function; that changes no area, and a
    bounded or heavy-tailed prior needs no care of its own (Garrett & Zeger 2000,
    doi:10.1111/j.0006-341X.2000.01055.x). There the posterior's density is
    estimated by a normal kernel.
    """
    z = _normal_scores(prior, draws.ravel())
    if np.ptp(z) == 0:
        return 0.0
    points, density = density_of(z)
    expected = np.exp(-(points**2) / 2) / np.sqrt(2 * np.pi)
    area = np.minimum(density, expected).sum() * (points[1] - points[0])
    return float(min(area, 1.0))


def _normal_scores(distribution: Distribution, values: Array) -> Array:
    """Return values of a distribution as those of a standard normal, to full precision in both tails."""
    below, above = distribution.cdf(values), distribution.sf(values)
    return np.where(
        below < above,
        ndtri(np.maximum(below, SMALLEST)),
        -ndtri(np.maximum(above, SMALLEST)),
    )


def density_of(z: Array) -> tuple[Array, Array]:
    """Return evenly spaced points and the density of z there, by a normal kernel."""
    quarters = np.quantile(z, [0.25, 0.75])
    sd = float(z.std())
    # The rule of thumb of Silverman 1986, section 3.4.
    width = 0.9 * min(sd, float(np.ptp(quarters)) / 1.349 or sd) * z.size**-0.2
    # A kernel adds its own variance; drawing the values together first leaves that of z.
    drawn = z.mean() + (z - z.mean()) / np.sqrt(1 + (width / sd) ** 2)
    counts, edges = np.histogram(
        drawn, BINS, range=(drawn.min() - 4 * width, drawn.max() + 4 * width)
    )
    points = (edges[:-1] + edges[1:]) / 2
    step = points[1] - points[0]
    reach = np.arange(1 - BINS, BINS) * step / width
    kernel = np.exp(-(reach**2) / 2) / (width * np.sqrt(2 * np.pi))
    return points, np.convolve(counts, kernel, mode="valid") / z.size
