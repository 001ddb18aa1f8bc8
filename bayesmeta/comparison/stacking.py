"""Weights that maximise the log score of a mixture of models, by an interior-point method."""

import numpy as np

from bayesmeta.arrays import Array

FEWEST = 1e-9
"""Least pseudo-count of a model: where models predict alike, it makes the maximum unique."""

MOST_STEPS = 200

TOLERANCE = 1e-9
"""Error of the gradient, as a share of the number of studies, at which the search ends."""

CENTRED = 1e-7
"""Relative error of the pseudo-counts at which the search ends."""

SHORTER, NEARER = 0.995, 0.1
"""Share of the way to the boundary that a step may go, and what a step aims to leave of the gap."""


def maximising_weights(log_density: Array, shares: Array, pseudo_count: float) -> Array:
    """Return the weights w that maximise a penalised log score, dims (sample, model).

    The score is the sum over studies i of ``shares[i] * log(sum_k w[k] * density[i, k])``, plus
    `pseudo_count` times the sum of ``log(w[k])``, over the simplex. `log_density` has dims (study,
    model); each row of `shares`, dims (sample, study), is a problem of its own.
    """
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    models = density.shape[1]
    count = max(pseudo_count, FEWEST)
    # With this price of a unit of weight, the maximum over all positive w lies on the simplex.
    price = shares.sum(axis=1, keepdims=True) + models * count
    w = np.full((len(shares), models), 1 / models)
    slack = np.broadcast_to(price, w.shape).copy()
    for _ in range(MOST_STEPS):
        mixture = w @ density.T
        ratio = shares / mixture
        gradient = ratio @ density
        uneven = np.abs(gradient + slack - price).max() / price.max()
        if uneven < TOLERANCE and np.abs(w * slack / count - 1).max() < CENTRED:
            break
        target = np.maximum(count, NEARER * (w * slack).mean(axis=1, keepdims=True))
        root = np.sqrt(w)
        matrix = _scaled_hessian(density, ratio / mixture, root, slack)
        right = root * (gradient - price + target / w)
        step = root * np.linalg.solve(matrix, right[..., None])[..., 0]
        step_slack = (target - w * slack - slack * step) / w
        w += _length(w, step) * step
        slack += _length(slack, step_slack) * step_slack
    return np.asarray(w / w.sum(axis=1, keepdims=True))


def _scaled_hessian(density: Array, curvature: Array, root: Array, slack: Array) -> Array:
    """Return the matrix of a Newton step in units of the square roots of the weights."""
    scaled = density * root[:, None, :]
    matrix = np.swapaxes(scaled, 1, 2) @ (curvature[:, :, None] * scaled)
    place = np.arange(density.shape[1])
    matrix[:, place, place] += slack
    return np.asarray(matrix)


def _length(now: Array, step: Array) -> Array:
    """Return the share of each step that keeps every value positive, at most 1."""
    with np.errstate(divide="ignore"):
        reach = np.where(step < 0, -now / step, np.inf)
    return np.minimum(1.0, SHORTER * reach.min(axis=1, keepdims=True))
