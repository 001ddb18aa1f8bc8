"""What `predict` returns: the response to expect in a cohort of n patients."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Unpack, override

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta.errors import SettingsError, counted, nearest
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.count_distributions import CountDistribution, range_step
from bayesmeta.estimates.events import BoundKeywords, Event, Probability, cohort_event
from bayesmeta.estimates.nested_rates import NestedRates
from bayesmeta.estimates.posterior import AnyFit
from bayesmeta.estimates.precision import bounds_of, interval_of, mean_of
from bayesmeta.estimates.rates import RateDistribution, rates_as_drawn
from bayesmeta.estimates.survival_summary import conditional_note
from bayesmeta.evidence.survival.outcomes import SURVIVAL_WORDS, OutcomeWords
from bayesmeta.shown import Shown


@dataclass(frozen=True, eq=False, repr=False)
class Prediction(Shown):
    """The response to expect in a cohort of n patients.

    Made by `predict`, and by `compare` as the average over models. Of several nested outcomes every
    answer has one more dim or index level, `outcome`, outermost first; in each draw every outcome is
    a part of its enclosing outcome.

    Parameters
    ----------
    n : int
        Patients of the cohort.
    profile : str
        What the prediction is for.
    study : str or None
        The known study whose further cohort it is; None for a new study.
    distributions : mapping
        Posterior distribution of the cohort's true rate by outcome; the only one has no name.
    seed : int
        Random seed of `draws`; intervals and probabilities are integrals and need none.
    fit : Fit, QuadratureFit or None
        What it was made from, as far as that is known.
    joint : NestedRates or None
        The rates of several outcomes together.
    weights : mapping
        Weight of each model that it is averaged over, by name; none of one model.
    words : OutcomeWords
        What text calls the outcome, of survival only.
    time : float or None
        Months after which patients are alive, of survival only: tables and draws then have `survival`,
        at that time, in place of `rate`, and `alive` (patients) in place of `events`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcome="CR", venetoclax="yes")
    >>> prediction = bm.predict(bm.fit(bm.load_model("pooled"), arms, seed=1), n=40, seed=2)
    >>> prediction.n, len(prediction.pmf)
    (40, 41)
    >>> prediction.probability(rate_above=0.2) > 0.4
    True

    >>> arms = table.select(outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 40")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=few)
    >>> nested = bm.predict(fit, n=40, seed=2)
    >>> nested.table(0.95)["mean"].round().to_dict()
    {'CR': 10.0, 'ORR, not CR': 10.0, 'none': 20.0}
    >>> round(nested.probability("ORR >= 20 and CR >= 10"), 1)
    0.4
    """

    n: int
    profile: str
    study: str | None
    distributions: Mapping[str, RateDistribution]
    seed: int
    fit: AnyFit | None = None
    joint: NestedRates | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    words: OutcomeWords = SURVIVAL_WORDS
    time: float | None = None

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The nested outcomes, outermost first; none where there is one outcome."""
        return () if self.joint is None else tuple(self.distributions)

    def of(self, outcome: str) -> "Prediction":
        """Return the prediction of one of several outcomes.

        Raises
        ------
        SettingsError
            If it is none of `outcomes`.
        """
        if outcome not in self.outcomes:
            hint = nearest(str(outcome), self.outcomes) if self.outcomes else "Leave `of` out."
            raise SettingsError(f"`outcome`: there is no '{outcome}'. {hint}")
        return replace(self, distributions={"": self.distributions[outcome]}, joint=None)

    @property
    def distribution(self) -> RateDistribution:
        """Posterior distribution of the cohort's true rate of the one outcome."""
        if self.outcomes:
            raise SettingsError(
                f"This answer is of one outcome; the prediction has {', '.join(self.outcomes)}. "
                f"Take one of them, such as of({self.outcomes[0]!r})."
            )
        return self.distributions[""]

    @property
    def names(self) -> tuple[str, str]:
        """What tables call the true rate and the counts: of survival ``survival`` and ``alive``."""
        return ("rate", "events") if self.time is None else ("survival", "alive")

    @cached_property
    def draws(self) -> xr.Dataset:
        """Random `rate` (probability) and `events` (of n), dims chain, draw and, of several, outcome."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed))
        dims: tuple[str, ...] = ("chain", "draw")
        coords: dict[str, object] = {}
        if self.joint is None:
            rate = self.distribution.draw(rng)
            events = rng.binomial(self.n, rate)
        else:
            rate, events = self.joint.draw(rng, self.n)
            dims, coords = (*dims, "outcome"), {"outcome": list(self.outcomes)}
        chain, draw = map(np.arange, rate.shape[:2])
        return xr.Dataset(
            dict(zip(self.names, ((dims, rate), (dims, events)), strict=True)),
            coords={"chain": chain, "draw": draw, **coords},
        )

    @cached_property
    def counts(self) -> CountDistribution:
        """Distribution of the responders of the one outcome."""
        return self.distribution.counts(self.n)

    @cached_property
    def listed(self) -> pd.DataFrame:
        """What `pmf` gives of the one outcome, without Monte-Carlo errors."""
        step = range_step(self.n)
        start = pd.RangeIndex(0, self.n + 1, step, name=self.names[1])
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
        if self.outcomes:
            tables = {outcome: self.of(outcome).pmf for outcome in self.outcomes}
            return pd.concat(tables, names=["outcome"])
        step = range_step(self.n)
        mcse = self.distribution.pmf_mcse(self.n) if step == 1 else np.nan
        return self.listed.assign(mcse=mcse)[["probability", "mcse", "at_least"]]

    def interval(self, ci_prob: float) -> pd.DataFrame:
        """Return the equal-tailed prediction interval of the true rate and of the responders.

        Parameters
        ----------
        ci_prob : float
            Probability of each interval.

        Returns
        -------
        DataFrame
            Rows `rate` (probability) and `events` (responders of n), of several outcomes by `outcome`;
            columns `lower`, `median`, `upper` and their MCSE, which whole numbers of responders do not
            have.
        """
        check_ci_prob(ci_prob)
        if self.outcomes:
            tables = {outcome: self.of(outcome).interval(ci_prob) for outcome in self.outcomes}
            return pd.concat(tables, names=["outcome", "quantity"])
        ends = ("lower", "median", "upper")
        counts = self.counts.quantiles(bounds_of(ci_prob)).astype(float)
        rows = [interval_of(self.distribution.rate, ci_prob), dict(zip(ends, counts, strict=True))]
        columns = [*ends, *(f"mcse_{end}" for end in ends)]
        return pd.DataFrame(rows, index=[*self.names], columns=columns)

    def table(self, ci_prob: float) -> pd.DataFrame:
        """Return how many patients to expect in each category, which sum to n in every draw.

        Parameters
        ----------
        ci_prob : float
            Probability of each equal-tailed interval.

        Returns
        -------
        DataFrame
            One row per category, such as ``CR``, ``CR_CRi, not CR``, ``ORR, not CR_CRi`` and
            ``none``: `mean` (patients of n) with its MCSE `mcse_mean`, and `lower`, `median` and
            `upper` of the count.

        Raises
        ------
        SettingsError
            If there is one outcome only, which `interval` describes.
        """
        check_ci_prob(ci_prob)
        bounds, rows = bounds_of(ci_prob), []
        if self.joint is None:
            raise SettingsError(
                "`table` needs several nested outcomes; this prediction has one. Use interval."
            )
        for name, rate in self.joint.categories().items():
            counts = rates_as_drawn(rate).counts(self.n).quantiles(bounds)
            mean, ends = mean_of(rate), dict(zip(("lower", "median", "upper"), counts, strict=True))
            row = {"category": name, "mean": self.n * mean.value, "mcse_mean": self.n * mean.mcse}
            rows.append(row | {end: int(count) for end, count in ends.items()})
        return pd.DataFrame(rows).set_index("category")

    def probability(
        self, event: Event | str | None = None, **bound: Unpack[BoundKeywords]
    ) -> Probability:
        """Return the probability of one event; a float with its Monte-Carlo error as `mcse`.

        Parameters
        ----------
        event : str
            Terms that must all hold. Of one outcome, all on the cohort's true rate (probability) or
            all on its responders: ``"rate > 0.3"``, ``"responders >= 5 and responders <= 12"``. Of
            several outcomes, on counts and rates: ``"CR_CRi >= 15 and rate(CR) > 0.2"``.
        rate_above, rate_below : float
            Of one outcome: the cohort's true rate lies above, or below, this probability.
        events_at_least, events_at_most : int
            Of one outcome: so many responders of n, or more; or fewer.

        Raises
        ------
        SettingsError
            Unless exactly one argument is given, in its range; or if `event` cannot be read, and where.
        """
        asked = cohort_event(self.n, {**bound, "event": event}, self.outcomes)
        if self.joint is not None and event is not None:
            return asked.of_nested(self.joint.new_study, self.outcomes)
        return asked.of(self.distribution)

    @property
    def counted(self) -> str:
        """What `events` are: responders, or patients alive, or without another event, at a time."""
        if self.time is None:
            return "responders"
        return f"{self.words.state} at {self.time:g} months"

    @override
    def _shown_table(self) -> pd.DataFrame:
        return self.interval(0.95)

    def __repr__(self) -> str:
        target = "a new study" if self.study is None else f"study {self.study}"
        by = f" by {counted(len(self.weights), 'model')}" if self.weights else ""
        if self.outcomes:
            found = self.interval(0.95).xs("events", level="quantity")
            counts = ", ".join(
                f"{outcome} {row['median']:.0f} ({row['lower']:.0f} to {row['upper']:.0f})"
                for outcome, row in found.iterrows()
            )
            return f"Prediction({target}{by}, {self.profile}: of {self.n}, {counts})"
        low, median, high = (
            self.interval(0.95).loc[self.names[1], ["lower", "median", "upper"]].astype(int)
        )
        people = "" if self.fit is None or not conditional_note(self.fit.arms) else " responders"
        return (
            f"Prediction({target}{by}, {self.profile}: {median} {self.counted} of {self.n}{people}, 95% interval "
            f"{low} to {high})"
        )
