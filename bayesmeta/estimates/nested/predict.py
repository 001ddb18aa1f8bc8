"""The nested outcomes to expect in a new cohort, or a further cohort of a study."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayesmeta.errors import SettingsError, nearest
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.estimates.events import Probability
from bayesmeta.estimates.nested.counts import LARGEST_SUMMED, within_bounds
from bayesmeta.estimates.nested.events import parse_event
from bayesmeta.estimates.nested.rates import NestedRates, nested_rates
from bayesmeta.estimates.precision import mean_of
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.profiles import profile_label, study_profile
from bayesmeta.estimates.rates import rates_as_drawn
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

__all__ = ["NestedPrediction", "predict_nested"]

Array = npt.NDArray[np.float64]

JOINT_NODES, FEW_NODES = 4, 1
"""Points of each draw over which joint probabilities of counts are summed; and
those in cohorts of more than `LARGE` whose counts are summed, at a cost that grows as their square."""

LARGE = 100
"""Patients of a large cohort."""


@dataclass(frozen=True, eq=False, repr=False)
class NestedPrediction:
    """The nested outcomes to expect in a cohort of n patients.

    Made by `predict` from a `Fit`. In each draw every outcome is a part of the one around it.

    Parameters
    ----------
    n : int
        Patients of the cohort.
    profile : str
        What the prediction is for.
    study : str or None
        The known study whose further cohort it is; None for a new study.
    rates : NestedRates
        Posterior distribution of the cohort's true rates.
    seed : int
        Source of `draws`; intervals and probabilities are sums and need none.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 40")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=few)
    >>> found = bm.predict(fit, n=40, seed=2)
    >>> found.table(0.95)["mean"].round().to_dict()
    {'CR': 10.0, 'ORR, not CR': 10.0, 'none': 20.0}
    >>> round(found.probability("ORR >= 20 and CR >= 10"), 1)
    0.4
    """

    n: int
    profile: str
    study: str | None
    rates: NestedRates
    seed: int

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes outermost first."""
        return self.rates.fit.outcomes

    def of(self, outcome: str) -> Prediction:
        """Return the prediction of one outcome, with its `pmf`, `interval` and `probability`.

        Raises
        ------
        SettingsError
            If it is none of `outcomes`.
        """
        if outcome not in self.outcomes:
            raise SettingsError(
                f"`outcome`: there is no '{outcome}'. {nearest(str(outcome), self.outcomes)}"
            )
        distribution = self.rates.distribution(outcome)
        return Prediction(self.n, self.profile, self.study, distribution, self.seed, self.rates.fit)

    @cached_property
    def draws(self) -> xr.Dataset:
        """Random `rate` (probability) and `events` (of n), dims chain, draw and level, nested."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed))
        nodes = self.rates.new_study
        chains, draws, count, _ = nodes.shape
        place = rng.integers(count, size=(chains, draws, 1, 1))
        rate = np.take_along_axis(nodes, place, axis=2)[:, :, 0]
        around, events = np.full((chains, draws), self.n), np.empty(rate.shape, dtype=np.int64)
        before = np.ones((chains, draws))
        for level in range(rate.shape[-1]):
            ratio = np.divide(rate[..., level], before, out=np.zeros_like(before), where=before > 0)
            events[..., level] = around = rng.binomial(around, np.minimum(ratio, 1.0))
            before = rate[..., level]
        dims = ("chain", "draw", "outcome")
        return xr.Dataset(
            {"rate": (dims, rate), "events": (dims, events)},
            coords={
                "chain": np.arange(chains),
                "draw": np.arange(draws),
                "outcome": list(self.outcomes),
            },
        )

    def interval(self, ci_prob: float) -> pd.DataFrame:
        """Return the equal-tailed prediction interval of the true rate and the count of each outcome.

        Parameters
        ----------
        ci_prob : float
            Probability of each interval.

        Returns
        -------
        DataFrame
            Index `outcome` and `quantity`: `rate` (probability) and `events` (of n); columns as of
            `Prediction.interval`.
        """
        tables = {outcome: self.of(outcome).interval(ci_prob) for outcome in self.outcomes}
        return pd.concat(tables, names=["outcome", "quantity"])

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
        """
        check_ci_prob(ci_prob)
        rows = [
            {"category": name, **self._category(rate, ci_prob)}
            for name, rate in self._categories().items()
        ]
        return pd.DataFrame(rows).set_index("category")

    def _categories(self) -> dict[str, Array]:
        """Return the rate of each category, dims (chain, draw, node), the innermost first."""
        nodes, outcomes = self.rates.new_study, self.outcomes
        found = {outcomes[-1]: nodes[..., -1]}
        for level in range(len(outcomes) - 2, -1, -1):
            name = f"{outcomes[level]}, not {outcomes[level + 1]}"
            found[name] = nodes[..., level] - nodes[..., level + 1]
        return found | {"none": 1 - nodes[..., 0]}

    def _category(self, rate: Array, ci_prob: float) -> dict[str, float]:
        bounds = ((1 - ci_prob) / 2, 0.5, (1 + ci_prob) / 2)
        low, median, high = rates_as_drawn(rate).counts(self.n).quantiles(bounds)
        mean = mean_of(rate)
        return {
            "mean": self.n * mean.value,
            "mcse_mean": self.n * mean.mcse,
            "lower": int(low),
            "median": int(median),
            "upper": int(high),
        }

    def probability(self, event: str) -> Probability:
        """Return the probability of an event about several outcomes; a float with its error as `mcse`.

        Parameters
        ----------
        event : str
            Terms about counts of the cohort and its true rates that must all hold, such as ``"CR_CRi
            >= 15 and CR >= 8"`` or ``"rate(ORR) > 0.5 and rate(CR) > 0.2"``.

        Raises
        ------
        SettingsError
            If it can't be read; the place is pointed at.
        """
        asked = parse_event(event, self.outcomes, self.n)
        nodes = self.rates.new_study
        if asked.counts:
            wanted = FEW_NODES if LARGE < self.n <= LARGEST_SUMMED else JOINT_NODES
            # Some nodes at equal steps: those of one draw are as even taken apart so.
            nodes = nodes[:, :, :: max(1, nodes.shape[2] // wanted)]
        held = np.ones(nodes.shape[:-1])
        for bound in asked.rates:
            own = nodes[..., bound.level]
            held *= own > bound.rate if bound.above else own < bound.rate
        if asked.counts:
            flat = nodes.reshape(-1, nodes.shape[-1])
            held *= within_bounds(flat, self.n, asked.counts).reshape(held.shape)
        return Probability(mean_of(held))

    def __repr__(self) -> str:
        target = "a new study" if self.study is None else f"study {self.study}"
        found = self.interval(0.95).xs("events", level="quantity")
        counts = ", ".join(
            f"{outcome} {row['median']:.0f} ({row['lower']:.0f} to {row['upper']:.0f})"
            for outcome, row in found.iterrows()
        )
        return f"NestedPrediction({target}, {self.profile}: of {self.n}, {counts})"


def predict_nested(  # noqa: PLR0917
    fit: Fit, n: int, profile: Profile | None, study: str | None, seed: int
) -> NestedPrediction:
    """Return the nested outcomes to expect in a cohort of n patients; see `predict`."""
    if study is not None:
        profile = study_profile(fit.coding, fit.arms, study, profile)
    rates = nested_rates(fit, profile, study)
    return NestedPrediction(n, profile_label(fit.coding, profile), study, rates, seed)
