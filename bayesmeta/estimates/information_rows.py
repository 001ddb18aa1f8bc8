"""Differences of coded covariates with their information, and what is known of them beforehand."""

from dataclasses import dataclass

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.estimates.outcome_draws import OutcomeDraws
from bayesmeta.model.default_priors import NORMAL_95

TOLERANCE = 1e-8
"""Part of a column's or of a contrast's size below which it counts as rounding."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Differences of coded covariates, dims (row, covariate), each with its positive information."""

    differences: Array
    information: Array

    def joined(self, other: "Rows") -> "Rows":
        """Return these rows with those of `other`, which are independent of them."""
        return Rows(
            np.concatenate([self.differences, other.differences]),
            np.concatenate([self.information, other.information]),
        )

    def about(self, contrasts: Array, size: Array) -> Array:
        """Return the information on each contrast of the coefficients, dims (contrast, covariate).

        It is ``1 / (c' I^-1 c)`` with I the sum of ``information * row row'``, and 0 where c is
        not a sum of rows, so that the rows cannot tell it; `size` of each column measures rounding.
        """
        basis = self._basis(size)
        scaled = contrasts / size
        inside = scaled @ basis
        gap = np.linalg.norm(scaled - inside @ basis.T, axis=1)
        known = gap <= TOLERANCE * np.linalg.norm(scaled, axis=1)
        found = np.zeros(len(contrasts))
        if not basis.size:
            return found
        rows = self.differences / size @ basis * np.sqrt(self.information)[:, None]
        # The triangle of a QR decomposition keeps digits that rows' rows would lose.
        half = np.linalg.solve(np.linalg.qr(rows, mode="r").T, inside[known].T)
        found[known] = 1 / (half**2).sum(axis=0)
        return found

    def _basis(self, size: Array) -> Array:
        """Return orthonormal directions that the rows span, dims (covariate, direction)."""
        _, lengths, directions = np.linalg.svd(self.differences / size, full_matrices=False)
        return np.asarray(directions[lengths > TOLERANCE].T)


def rows_known(drawn: OutcomeDraws, *, elicited: bool) -> Rows | None:
    """Return what is known of slopes by study, and by elicited priors where these are asked for."""
    slopes, flags = _slopes_by_study(drawn), drawn.coding.elicited
    if not elicited or not flags.any():
        return slopes
    priors = [prior for prior, own in zip(drawn.fit.design.beta, flags, strict=True) if own]
    widths = np.array([np.ptp(prior.interval(0.95)) for prior in priors])
    own = Rows(np.eye(len(flags), drawn.matrix.shape[1])[flags], (2 * NORMAL_95 / widths) ** 2)
    return own if slopes is None else slopes.joined(own)


def _slopes_by_study(drawn: OutcomeDraws) -> Rows | None:
    """Return what the distribution of slopes by study tells of them: that they lie about their mean."""
    coding = drawn.coding
    if not coding.slopes_by_study.any():
        return None
    term = drawn.fit.design.term_of_level
    sigma = np.asarray(drawn.fit.posterior["sigma"]).mean(axis=(0, 1))[term]
    rows = np.flatnonzero(coding.slopes_by_study[term])
    differences = np.eye(len(coding.names) + term.size)[len(coding.names) + rows]
    return Rows(differences, 1 / sigma[rows] ** 2)
