"""The rates of the median study of nested outcomes.

A rate is a product of ratios that all vary over studies: its median is not the product of their
medians.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from bayesmeta.inference.lattice import kronecker_sequence
from bayesmeta.model.links import Link

__all__ = ["median_rates"]

Array = npt.NDArray[np.float64]

NODES = 64
"""Studies over which the ratios around are averaged in each draw: an error of about 0.001, another one
in each draw."""

HALVINGS = 40
"""Of the rates between which a median lies."""

LEAST = 1e-100

BLOCK = 1 << 21
"""Numbers that are held in memory at once."""


def median_rates(theta: Array, tau: Array, factor: Array, link: Link) -> Array:
    """Return the median of each nested rate over new studies, dims (draw, level).

    Of the first outcome it is the rate without effects. Of each other the ratios around it enter at
    evenly spread effects, and its own ratio by its distribution function given them; the median is
    found by bisection.
    """
    found = np.cumprod(link.rate(theta), axis=-1)
    # Without effects all studies are the median one.
    varying = np.flatnonzero(tau.any(axis=-1))
    for first in range(0, varying.size, BLOCK // NODES):
        rows = varying[first : first + BLOCK // NODES]
        for level in range(1, theta.shape[1]):
            found[rows, level] = _median(theta[rows], tau[rows], factor[rows], link, rows, level)
    # Each level has points of its own: where nearly all of a rate is the next, they must not cross.
    return np.asarray(np.minimum.accumulate(found, axis=-1))


def _median(  # noqa: PLR0917 - what one level of `median_rates` needs
    theta: Array,
    tau: Array,
    factor: Array,
    link: Link,
    rows: npt.NDArray[np.int64],
    level: int,
) -> Array:
    """Return the median of the rate at one level, shape (draw,)."""
    points = kronecker_sequence(range(int(rows[-1]) + 1), NODES, level)[rows]
    # The baker's transformation makes the rule one of second order for smooth functions.
    standard = ndtri(1 - np.abs(2 * points - 1))
    effects = standard @ np.swapaxes(factor[:, : level + 1, :level], -1, -2)
    mean = theta[:, None, : level + 1] + tau[:, None, : level + 1] * effects
    own = (factor[:, level, level] * tau[:, level])[:, None]
    around = np.prod(link.rate(mean[..., :level]), axis=-1)
    low, high = np.zeros(len(theta)), np.ones(len(theta))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        ratio = np.clip(middle[:, None] / np.maximum(around, LEAST), LEAST, 1 - 1e-16)
        below = ndtr((link.theta(ratio) - mean[..., level]) / np.maximum(own, LEAST))
        enough = np.where(middle[:, None] >= around, 1.0, below).mean(axis=-1) >= 0.5  # noqa: PLR2004
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return (low + high) / 2
