"""Weights of models in their averaged prediction, by each method, and their spread over studies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import softmax

from bayesmeta.arrays import Array
from bayesmeta.comparison.plan import weights_stream
from bayesmeta.comparison.stacking import maximising_weights
from bayesmeta.errors import SettingsError

WeightsMethod = Literal["pseudo_bma_plus", "stacking", "dirichlet_stacking"]

SAMPLES = 4000
"""Bayesian bootstrap samples of the studies, over which weights are averaged."""

SPREAD = 1000
"""Of these, the samples whose weights give the intervals."""


@dataclass(frozen=True)
class Method:
    """A method of weighting models.

    `each` takes log predictive densities, dims (study, model), and shares of the studies, dims
    (sample, study), which sum to their number. It returns the weights in each sample, dims (sample,
    model). They are averaged over bootstrap samples where `averaged`; otherwise every study counts once.
    """

    name: str
    meaning: str
    each: Callable[[Array, Array], Array]
    averaged: bool = False

    def stated(self, log_density: Array, samples: Array) -> Array:
        """Return the weights of the models."""
        shares = samples if self.averaged else np.ones((1, len(log_density)))
        return np.asarray(self.each(log_density, shares).mean(axis=0))


def _pseudo_bma(log_density: Array, shares: Array) -> Array:
    return np.asarray(softmax(shares @ log_density, axis=1))


def _stacking(log_density: Array, shares: Array) -> Array:
    return maximising_weights(log_density, shares, 0.0)


def _dirichlet_stacking(log_density: Array, shares: Array) -> Array:
    """Return posterior modes under a prior that counts as one study, shared among the models."""
    return maximising_weights(log_density, shares, 1 / log_density.shape[1])


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "pseudo_bma_plus": Method(
            "pseudo-BMA+",
            "the mean over Bayesian bootstrap samples of the studies of weights proportional to exp(elpd)",
            _pseudo_bma,
            averaged=True,
        ),
        "stacking": Method(
            "stacking",
            "which maximises the score of the averaged prediction and favours models that complement each other, not the "
            "single best model",
            _stacking,
        ),
        "dirichlet_stacking": Method(
            "stacking with a Dirichlet prior",
            "which maximises the score of the averaged prediction under a prior of equal weights that counts as one study",
            _dirichlet_stacking,
        ),
    }
)

DEFAULT: WeightsMethod = "pseudo_bma_plus"


def check_method(method: object) -> None:
    """Raise unless `method` is one of `METHODS`."""
    if method not in METHODS:
        raise SettingsError(
            f"`weights` must be {', '.join(map(repr, [*METHODS][:-1]))} or {[*METHODS][-1]!r}; got {method!r}."
        )


@dataclass(frozen=True)
class Weighting:
    """How the models of a comparison are weighted.

    Parameters
    ----------
    method : {"pseudo_bma_plus", "stacking", "dirichlet_stacking"}
        See `compare`.
    seed : int
        Random seed of the bootstrap samples, that of the comparison.
    ci_prob : float
        Probability of the intervals of weights.
    """

    method: str
    seed: int
    ci_prob: float

    def of(self, elpd: pd.DataFrame) -> pd.DataFrame:
        """Return the weights of models and their bootstrap intervals.

        Parameters
        ----------
        elpd : DataFrame
            One row per study left out, one column per model, no missing values.

        Returns
        -------
        DataFrame
            Index `model`; `weight`; `weight_lower` and `weight_upper`, quantiles over Bayesian
            bootstrap samples of the studies; `weighted_by`, the method.
        """
        log_density, method = elpd.to_numpy(dtype=np.float64), METHODS[self.method]
        samples = len(elpd) * weights_stream(self.seed).dirichlet(np.ones(len(elpd)), SAMPLES)
        # Samples are exchangeable, so that the first are as good as any.
        each = method.each(log_density, samples[:SPREAD])
        ends = (1 - self.ci_prob) / 2, (1 + self.ci_prob) / 2
        lower, upper = np.quantile(each, ends, axis=0)
        found = method.stated(log_density, samples)
        columns = {"weight": found, "weight_lower": lower, "weight_upper": upper}
        table = pd.DataFrame(columns, index=elpd.columns.astype(str).rename("model"))
        return table.assign(weighted_by=self.method)


def weighted_by(table: pd.DataFrame) -> str:
    """Return the method by which the models of a comparison are weighted, as `compare` calls it."""
    named = table["weighted_by"].dropna() if "weighted_by" in table else pd.Series([], dtype="str")
    told = named[named != ""].tolist()
    # Tables of earlier releases do not say, because there was one method.
    return str(told[0]) if told else "stacking"


def method_of(table: pd.DataFrame) -> Method:
    """Return the method by which the models of a comparison are weighted, with its words."""
    return METHODS[weighted_by(table)]
