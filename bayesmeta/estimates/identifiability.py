"""`identifiability`: what each parameter of a fit is known from.

Given tau and the information of each arm, the generalised least squares of the model splits into
two independent parts: differences of arms from the mean of their study, which no study effect can
touch, and differences between the means of studies, which are blurred by tau and mixed with
everything else in which studies differ.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Flags, Integers
from bayesmeta.estimates.arguments import check_family
from bayesmeta.estimates.heterogeneity import (
    arm_information,
    profile_variance,
    sampling_variance,
)
from bayesmeta.estimates.information_rows import Rows, rows_known
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_by_outcome
from bayesmeta.estimates.overlap import prior_overlap
from bayesmeta.estimates.precision import Row
from bayesmeta.inference.result import Fit

ENDLESS = 1e6
"""Standard deviation that stands for an infinite one, of independent studies."""


def rows_within(design: Array, information: Array, study: Integers) -> Rows:
    """Return the arms' differences from the mean of their study, numbered from 0 without gaps."""
    means = _study_means(design, information, study)
    return Rows(design - means[study], information)


def rows_between(design: Array, information: Array, study: Integers, tau: Array | float) -> Rows:
    """Return the studies' differences from their mean (that of `mu`); tau adds to their variance."""
    means = _study_means(design, information, study)
    whole = np.bincount(study, weights=information)
    weight = whole / (1 + tau**2 * whole)
    return Rows(means - weight @ means / weight.sum(), weight)


def share_within(
    contrasts: Array,
    *,
    design: Array,
    information: Array,
    study: Integers,
    tau: Array | float,
    known: Rows | None = None,
) -> Array:
    """Return the share of the information on each contrast that is within studies.

    The information with the level of each study free (the limit of an endless tau) over that with
    study effects of scale `tau`, of each study or of all; NaN where there is none at all. `design` has
    dims (arm, covariate); the information of an arm may be 0. `known` are rows of what is known of
    coefficients beforehand.
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
    inner = inner if known is None else inner.joined(known)
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
    a share of 0, and none, do not depend on it.
    """
    kept = "theta" in drawn.fit.posterior
    information = arm_information(sampling_variance(drawn) if kept else profile_variance(drawn))
    tau = np.minimum(np.sqrt(drawn.between).mean(axis=(0, 1)), ENDLESS)
    shares = np.empty(len(contrasts))
    # What is known of an elicited coefficient is not known from within studies.
    elicited = contrasts[:, : len(drawn.coding.names)][:, drawn.coding.elicited].any(axis=1)
    guessed = [
        (drawn.guessed(weights), own) for weights, own in zip(contrasts, elicited, strict=True)
    ]
    for rows, own in {(one.tobytes(), own): (one, own) for one, own in guessed}.values():
        those = np.array([np.array_equal(one, rows) and other == own for one, other in guessed])
        shares[those] = share_within(
            contrasts[those],
            design=drawn.matrix,
            information=np.where(rows, 0.0, information),
            study=drawn.arms.study_index,
            tau=tau[drawn.tau_of_study],
            known=rows_known(drawn, elicited=not own),
        )
    return shares


class Basis(NamedTuple):
    """What the coefficients of one outcome are known from: arms, and the share within studies."""

    matrix: Array
    informative: Flags
    study: Integers
    shares: Array


def coefficient_basis(drawn: OutcomeDraws) -> Basis:
    """Return what an outcome's coefficients are known from.

    Of nested outcomes they are those of a conditional probability: a study informs them where it
    reports a count of which that is a part.
    """
    whole, each = drawn.fit.arms, np.eye(len(drawn.coding.names), drawn.matrix.shape[1])
    if not drawn.outcome:
        shares = within_shares(drawn, each) if len(each) else np.zeros(0)
        return Basis(drawn.matrix, whole.n > 0, whole.study_index, shares)
    information = _conditional_information(drawn.fit)[:, drawn.level]
    matrix, study = drawn.fit.design.matrix, whole.study_index
    [(_, _, tau)] = drawn.taus()
    shares = share_within(
        each, design=matrix, information=information, study=study, tau=float(tau.mean())
    )
    return Basis(matrix, information > 0, study, shares)


def _conditional_information(fit: Fit) -> Array:
    """Return the information of each arm on the predictor of each conditional probability, (arm, level).

    That of its binomial counts at posterior mean predictors, the other probabilities being known.
    """
    seen, link, levels = fit.design.conditional_counts, fit.spec.link, len(fit.outcomes)
    theta = np.asarray(fit.posterior["theta"]).mean(axis=(0, 1))[seen.arm]
    spans, ratio = seen.spans(levels), link.rate(theta)
    rate = np.where(spans > 0, ratio, 1.0).prod(axis=-1, keepdims=True)
    slope = spans * rate * np.exp(link.log_slope(theta)) / ratio
    found = np.zeros((len(fit.arms), levels))
    np.add.at(found, seen.arm, seen.trials[:, None] * slope**2 / (rate * (1 - rate)))
    return found


def _study_means(design: Array, information: Array, study: Integers) -> Array:
    """Return the columns of each study, averaged by information, dims (study, covariate)."""
    totals = np.zeros((study.max() + 1, design.shape[1]))
    np.add.at(totals, study, information[:, None] * design)
    return np.asarray(totals / np.bincount(study, weights=information)[:, None])


_COLUMNS = ["coefficient", "studies", "within_share", "between_only", "prior_overlap"]


def identifiability(fit: Fit) -> pd.DataFrame:
    """Return what each coefficient, and tau, is known from.

    Parameters
    ----------
    fit : Fit
        Posterior draws.

    Returns
    -------
    DataFrame
        One row per coefficient, one for tau (or each of them) and one for each parameter of another
        part (nu, outlier_proportion, tau_arm, rho), as far as the model has them, with columns

        - outcome, first, of nested outcomes only: whose conditional probability it is of;
        - coefficient: ``regimen_class[ven_ldac]``, ..., ``tau``;
        - studies: how many studies with patients inform it: of a column of zeros and ones, such
          as a level's, the studies with an arm at one; of another column, the studies with an arm off
          the column's commonest value, without which there would be no differences; of tau, all (of
          its level);
        - within_share: share, from 0 to 1, of the information on the coefficient that is within
          studies, as in `contrast`; NaN where the evidence has none, and of other parameters;
        - between_only: whether all of it comes from differences between studies; False of other
          parameters, which are about nothing else;
        - prior_overlap: overlap of the densities of prior and posterior, from 0 to 1.

    Raises
    ------
    SettingsError
        If `fit` has no draws, or is of a user-supplied PyMC model.

    References
    ----------
    Berlin et al. 2002, doi:10.1002/sim.1023 (ecological bias in meta-regression).
    Garrett & Zeger 2000, doi:10.1111/j.0006-341X.2000.01055.x (overlap of prior and posterior).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from bayesmeta.estimates.identifiability import identifiability
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    >>> table = identifiability(bm.fit(bm.load_model("regimen"), arms, seed=1))
    >>> table.loc[table["studies"] < 3, "coefficient"].tolist()
    ['regimen_class[ven_dli]', 'regimen_class[ven_ldac]', 'regimen_class[ven_targeted]']
    """
    each = draws_by_outcome(fit)
    check_family(fit, "identifiability")
    rows = [{"outcome": drawn.outcome, **row} for drawn in each for row in _rows(drawn)]
    columns = ["outcome", *_COLUMNS] if len(each) > 1 else _COLUMNS
    return pd.DataFrame(rows, columns=columns).astype({"studies": "int64", "between_only": "bool"})


def _rows(drawn: OutcomeDraws) -> Iterator[Row]:
    """Yield the rows of one outcome: its coefficients, each tau, and parameters of other parts."""
    known = coefficient_basis(drawn)
    matrix, informative, study = known.matrix, known.informative, known.study
    for i, (name, prior, draws) in enumerate(drawn.coefficients()):
        studies, share = _informing(matrix[:, i], informative, study), known.shares[i]
        yield _row(name, studies, share, prior_overlap(prior, draws))
    level_of_study = drawn.tau_of_study[np.unique(drawn.arms.study_index[drawn.arms.n > 0])]
    several = len(drawn.tau_levels) > 1
    for level, (name, prior, draws) in enumerate(drawn.taus()):
        studies = int((level_of_study == level).sum()) if several else level_of_study.size
        studies = int(np.unique(study[informative]).size) if drawn.outcome else studies
        yield _row(name, studies, np.nan, prior_overlap(prior, draws))
    for name, prior, draws in drawn.others():
        yield _row(name, level_of_study.size, np.nan, prior_overlap(prior, draws))


def _row(name: str, studies: int, share: float, overlap: float) -> Row:
    found = name, studies, share, share == 0, overlap
    return dict(zip(_COLUMNS, found, strict=True))


def _informing(column: Array, there: Flags, study: Integers) -> int:
    """Return how many studies, with arms that are `there`, inform the coefficient of a column."""
    values, counts = np.unique(column[there], return_counts=True)
    if not values.size:
        return 0
    idle = 0.0 if np.isin(column, (0, 1)).all() else values[counts.argmax()]
    return int(np.unique(study[there & (column != idle)]).size)
