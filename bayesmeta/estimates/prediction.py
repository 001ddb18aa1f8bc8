"""What `predict` returns of one outcome: the response to expect in a cohort of n patients."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.count_distributions import CountDistribution, range_step
from bayesmeta.estimates.events import Probability, cohort_event
from bayesmeta.estimates.posterior import AnyFit
from bayesmeta.estimates.rates import RateDistribution

__all__ = ["Prediction"]


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """The response to expect in a cohort of n patients.

    Made by `predict`.

    Parameters
    ----------
    n : int
        Patients of the cohort.
    profile : str
        What the prediction is for.
    study : str or None
        The known study whose further cohort it is; None for a new study.
    distribution : RateDistribution
        Posterior distribution of the cohort's true rate.
    seed : int
        Source of `draws`; intervals and probabilities are integrals and need none.
    fit : Fit, Fit, QuadratureFit or None
        What it was made from, as far as that is known.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> prediction = bm.predict(bm.fit(bm.load_model("pooled"), arms, seed=1), n=40, seed=2)
    >>> prediction.n, len(prediction.pmf)
    (40, 41)
    >>> prediction.probability(rate_above=0.2) > 0.4
    True
    """

    n: int
    profile: str
    study: str | None
    distribution: RateDistribution
    seed: int
    fit: AnyFit | None = None

    @cached_property
    def draws(self) -> xr.Dataset:
        """Random `rate` (probability) and `events` (responders of n), dims chain and draw."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed))
        rate = self.distribution.draw(rng)
        events = rng.binomial(self.n, rate)
        chains, draws = rate.shape
        return xr.Dataset(
            {"rate": (("chain", "draw"), rate), "events": (("chain", "draw"), events)},
            coords={"chain": np.arange(chains), "draw": np.arange(draws)},
        )

    @cached_property
    def counts(self) -> CountDistribution:
        """Distribution of the responders."""
        return self.distribution.counts(self.n)

    @cached_property
    def listed(self) -> pd.DataFrame:
        """What `pmf` gives, without Monte-Carlo errors."""
        step = range_step(self.n)
        start = pd.RangeIndex(0, self.n + 1, step, name="events")
        if step == 1:
            probability = self.distribution.pmf(self.n)
            at_least = np.minimum(np.cumsum(probability[::-1])[::-1], 1.0)
        else:
            at_least = 1 - self.counts.at_most(start.to_numpy() - 1)
            probability = -np.diff(at_least, append=0.0)
        return pd.DataFrame({"probability": probability, "at_least": at_least}, index=start)

    @cached_property
    def pmf(self) -> pd.DataFrame:
        """Probability of each number of responders, its MCSE, and the probability of at least it.

        Binomial probabilities are averaged over the posterior; no counts are simulated. Above 10,000
        patients the counts go in ranges, 100 to 1,001 of them: `events` is the first count of each,
        `probability` that of all its counts together, without an MCSE.
        """
        step = range_step(self.n)
        mcse = self.distribution.pmf_mcse(self.n) if step == 1 else np.nan
        return self.listed.assign(mcse=mcse)[["probability", "mcse", "at_least"]]

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
            `upper` and their MCSE, which whole numbers of responders don't have.
        """
        check_ci_prob(ci_prob)
        bounds = ((1 - ci_prob) / 2, 0.5, (1 + ci_prob) / 2)
        found = [self.distribution.rate.quantile(p) for p in bounds]
        counts = self.counts.quantiles(bounds).astype(float)
        columns = ["lower", "median", "upper", "mcse_lower", "mcse_median", "mcse_upper"]
        rate = [*(one.value for one in found), *(one.mcse for one in found)]
        return pd.DataFrame(
            [rate, [*counts, np.nan, np.nan, np.nan]], index=["rate", "events"], columns=columns
        )

    def probability(
        self,
        *,
        rate_above: float | None = None,
        rate_below: float | None = None,
        events_at_least: int | None = None,
        events_at_most: int | None = None,
    ) -> Probability:
        """Return the probability of one event; a float with its Monte-Carlo error as `mcse`.

        Parameters
        ----------
        rate_above, rate_below : float
            The cohort's true rate lies above, or below, this probability.
        events_at_least, events_at_most : int
            So many responders of n, or more; or fewer.

        Raises
        ------
        SettingsError
            Unless exactly one argument is given, in its range.
        """
        asked = {
            "rate_above": rate_above,
            "rate_below": rate_below,
            "events_at_least": events_at_least,
            "events_at_most": events_at_most,
        }
        return cohort_event(self.n, asked).of(self.distribution)

    def __repr__(self) -> str:
        target = "a new study" if self.study is None else f"study {self.study}"
        low, median, high = (
            self.interval(0.95).loc["events", ["lower", "median", "upper"]].astype(int)
        )
        return f"Prediction({target}, {self.profile}: {median} responders of {self.n}, 95% interval {low} to {high})"
