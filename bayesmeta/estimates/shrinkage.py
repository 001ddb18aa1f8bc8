"""Each arm as observed and as the model sees it: shrinkage towards the profile's typical rate."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv

from bayesmeta.arrays import Array, Integers
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.heterogeneity import (
    arm_information,
    chance_share,
    sampling_variance,
    study_information,
)
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_of
from bayesmeta.estimates.precision import Draws, interval_of
from bayesmeta.evidence import Arms
from bayesmeta.inference.blocks import arm_slices, blocks
from bayesmeta.inference.result import Fit


def shrinkage(fit: Fit, *, outcome: str | None = None, ci_prob: float = 0.95) -> pd.DataFrame:
    """Return observed and posterior rates of every arm, with its weight and shrinkage.

    Parameters
    ----------
    fit : Fit
        Posterior draws.
    outcome : str, optional
        Which of nested outcomes; its arms are those that report it.
    ci_prob : float
        Probability of the intervals.

    Returns
    -------
    DataFrame
        One row per arm, in the order of the evidence, with columns study, arm, label, events, n;

        - observed, observed_lower, observed_upper: events / n with its exact (Clopper-Pearson)
          interval; NaN and 0 to 1 where n = 0;
        - rate, lower, upper: posterior median of the arm's true rate (probability) and its
          equal-tailed interval;
        - mcse_rate, mcse_lower, mcse_upper: their Monte-Carlo standard errors;
        - weight: the arm's share, from 0 to 1, of the information on the typical rate,
          ``1 / (V + v)`` averaged over the draws, with V the variance of the study effects (tau
          squared for the normal distribution) and v that of the arm about its study: chance and,
          where the model has them, differences between arms; 0 for independent studies. Where the only
          covariate is a factor, the share is among the arms of the same level, whose typical rate it
          is; under other covariates it has no meaning and is NaN;
        - shrinkage: how far the arm is drawn from its own rate to its profile's, ``v / (v + V)``
          averaged over the draws, times the share of v that is chance.

    References
    ----------
    Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.
    Röver & Friede 2020, doi:10.1177/0962280219833079 (shrinkage in hierarchical models).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> bool(bm.shrinkage(fit)["shrinkage"].between(0, 1).all())
    True
    """
    drawn = draws_of(fit, outcome)
    check_ci_prob(ci_prob)
    arms = drawn.arms
    rows = [interval_of(Draws(rates), ci_prob, "rate") for rates in _each_rate(drawn)]
    weight, shrunk = _weight_and_shrinkage(drawn)
    low, high = exact_interval(arms.events, arms.n, ci_prob)
    return pd.DataFrame(
        {
            "study": arms.frame["study"].to_numpy(dtype=object),
            "arm": arms.frame["arm"].to_numpy(dtype=object),
            "label": arms.display_labels,
            "events": arms.events,
            "n": arms.n,
            "observed": np.divide(
                arms.events, arms.n, out=np.full(len(arms), np.nan), where=arms.n > 0
            ),
            "observed_lower": low,
            "observed_upper": high,
            **{name: [row[name] for row in rows] for name in rows[0]},
            "weight": weight,
            "shrinkage": shrunk * chance_share(drawn),
        }
    )


def _each_rate(drawn: OutcomeDraws) -> Iterator[Array]:
    """Yield draws of each arm's true rate (probability), dims (chain, draw)."""
    draws = drawn.fit.posterior["mu"].sizes
    for part in arm_slices(draws["chain"] * draws["draw"], len(drawn.arms)):
        yield from np.moveaxis(drawn.arm_rates(part), -1, 0)


def exact_interval(events: npt.ArrayLike, n: npt.ArrayLike, ci_prob: float) -> tuple[Array, Array]:
    """Return the Clopper-Pearson interval of events out of n, as two arrays of probabilities."""
    events, n = np.asarray(events, dtype=np.float64), np.asarray(n, dtype=np.float64)
    tail = (1 - ci_prob) / 2
    # The beta quantiles have no meaning at 0 and at n responders, where a bound is 0 or 1.
    low = np.where(events > 0, betaincinv(np.maximum(events, 1), n - events + 1, tail), 0.0)
    high = np.where(events < n, betaincinv(events + 1, np.maximum(n - events, 1), 1 - tail), 1.0)
    return low, high


def weight_groups(drawn: OutcomeDraws) -> Integers | None:
    """Return the group of each arm by typical rate; None if it differs by more than one factor."""
    coding = drawn.coding
    columns = coding.covariates.parsed.columns
    if not columns:
        return np.zeros(len(drawn.arms), dtype=np.int64)
    # Levels that are exchangeable learn from each other's studies.
    if (
        coding.exchangeable
        or coding.parts.split
        or len(columns) > 1
        or columns[0] not in coding.levels
        or coding.covariates.level_proportions
        or drawn.fit.design.totals.arm.size
    ):
        return None
    _, groups = np.unique(coding.matrix(drawn.arms.frame), axis=0, return_inverse=True)
    return np.asarray(groups.ravel(), dtype=np.int64)


def _weight_and_shrinkage(drawn: OutcomeDraws) -> tuple[Array, Array]:
    """Return each arm's weight and shrinkage, averaged over the draws block by block."""
    arms, variance = drawn.arms, sampling_variance(drawn)
    between = drawn.between
    between = between.reshape(-1, between.shape[-1])
    level, groups = drawn.tau_of_study[arms.study_index], weight_groups(drawn)
    weight, shrunk = np.zeros(len(arms)), np.zeros(len(arms))
    for _, rows in blocks(1, len(between), len(arms)):
        part = between[rows][:, level]
        weight += (
            np.nan if groups is None else arm_weights(arms, variance, part, groups).sum(axis=0)
        )
        shrunk += _shrinkage(arms, variance, part)
    return weight / len(between), shrunk / len(between)


def arm_weights(arms: Arms, variance: Array, between: Array, groups: Integers) -> Array:
    """Return the arms' shares of their group's information, dims (draw, arm).

    `variance` is that of each arm about its study, `between` that of its study's effect in each draw.
    """
    own = arm_information(variance)
    study = study_information(arms, variance)[arms.study_index]
    share = np.divide(own, study, out=np.zeros_like(own), where=study > 0)
    # Of arms that share a study effect, information joins before tau is added. Studies without any
    # have none to weigh, even where studies differ without bound.
    bounded = np.where(study > 0, between, 0.0)
    weight = share * study / (1 + bounded * study)
    total = (weight @ np.eye(groups.max() + 1)[groups])[:, groups]
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)


def _shrinkage(arms: Arms, variance: Array, between: Array) -> Array:
    """Return how far arms are drawn to their profiles' rates, summed over the draws."""
    study = study_information(arms, variance)[arms.study_index]
    # A study without information is drawn all the way, however much studies differ.
    known = np.where(study > 0, study, 1.0)
    share = np.where(study > 0, 1 / (1 + between * known), 1.0)
    return np.asarray(share.sum(axis=0))
