"""What several models together expect of a new cohort, each with its weight."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.comparison.answers import RATES
from bayesmeta.comparison.questions import Answered
from bayesmeta.errors import counted
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.events import EventKeywords, Probability, cohort_event
from bayesmeta.estimates.precision import Estimate

__all__ = ["AveragedPrediction", "asked_alike", "averaged"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class AveragedPrediction:
    """The response of a new cohort, averaged over models.

    Made by `compare`. Models are averaged only where they answer the same question, the response of
    a new cohort of one profile: all have the same covariates, at the same values. Of models that
    answer for different profiles, those are averaged that have the most of the covariates asked
    about and, among them, answer as the best by elpd does; the weights are stacked among those. A
    model without heterogeneity answers the same question: it assumes that a new study has the rate
    of all others.

    Parameters
    ----------
    n : int
        Patients of the cohort.
    profile : str
        Covariate values that the cohort is of; ``"all studies"`` where the models have none.
    weights : mapping
        Weight of each model that is averaged, by name; they sum to 1.
    pmf : DataFrame
        Index `events`, 0 to n; `probability`, its Monte-Carlo standard error `mcse`, and `at_least`.
    rate : DataFrame
        Index `rate` (probability), in steps of 0.001; below 0.01 of about 1% of the rate, and likewise
        near 1. Between them it is taken to be linear. `cdf`, the probability that the true rate of a
        new study is at most so high, and its `mcse`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcome="CR", venetoclax="yes", where="n >= 40")
    >>> models = [bm.load_model("pooled"), bm.load_model("common_effect")]
    >>> few = bm.SamplerSettings(chains=2, draws=500)
    >>> compared = bm.compare(models, arms, seed=1, method="psis", marginal=False, settings=few)
    >>> found = compared.prediction
    >>> found.interval(0.95).loc["events"].tolist()
    [3.0, 9.0, 16.0]
    >>> round(found.probability(rate_above=0.2), 1)
    0.8
    """

    n: int
    profile: str
    weights: Mapping[str, float]
    pmf: pd.DataFrame
    rate: pd.DataFrame

    def interval(self, ci_prob: float) -> pd.DataFrame:
        """Return the equal-tailed prediction interval of the true rate and of the responders.

        Parameters
        ----------
        ci_prob : float
            Probability of the interval.

        Returns
        -------
        DataFrame
            Rows `rate` (probability) and `events` (responders of n); columns `lower`, `median`,
            `upper`.
        """
        check_ci_prob(ci_prob)
        bounds = ((1 - ci_prob) / 2, 0.5, (1 + ci_prob) / 2)
        rates = [_inverse(self.rate["cdf"], p) for p in bounds]
        counts = np.searchsorted(np.cumsum(self.pmf["probability"]), bounds)
        return pd.DataFrame(
            [rates, np.minimum(counts, self.n).astype(float)],
            index=["rate", "events"],
            columns=["lower", "median", "upper"],
        )

    def probability(self, **event: Unpack[EventKeywords]) -> Probability:
        """Return the probability of one event; a float with its Monte-Carlo error as `mcse`.

        Parameters
        ----------
        **event
            As in `Prediction.probability`, such as ``rate_above=0.3`` or ``events_at_least=12``.

        Raises
        ------
        SettingsError
            Unless exactly one argument is given, in its range.
        """
        return cohort_event(self.n, event).of(self)

    def above(self, rate: float) -> Estimate:
        """Return the probability that the rate is above `rate`."""
        found = [float(np.interp(rate, self.rate.index, self.rate[one])) for one in ("cdf", "mcse")]
        return Estimate(1 - found[0], found[1])

    def at_least(self, events: int, n: int) -> Estimate:
        """Return the probability of `events` responders or more out of n, the averaged cohort."""
        rest = self.pmf.loc[events:]
        return Estimate(float(rest["probability"].sum()), float(rest["mcse"].sum()))

    def __repr__(self) -> str:
        low, median, high = self.interval(0.95).loc["events"].astype(int)
        models = sum(weight > 0.005 for weight in self.weights.values())  # noqa: PLR2004
        return (
            f"AveragedPrediction({counted(models, 'model')}: {median} responders "
            f"of {self.n}, 95% interval {low} to {high})"
        )


def _inverse(cdf: "pd.Series[float]", probability: float) -> float:
    """Return the rate up to which there is this probability, linear between the rates that are kept."""
    values, rates = cdf.to_numpy(), cdf.index.to_numpy()
    place = int(np.searchsorted(values, probability))
    if place == 0:
        return float(rates[0])
    below, above = values[place - 1], values[place]
    share = (probability - below) / (above - below)
    return float(rates[place - 1] + share * (rates[place] - rates[place - 1]))


def asked_alike(answers: Mapping[str, Answered]) -> tuple[str, ...]:
    """Return the models whose predictions may be averaged; of answers by model, the best first."""
    most = max(one.named for one in answers.values())
    profile = next(one.profile for one in answers.values() if one.named == most)
    return tuple(name for name, one in answers.items() if one.profile == profile)


def averaged(
    weights: Mapping[str, float], predictive: Mapping[str, Mapping[str, Any]], profile: str
) -> AveragedPrediction:
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
        {
            "probability": pmf,
            "mcse": error("mcse_pmf"),
            "at_least": np.minimum(np.cumsum(pmf[::-1])[::-1], 1.0),
        },
        index=pd.RangeIndex(pmf.size, name="events"),
    )
    rate = pd.DataFrame(
        {"cdf": mean("cdf"), "mcse": error("mcse_cdf")}, index=pd.Index(RATES, name="rate")
    )
    return AveragedPrediction(pmf.size - 1, profile, dict(weights), counts, rate)
