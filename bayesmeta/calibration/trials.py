"""One trial: draw a truth and its evidence, fit, and see where the truth lies among the draws.

Where truths are drawn from the model, they are spread over the draws evenly, whatever the model
(Talts et al. 2018, arXiv:1804.06788). That holds for every function of parameters and evidence,
of which the joint log likelihood is needed: parameters alone don't tell a posterior from its prior
(Modrak et al. 2025, doi:10.1214/23-BA1404).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr

from bayesmeta.calibration.cases import Case
from bayesmeta.inference.draws import DIMS
from bayesmeta.inference.lattice import SOURCES, spread
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.inference.simulation import (
    draw_events,
    log_likelihood,
    new_study_rates,
    prior_draws,
)
from bayesmeta.model import Design

__all__ = [
    "COHORT",
    "RANKS",
    "RETRY_ACCEPT",
    "SETTINGS",
    "Sampler",
    "Trial",
    "run_trial",
    "sample_compiled",
    "seed_of",
]

Array = npt.NDArray[np.float64]
Variables = dict[str, Array]

Sampler = Callable[
    [Design, SamplerSettings, np.random.SeedSequence],
    tuple[Mapping[str, Array], Mapping[str, npt.NDArray[Any]]],
]
"""What fits: variables of `DIMS` and sampler statistics, both with dims (chain, draw, ...)."""

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

STRATA = 16
"""Points at which each draw's law of a new study is represented in a predictive distribution."""


@dataclass(frozen=True)
class Trial:
    """Where the truth lay.

    Parameters
    ----------
    ranks : dict
        Rank of the truth among the draws for each quantity, 0 to ``RANKS - 1``.
    rate : float
        Predictive probability that a new study's rate is at most the true one.
    fewer, at_most : float
        Predictive probabilities of fewer responders in a new cohort than there were, and of at most
        as many.
    between : float
        A uniform number, to make a continuous one of the two.
    divergent, still_divergent : bool
        Whether the first fit had divergences, and the last.
    """

    ranks: dict[str, int]
    rate: float
    fewer: float
    at_most: float
    between: float
    divergent: bool
    still_divergent: bool


def seed_of(case: Case, seed: int, number: int) -> np.random.SeedSequence:
    """Return the seed of one data set: it depends on the case's name, not on the other cases."""
    name = int.from_bytes(sha256(case.name.encode()).digest()[:4], "big")
    return np.random.SeedSequence(seed, spawn_key=(name, number))


def sample_compiled(
    design: Design,
    settings: SamplerSettings,
    seed: np.random.SeedSequence,
    *,
    address: int | None = None,
) -> tuple[Mapping[str, Array], Mapping[str, npt.NDArray[Any]]]:
    """Return draws from the compiled density, or from the one at `address`; see `sample_density`."""
    from bayesmeta.inference.density.arrays import density_data
    from bayesmeta.inference.density.coordinates import variables
    from bayesmeta.inference.nuts import sample_density

    data = density_data(design)
    raw = sample_density(data, settings, seed, progress=False, address=address)
    return variables(design, data, raw.points), raw.statistics


def run_trial(
    design: Design,
    truth: Design,
    seed: np.random.SeedSequence,
    sampler: Sampler = sample_compiled,
) -> Trial:
    """Return where a truth drawn from `truth` lies in the posterior of `design`.

    Parameters
    ----------
    design : Design
        The model that is fitted, on arms whose responders don't matter.
    truth : Design
        The model that parameters are drawn from, on the same arms.
    seed : SeedSequence
        Source of all randomness.
    sampler : callable
        What fits.
    """
    truth_seed, rank_seed, *fit_seeds = seed.spawn(4)
    rng = np.random.default_rng(truth_seed)
    true = prior_draws(truth, rng, ())
    seen = _with_events(design, draw_events(truth, true, rng))
    draws, divergent, still = _fitted(seen, fit_seeds, sampler)
    rng = np.random.default_rng(rank_seed)
    rate = new_study_rates(truth, true, _random_points(rng, ()))
    ranks = _ranks(seen, draws, true | {"new_study_rate": rate}, rng)
    found = _predictive(seen, draws, float(rate), int(rng.binomial(COHORT, rate)))
    return Trial(ranks, *found, rng.random(), divergent, still)


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


def _with_events(design: Design, events: npt.NDArray[np.int64]) -> Design:
    """Return the design with other responders; its coding and matrix stay."""
    arms = replace(design.arms, frame=design.arms.frame.assign(events=events))
    seen = replace(design, arms=arms)
    # Coding the covariates again would take as long as the fit.
    for name in ("matrix", "imputed", "scalars", "tau_of_study"):
        vars(seen)[name] = getattr(design, name)
    return seen


def _ranks(
    seen: Design, draws: Variables, true: Variables, rng: np.random.Generator
) -> dict[str, int]:
    """Return the rank of the truth for each quantity."""
    thinned = {name: values[THINNING - 1 :: THINNING] for name, values in draws.items()}
    thinned["new_study_rate"] = new_study_rates(seen, thinned, _random_points(rng, (RANKS - 1,)))
    truths = _quantities(seen, true)
    return {
        name: _rank(truths[name], values, rng)
        for name, values in _quantities(seen, thinned).items()
    }


def _quantities(design: Design, variables: Mapping[str, Array]) -> Variables:
    """Return all that is ranked and follows from the variables alone, each one number a draw."""
    found: Variables = {}
    for name, values in variables.items():
        dims = DIMS.get(name, ())
        if not dims and values.ndim == variables["mu"].ndim:
            found[name] = values
        elif dims == ("covariate",):
            labels = (f"{name}[{label}]" for label in design.coding.names)
            found |= {label: values[..., k] for k, label in enumerate(labels)}
        elif not {"arm", "study"} & set(dims):
            found |= {f"{name}[{k}]": values[..., k] for k in range(values.shape[-1])}
    return found | {"log_likelihood": log_likelihood(design, variables).sum(axis=-1)}


def _rank(true: Array, draws: Array, rng: np.random.Generator) -> int:
    """Return how many draws lie below the truth; draws equal to it count by chance."""
    below, equal = int((draws < true).sum()), int((draws == true).sum())
    return below + int(rng.integers(equal + 1))


def _predictive(
    design: Design, draws: Variables, rate: float, responders: int
) -> tuple[float, float, float]:
    """Return predictive probabilities: at most the rate, fewer responders, at most so many."""
    points = {source: spread(source, draws["mu"].size, STRATA).T for source in SOURCES}
    rates = new_study_rates(design, draws, points)
    few = bdtr(responders - 1, COHORT, rates).mean() if responders else 0.0
    return float((rates <= rate).mean()), float(few), float(bdtr(responders, COHORT, rates).mean())


def _random_points(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Array]:
    return {source: np.asarray(rng.random(shape)) for source in SOURCES}
