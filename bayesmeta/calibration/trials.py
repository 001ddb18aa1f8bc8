"""One trial: draw a truth and its evidence, fit, and see where the truth lies among the draws.

Where truths are drawn from the model, they are spread over the draws evenly, whatever the model
(Talts et al. 2018, arXiv:1804.06788). That holds for every function of parameters and evidence,
of which the joint log likelihood is needed: parameters alone do not tell a posterior from its prior
(Modrák et al. 2025, doi:10.1214/23-BA1404).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from scipy.special import bdtr

from bayesmeta.arrays import Array
from bayesmeta.calibration.case import Case, Sampler, Variables
from bayesmeta.inference.engines import sample_compiled
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design

RANKS = 100
"""Ranks that a truth can have: one more than the draws it is ranked among."""

THINNING = 5
"""Every so many draws one is ranked. Of 495 draws the effective number was about 300 to 450, and 190
or more in 95% of fits, for every quantity; draws 5 apart then correlate by less than 0.02. Cauchy
priors have fits with as few as 30 and a mean correlation of 0.07. Draws that depend on each other
show as too many truths at the lowest and highest ranks."""

SETTINGS = SamplerSettings(chains=1, warmup=400, draws=THINNING * (RANKS - 1), cores=1)
"""One short chain: its cost is what limits the number of data sets, and ranks see what R-hat would."""

RETRY_ACCEPT = 0.99
"""Acceptance at which a fit with divergences is done again, once."""

COHORT = 40
"""Patients of the new cohort whose responders are predicted."""


@dataclass(frozen=True)
class Predicted:
    """Where the truth lay in predictions of one outcome.

    Predictive probabilities that the rate is at most the true one (`rate`), and of fewer responders than
    there were (`fewer`) or at most as many (`at_most`); `between`, a uniform number that makes one
    continuous number of the two; and the `width` of the 95% prediction interval of the rate.
    """

    rate: float
    fewer: float
    at_most: float
    between: float
    width: float


@dataclass(frozen=True)
class Trial:
    """Where the truth lay: its rank by quantity, 0 to ``RANKS - 1``, and predictions by outcome.

    `divergent` and `still_divergent`: whether the first fit had divergences, and the last.
    """

    ranks: Mapping[str, int]
    predicted: Mapping[str, Predicted]
    divergent: bool
    still_divergent: bool


def seed_of(case: Case, seed: int, number: int) -> np.random.SeedSequence:
    """Return the seed of one data set: it depends on the case's name, not on the other cases."""
    name = int.from_bytes(sha256(case.name.encode()).digest()[:4], "big")
    return np.random.SeedSequence(seed, spawn_key=(name, number))


def run_trial(
    case: Case,
    designs: tuple[Design, Design],
    seed: np.random.SeedSequence,
    sampler: Sampler | None = None,
) -> Trial:
    """Return where a truth drawn from the second design lies in the posterior of the first."""
    design, truth = designs
    truth_seed, rank_seed, *fit_seeds = seed.spawn(4)
    true, counts = case.simulate(truth, np.random.default_rng(truth_seed))
    seen = case.observed(design, counts)
    draws, divergent, still = _fitted(seen, fit_seeds, sampler or sample_compiled)
    rng = np.random.default_rng(rank_seed)
    rates = case.random_rates(truth, true, rng)
    thinned = {name: values[THINNING - 1 :: THINNING] for name, values in draws.items()}
    found = _quantities(case, seen, thinned, case.random_rates(seen, thinned, rng), rng)
    truths = _quantities(case, seen, true, rates, rng)
    ranks = {name: _rank(truths[name], values, rng) for name, values in found.items()}
    predicted = _predicted(case, seen, draws, rates, rng)
    return Trial(ranks, predicted, divergent, still)


def _fitted(
    seen: Design, seeds: Sequence[np.random.SeedSequence], sampler: Sampler
) -> tuple[Variables, bool, bool]:
    """Return draws, dims (draw, ...), and whether the first fit and the last had divergences."""
    drawn, statistics = sampler(seen, SETTINGS, seeds[0])
    divergent = still = bool(statistics["diverging"].any())
    if divergent:
        drawn, statistics = sampler(seen, replace(SETTINGS, target_accept=RETRY_ACCEPT), seeds[1])
        still = bool(statistics["diverging"].any())
    draws = {name: values.reshape(-1, *values.shape[2:]) for name, values in drawn.items()}
    return draws, divergent, still


def _quantities(  # noqa: PLR0917
    case: Case, design: Design, variables: Variables, rates: Variables, rng: np.random.Generator
) -> Variables:
    """Return all that is ranked, each one number a draw; `rates` are those of new studies."""
    typical = case.typical_rates(design, variables, rng)
    return (
        case.parameters(design, variables)
        | {f"typical_rate{_bracketed(name)}": values for name, values in typical.items()}
        | {f"new_study_rate{_bracketed(name)}": values for name, values in rates.items()}
        | {"log_likelihood": case.log_likelihood(design, variables)}
    )


def _bracketed(name: str) -> str:
    return f"[{name}]" if name else ""


def _rank(true: Array, draws: Array, rng: np.random.Generator) -> int:
    """Return how many draws lie below the truth; draws equal to it count by chance."""
    below, equal = int((draws < true).sum()), int((draws == true).sum())
    return below + int(rng.integers(equal + 1))


def _predicted(  # noqa: PLR0917
    case: Case, seen: Design, draws: Variables, rates: Variables, rng: np.random.Generator
) -> dict[str, Predicted]:
    """Return where true rates, and responders of a new cohort at these, lie in their predictions.

    Each outcome is predicted by itself, so that responders of several need not be those of one cohort.
    """
    responders = {outcome: int(rng.binomial(COHORT, rate)) for outcome, rate in rates.items()}
    drawn = case.predicted_rates(seen, draws, rng)
    found = {}
    for outcome, rate in rates.items():
        few, many = _up_to(responders[outcome], drawn[outcome])
        at_most = float((drawn[outcome] <= rate).mean())
        low, high = np.quantile(drawn[outcome], (0.025, 0.975))
        found[outcome] = Predicted(at_most, few, many, rng.random(), float(high - low))
    return found


def _up_to(responders: int, rates: Array) -> tuple[float, float]:
    """Return predictive probabilities of fewer responders and of at most so many."""
    few = bdtr(responders - 1, COHORT, rates).mean() if responders else 0.0
    return float(few), float(bdtr(responders, COHORT, rates).mean())
