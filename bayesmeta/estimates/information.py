"""Where the information on a difference comes from: within studies, or only between them.

Given tau and the information of each arm, the generalised least squares of the model splits into
two independent parts: differences of arms from the mean of their study, which no study effect can
touch, and differences between the means of studies, which are blurred by tau and mixed with
everything else in which studies differ.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesmeta.estimates.heterogeneity import (
    arm_information,
    profile_variance,
    sampling_variance,
)
from bayesmeta.estimates.outcome_draws import OutcomeDraws

__all__ = ["Rows", "rows_between", "rows_within", "share_within", "within_shares"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

TOLERANCE = 1e-8
"""Part of a column's or of a contrast's size below which it counts as rounding."""

ENDLESS = 1e6
"""Standard deviation that stands for an infinite one, of independent studies."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Differences of coded covariates that were observed, each with its information.

    Parameters
    ----------
    values : array
        Differences, dims (row, covariate).
    information : array
        Inverse variance of the log-odds at each of them, positive, shape (row,).
    """

    values: Array
    information: Array

    def joined(self, other: "Rows") -> "Rows":
        """Return these rows with those of `other`, which are independent of them."""
        return Rows(
            np.concatenate([self.values, other.values]),
            np.concatenate([self.information, other.information]),
        )

    def about(self, contrasts: Array, size: Array) -> Array:
        """Return the information on each contrast of the coefficients, shape (contrast,).

        It is ``1 / (c' I^-1 c)`` with I the sum of ``information * row row'``, and 0 where c is
        not a sum of rows, so that the rows can't tell it.

        Parameters
        ----------
        contrasts : array
            Weights of the coefficients, dims (contrast, covariate).
        size : array
            Size of each column, in which rounding is measured, shape (covariate,).
        """
        basis = self._basis(size)
        scaled = contrasts / size
        inside = scaled @ basis
        gap = np.linalg.norm(scaled - inside @ basis.T, axis=1)
        known = gap <= TOLERANCE * np.linalg.norm(scaled, axis=1)
        found = np.zeros(len(contrasts))
        if not basis.size:
            return found
        rows = self.values / size @ basis * np.sqrt(self.information)[:, None]
        # The triangle of a QR decomposition keeps digits that rows' rows would lose.
        half = np.linalg.solve(np.linalg.qr(rows, mode="r").T, inside[known].T)
        found[known] = 1 / (half**2).sum(axis=0)
        return found

    def _basis(self, size: Array) -> Array:
        """Return orthonormal directions that the rows span, dims (covariate, direction).

        They don't depend on how much information each row carries.
        """
        _, lengths, directions = np.linalg.svd(self.values / size, full_matrices=False)
        return np.asarray(directions[lengths > TOLERANCE].T)


def rows_within(design: Array, information: Array, study: Index) -> Rows:
    """Return the arms' differences from the mean of their study.

    Parameters
    ----------
    design : array
        Coded covariates, dims (arm, covariate).
    information : array
        Information of each arm, the inverse of its sampling variance (scale of the link); positive.
    study : array
        Number of each arm's study, from 0 without gaps.
    """
    means = _study_means(design, information, study)
    return Rows(design - means[study], information)


def rows_between(design: Array, information: Array, study: Index, tau: Array | float) -> Rows:
    """Return the studies' differences from their mean; tau (scale of the link) adds to their variance.

    The mean stands for `mu`, which is not known. Arguments as in `rows_within`.
    """
    means = _study_means(design, information, study)
    whole = np.bincount(study, weights=information)
    weight = whole / (1 + tau**2 * whole)
    return Rows(means - weight @ means / weight.sum(), weight)


def share_within(
    contrasts: Array, *, design: Array, information: Array, study: Index, tau: Array | float
) -> Array:
    """Return the share of the information on each contrast that is within studies.

    The information with the level of each study free (the limit of an endless tau) over that with
    study effects of scale `tau`; NaN where there is none at all.

    Parameters
    ----------
    contrasts : array
        Weights of the coefficients, dims (contrast, covariate).
    design : array
        Coded covariates, dims (arm, covariate).
    information : array
        Information of each arm, the inverse of its sampling variance (scale of the link); may be 0.
    study : array
        Number of each arm's study.
    tau : float or array
        Standard deviation of the study effects, one for all or of each study; 0 where there are none.
    """
    kept = information > 0
    shares = np.full(len(contrasts), np.nan)
    if not kept.any():
        return shares
    design, information = design[kept], information[kept]
    tau = np.broadcast_to(np.asarray(tau), (int(study.max()) + 1,))[np.unique(study[kept])]
    study = np.unique(study[kept], return_inverse=True)[1]
    size = np.ptp(design, axis=0)
    # A column without differences tells nothing, in whatever unit.
    size = np.where(size > 0, size, 1.0)
    inner = rows_within(design, information, study)
    total = inner.joined(rows_between(design, information, study, tau)).about(contrasts, size)
    within = np.minimum(inner.about(contrasts, size), total)
    np.divide(within, total, out=shares, where=total > 0)
    return shares


def within_shares(drawn: OutcomeDraws, contrasts: Array) -> Array:
    """Return the share of a fit's information on each contrast that is within studies.

    From 0 (differences between studies only) to 1; NaN where the evidence says nothing about
    the contrast. tau and the information of the arms are fixed at their posterior means. Two
    levels that no study has both of can be compared within studies all the same, by way of a third.
    Where the fit kept no draws of arms, their information is that at their profiles' typical rates;
    a share of 0, and none, don't depend on it.
    """
    kept = "theta" in drawn.fit.posterior
    information = arm_information(sampling_variance(drawn) if kept else profile_variance(drawn))
    tau = np.minimum(np.sqrt(drawn.between).mean(axis=(0, 1)), ENDLESS)
    shares = np.empty(len(contrasts))
    guessed = [drawn.guessed(weights) for weights in contrasts]
    for rows in {one.tobytes(): one for one in guessed}.values():
        those = np.array([np.array_equal(one, rows) for one in guessed])
        shares[those] = share_within(
            contrasts[those],
            design=drawn.matrix,
            information=np.where(rows, 0.0, information),
            study=drawn.arms.study_index,
            tau=tau[drawn.tau_of_study],
        )
    return shares


def _study_means(design: Array, information: Array, study: Index) -> Array:
    """Return the columns of each study, averaged by information, dims (study, covariate)."""
    totals = np.zeros((study.max() + 1, design.shape[1]))
    np.add.at(totals, study, information[:, None] * design)
    return np.asarray(totals / np.bincount(study, weights=information)[:, None])
