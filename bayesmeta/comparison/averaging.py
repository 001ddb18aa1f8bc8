"""Models ranked by their density of studies left out, and what they expect together of a cohort."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import ndtr, ndtri

from bayesmeta.arrays import Array
from bayesmeta.comparison.predictions import RATES
from bayesmeta.comparison.questions import Answered
from bayesmeta.estimates.count_distributions import CountDistribution, ListedCounts
from bayesmeta.estimates.precision import NO_CONVERGENCE, Distribution, Estimate
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.rates import QUANTILES, RANDOM_RATES, safe_log_odds
from bayesmeta.evidence.survival.outcomes import SURVIVAL_WORDS, OutcomeWords


def best_of(table: pd.DataFrame) -> str | None:
    """Return the model that predicts best, by the table of a comparison; None if none has a rank."""
    if "elpd_diff" not in table:
        return None
    return str(table.loc[table["elpd_diff"].notna(), "model"].iloc[0])


def ranked(elpd: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return models by log predictive density, best first, and cautions about the ranks.

    Parameters
    ----------
    elpd : DataFrame
        One row per study left out, one column per model, no missing values.

    References
    ----------
    Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4.
    Sivula, Magnusson, Matamoros & Vehtari 2025, doi:10.1214/25-BA1569 (errors).
    """
    sums = {str(model): float(own.sum()) for model, own in elpd.items()}
    errors = {str(model): _se(own) for model, own in elpd.items()}
    if len(sums) == 1:
        row = {"model": [*sums], "rank": 1, "elpd": [*sums.values()], "se": [*errors.values()]}
        return pd.DataFrame(row | {"elpd_diff": 0.0, "dse": 0.0, "p_worse": np.nan}), ()
    from arviz_stats import compare
    from arviz_stats.utils import ELPDDataLOO

    data = {
        str(model): ELPDDataLOO(
            elpd=sums[str(model)],
            se=errors[str(model)],
            p=float("nan"),
            n_samples=1,
            n_data_points=len(own),
            scale="log",
            warning=False,
            good_k=0.7,
            elpd_i=xr.DataArray(own.to_numpy(), dims="study"),
        )
        for model, own in elpd.items()
    }
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        # Of its methods of weighting, which are not used, the quickest.
        table = compare(data, method="pseudo-BMA", round_to="none")
    kept = ["rank", "elpd", "se", "elpd_diff", "dse", "p_worse"]
    table = table[kept].rename_axis("model").reset_index()
    table["rank"] += 1
    # ArviZ takes the studies for all there are: here they are a sample, as wherever else in the package.
    larger = np.sqrt(len(elpd) / (len(elpd) - 1))
    table["dse"] *= larger
    table["p_worse"] = ndtr(ndtri(table["p_worse"]) / larger)
    notes = [
        str(one.message)
        if "chance" not in str(one.message)
        else f"With so many models ({elpd.shape[1]}) the best may be so by chance (doi:10.1007/s11222-024-10442-4)."
        for one in seen
        if issubclass(one.category, UserWarning)
    ]
    return table, (*_few(len(elpd)), *notes)


def _se(own: "pd.Series[float]") -> float:
    """Return the standard error of the sum over studies."""
    return float(np.sqrt(len(own) * own.var(ddof=1)))


def _few(studies: int) -> tuple[str, ...]:
    if studies >= 100:  # noqa: PLR2004
        return ()
    return (f"{studies} studies: standard errors of differences are rough below 100.",)


@dataclass(frozen=True, eq=False)
class AveragedRates:
    """The distribution of a new study's rate, averaged over models.

    Parameters
    ----------
    listed : DataFrame
        Index `events`, 0 to n; `probability` and its Monte-Carlo standard error `mcse`.
    tabulated : DataFrame
        Index `rate` (probability), in steps of 0.001; below 0.01 of about 1% of the rate, and likewise
        near 1. Between them it is taken to be linear. `cdf`, the probability that the true rate of a
        new study is at most so high, and its `mcse`.
    """

    listed: pd.DataFrame
    tabulated: pd.DataFrame

    @property
    def rate(self) -> Distribution:
        """Mean, standard deviation and quantiles of the rate."""
        return self

    def mean(self) -> Estimate:
        """Return the mean."""
        rate = self.tabulated.index.to_numpy()
        return Estimate(float(self._share @ (rate[1:] + rate[:-1]) / 2), self._error)

    def sd(self) -> Estimate:
        """Return the standard deviation."""
        low, high = self.tabulated.index.to_numpy()[:-1], self.tabulated.index.to_numpy()[1:]
        second = self._share @ (low**2 + low * high + high**2) / 3
        return Estimate(float(np.sqrt(max(second - self.mean().value ** 2, 0.0))), self._error)

    def quantile(self, probability: float) -> Estimate:
        """Return a quantile: linear between the rates that are kept."""
        values, rates = self.tabulated["cdf"].to_numpy(), self.tabulated.index.to_numpy()
        place = int(np.searchsorted(values, probability))
        if place == 0:
            return Estimate(float(rates[0]), 0.0)
        below, above = values[place - 1], values[place]
        width, error = rates[place] - rates[place - 1], float(self.tabulated["mcse"].iloc[place])
        share = (probability - below) / (above - below)
        return Estimate(float(rates[place - 1] + share * width), error * width / (above - below))

    def convergence(self) -> dict[str, float]:
        """Return NaN: draws of several models are no chains of one."""
        return NO_CONVERGENCE

    def above(self, rate: float) -> Estimate:
        """Return the probability that the rate is above `rate`."""
        table = self.tabulated
        found = [float(np.interp(rate, table.index, table[one])) for one in ("cdf", "mcse")]
        return Estimate(1 - found[0], found[1])

    def counts(self, n: int) -> CountDistribution:
        """Return the distribution of the responders out of n, the averaged cohort."""
        return ListedCounts(self.pmf(n))

    def pmf(self, n: int) -> Array:
        """Return the probabilities of 0 to n responders out of n, the averaged cohort."""
        return self.listed["probability"].to_numpy()

    def pmf_mcse(self, n: int) -> Array:
        """Return the Monte-Carlo standard errors of `pmf`."""
        return self.listed["mcse"].to_numpy()

    def at_least(self, events: int, n: int) -> Estimate:
        """Return the probability of `events` responders or more out of n, the averaged cohort."""
        rest = self.listed.loc[events:]
        return Estimate(float(rest["probability"].sum()), float(rest["mcse"].sum()))

    def draw(self, rng: np.random.Generator) -> Array:
        """Return random rates."""
        return self._quantiles(rng.random(RANDOM_RATES))

    def sample(self) -> tuple[Array, int]:
        """Return log-odds that are evenly spread quantiles, each counting as a draw."""
        even = (np.arange(QUANTILES) + 0.5) / QUANTILES
        return safe_log_odds(self._quantiles(even)), QUANTILES

    def _quantiles(self, probability: Array) -> Array:
        table = self.tabulated
        return np.asarray(np.interp(probability, table["cdf"], table.index))

    @property
    def _share(self) -> Array:
        """Probability between each rate that is kept and the next."""
        return np.diff(self.tabulated["cdf"].to_numpy())

    @property
    def _error(self) -> float:
        """A bound of the error of a mean: as if all errors went one way."""
        return float(np.trapezoid(self.tabulated["mcse"], self.tabulated.index))


def asked_alike(answers: Mapping[str, Answered]) -> tuple[str, ...]:
    """Return the models whose predictions may be averaged; of answers by model, the best first."""
    most = max(one.named for one in answers.values())
    profile = next(one.profile for one in answers.values() if one.named == most)
    return tuple(name for name, one in answers.items() if one.profile == profile)


def averaged_models(table: pd.DataFrame) -> tuple[dict[str, float], str]:
    """Return the weights of the models that are averaged, by name, and what they answer for."""
    there = table[table["average_weight"].notna()]
    weights = dict(zip(map(str, there["model"]), map(float, there["average_weight"]), strict=True))
    return weights, str(there["answers_for"].iloc[0])


def averaged(
    weights: Mapping[str, float], predictive: Mapping[str, Mapping[str, Any]]
) -> AveragedRates:
    """Return the weighted mean of what `answers.predictive` says of each model, for one profile."""

    def mean(name: str) -> Array:
        return np.sum(
            [w * np.array(predictive[model][name]) for model, w in weights.items()], axis=0
        )

    def error(name: str) -> Array:
        squares = [(w * np.array(predictive[model][name])) ** 2 for model, w in weights.items()]
        return np.sqrt(np.sum(squares, axis=0))

    pmf = mean("pmf")
    counts = pd.DataFrame(
        {"probability": pmf, "mcse": error("mcse_pmf")},
        index=pd.RangeIndex(pmf.size, name="events"),
    )
    rate = pd.DataFrame(
        {"cdf": mean("cdf"), "mcse": error("mcse_cdf")}, index=pd.Index(RATES, name="rate")
    )
    return AveragedRates(counts, rate)


def prediction_by(
    weights: Mapping[str, float],
    profile: str,
    rates: AveragedRates,
    *,
    words: OutcomeWords = SURVIVAL_WORDS,
    time: float | None = None,
) -> Prediction:
    """Return the prediction of a new cohort that these models average."""
    n = len(rates.listed) - 1
    return Prediction(
        n, profile, None, {"": rates}, seed=0, weights=dict(weights), words=words, time=time
    )
