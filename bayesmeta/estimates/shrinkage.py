"""Each arm as observed and as the model sees it: shrinkage towards the profile's typical rate."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv

from bayesmeta.estimates.arguments import check_ci_prob, check_fit
from bayesmeta.estimates.heterogeneity import (
    arm_information,
    between_variance,
    chance_share,
    sampling_variance,
    study_information,
)
from bayesmeta.estimates.precision import quantile_of
from bayesmeta.estimates.profile_rates import own_parameters
from bayesmeta.evidence import Arms
from bayesmeta.inference.blocks import arm_slices, blocks
from bayesmeta.inference.lattice import spread_at
from bayesmeta.inference.result import Fit

__all__ = ["exact_interval", "shrinkage", "weight_groups"]

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def shrinkage(fit: Fit, *, ci_prob: float = 0.95) -> pd.DataFrame:
    """Return observed and posterior rates of every arm, with its weight and shrinkage.

    Parameters
    ----------
    fit : Fit
        Posterior draws.
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
    check_fit(fit, grid=False)
    check_ci_prob(ci_prob)
    arms = fit.arms
    fit.require("theta", "`shrinkage`, and a forest plot,")
    estimates = [
        (
            quantile_of(draws, 0.5),
            quantile_of(draws, (1 - ci_prob) / 2),
            quantile_of(draws, (1 + ci_prob) / 2),
        )
        for draws in _each_rate(fit)
    ]
    posterior = dict(zip(("rate", "lower", "upper"), zip(*estimates, strict=True), strict=True))
    weight, drawn = _weight_and_shrinkage(fit)
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
            **{name: [one.value for one in found] for name, found in posterior.items()},
            **{f"mcse_{name}": [one.mcse for one in found] for name, found in posterior.items()},
            "weight": weight,
            "shrinkage": drawn * chance_share(fit),
        }
    )


def _each_rate(fit: Fit) -> Iterator[Array]:
    """Yield draws of each arm's true rate (probability), dims (chain, draw)."""
    draws = fit.posterior["theta"].size // len(fit.arms)
    for part in arm_slices(draws, len(fit.arms)):
        yield from np.moveaxis(arm_rates(fit, part), -1, 0)


def arm_rates(fit: Fit, part: slice = slice(None)) -> Array:
    """Return draws of arms' true rates (probability), dims (chain, draw, arm).

    That of a beta-binomial likelihood, which the sampler does not draw, enters at one quantile
    per draw of its distribution given the arm's responders, moved from draw to draw by a Weyl sequence.
    """
    drawn = fit.require("theta", "The rate of an arm")
    theta = np.asarray(drawn.variable[..., part])
    if not fit.spec.likelihood.parameters:
        return fit.spec.link.rate(theta)
    arms = np.arange(drawn.shape[-1])[part]
    places = np.arange(theta[..., 0].size)[:, None] * drawn.shape[-1] + arms
    probability = spread_at("u", places.ravel(), 1).reshape(theta.shape)
    own = own_parameters(fit, fit.spec.likelihood.parameters)
    own = {name: draws[..., None] for name, draws in own.items()}
    events, n = fit.arms.events[part], fit.arms.n[part]
    return fit.spec.likelihood.rate(theta, probability, events=events, n=n, **own)


def exact_interval(events: npt.ArrayLike, n: npt.ArrayLike, ci_prob: float) -> tuple[Array, Array]:
    """Return the Clopper-Pearson interval of events out of n, as two arrays of probabilities."""
    events, n = np.asarray(events, dtype=np.float64), np.asarray(n, dtype=np.float64)
    tail = (1 - ci_prob) / 2
    # The beta quantiles have no meaning at 0 and at n responders, where a bound is 0 or 1.
    low = np.where(events > 0, betaincinv(np.maximum(events, 1), n - events + 1, tail), 0.0)
    high = np.where(events < n, betaincinv(events + 1, np.maximum(n - events, 1), 1 - tail), 1.0)
    return low, high


def weight_groups(fit: Fit) -> Counts | None:
    """Return a number for each arm, the same for arms that share a typical rate.

    None where typical rates differ by more than the levels of one factor, so that no arm's
    information is on one of them alone.
    """
    coding = fit.design.coding
    columns = coding.covariates.parsed.columns
    if not columns:
        return np.zeros(len(fit.arms), dtype=np.int64)
    if len(columns) > 1 or columns[0] not in coding.levels or coding.covariates.level_proportions:
        return None
    _, groups = np.unique(coding.matrix(fit.arms.frame), axis=0, return_inverse=True)
    return np.asarray(groups.ravel(), dtype=np.int64)


def _weight_and_shrinkage(fit: Fit) -> tuple[Array, Array]:
    """Return each arm's weight and shrinkage, averaged over the draws block by block."""
    arms, variance = fit.arms, sampling_variance(fit)
    between = between_variance(fit)
    between = between.reshape(-1, between.shape[-1])
    level, groups = fit.design.tau_of_study[arms.study_index], weight_groups(fit)
    weight, drawn = np.zeros(len(arms)), np.zeros(len(arms))
    for _, rows in blocks(1, len(between), len(arms)):
        part = between[rows][:, level]
        weight += np.nan if groups is None else _weights(arms, variance, part, groups)
        drawn += _shrinkage(arms, variance, part)
    return weight / len(between), drawn / len(between)


def _weights(arms: Arms, variance: Array, between: Array, groups: Counts) -> Array:
    """Return the arms' shares of their group's information, summed over the draws.

    A study's is divided by its arms' own.
    """
    own = arm_information(variance)
    study = study_information(arms, variance)[arms.study_index]
    share = np.divide(own, study, out=np.zeros_like(own), where=study > 0)
    # Of arms that share a study effect, information joins before tau is added. Studies without any
    # have none to weigh, even where studies differ without bound.
    bounded = np.where(study > 0, between, 0.0)
    weight = share * study / (1 + bounded * study)
    total = (weight @ np.eye(groups.max() + 1)[groups])[:, groups]
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0).sum(axis=0)


def _shrinkage(arms: Arms, variance: Array, between: Array) -> Array:
    """Return how far arms are drawn to their profiles' rates, summed over the draws."""
    study = study_information(arms, variance)[arms.study_index]
    # A study without information is drawn all the way, however much studies differ.
    known = np.where(study > 0, study, 1.0)
    share = np.where(study > 0, 1 / (1 + between * known), 1.0)
    return np.asarray(share.sum(axis=0))
