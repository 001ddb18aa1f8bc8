"""How well the posterior mean of a trial estimates the true rate, by enumeration of its counts."""

import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.planning.analysis_priors import AnalysisPrior
from bayesmeta.planning.counts import binomial_pmf, posteriors


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
