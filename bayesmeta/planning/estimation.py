"""How well the posterior of a trial estimates the true rate, by enumeration of its counts."""

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.planning.analysis_priors import AnalysisPrior
from bayesmeta.planning.counts import binomial_pmf, posteriors
from bayesmeta.planning.mixtures import BetaMixture


def posterior_moments(prior: AnalysisPrior, n: int) -> tuple[Array, Array]:
    """Return the posterior mean and variance after 0 to n responders of n, each (n + 1,)."""
    weights, a, b = posteriors(prior, n)
    total = a + b
    means = a / total
    mean = (weights * means).sum(axis=1)
    within = means * (1 - means) / (total + 1)
    return mean, (weights * (within + (means - mean[:, None]) ** 2)).sum(axis=1)


def estimation(prior: AnalysisPrior, n: int, rates: Array) -> pd.DataFrame:
    """Return the properties of the posterior mean at true rates; see `SingleArmTrial.estimation`."""
    mean, variance = posterior_moments(prior, n)
    size = mean * (1 - mean) / variance - 1 - n
    probability = binomial_pmf(n, rates)
    errors = (mean - rates[:, None]) ** 2
    return pd.DataFrame(
        {
            "rate": rates,
            "bias": probability @ mean - rates,
            "mse": (probability * errors).sum(axis=1),
            "ess": probability @ size,
        }
    )


def estimation_of_difference(
    treated: tuple[AnalysisPrior, int], control: tuple[AnalysisPrior, int], rates: Array, at: Array
) -> pd.DataFrame:
    """Return the properties of the posterior mean of the difference, by prior and patients of each arm.

    Columns `rate`, from `rates`; `control`, from `at`; `bias` and `mse`. The arms are independent, so
    that both follow from those of the arms.
    """
    one = estimation(*treated, rates).drop(columns="ess")
    other = estimation(*control, at).drop(columns="ess").rename(columns={"rate": "control"})
    pairs = one.merge(other, how="cross", suffixes=("", "_control"))
    bias = pairs["bias"] - pairs["bias_control"]
    variances = (
        pairs["mse"] - pairs["bias"] ** 2 + pairs["mse_control"] - pairs["bias_control"] ** 2
    )
    return pairs[["rate", "control"]].assign(bias=bias, mse=variances + bias**2)


def coverage(prior: AnalysisPrior, n: int, rates: Array, *, ci_prob: float) -> pd.DataFrame:
    """Return how often the posterior's equal-tailed interval holds true rates, and its mean width.

    Columns `rate`, `coverage` and `width` (probability).
    """
    after = zip(*(part.tolist() for part in posteriors(prior, n)), strict=True)
    low, high = np.transpose([BetaMixture(*map(tuple, each)).interval(ci_prob) for each in after])
    probability = binomial_pmf(n, rates)
    within = (low <= rates[:, None]) & (rates[:, None] <= high)
    return pd.DataFrame(
        {
            "rate": rates,
            "coverage": (probability * within).sum(axis=1),
            "width": probability @ (high - low),
        }
    )
