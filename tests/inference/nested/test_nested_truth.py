"""Fits of nested outcomes against posteriors had in other ways.

Where effects are independent and every arm reports every outcome, the posterior is that of each ratio
by itself, which the deterministic engine knows. Elsewhere it is weighed here by brute force: draws
from the priors, weighted by likelihoods summed over nodes of the effects. Means, standard deviations
and quantiles must lie within 4 Monte-Carlo errors; the seeds are fixed.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import special, stats

import bayesmeta as bm
from bayesmeta.estimates.precision import mean_of, quantile_of, sd_of
from bayesmeta.inference.nested.simulation import nested_prior_parameters
from bayesmeta.model import make_design

Array = npt.NDArray[np.float64]

PROBABILITIES = (0.025, 0.25, 0.5, 0.75, 0.975)
NAMED = {"mu": bm.Normal(0, 1.5), "study_effects": bm.NormalEffects(bm.HalfNormal(0.5))}
"""The priors of the references."""
WEIGHED = 150_000
NODES = 20

FULL = [(30, 20, 12, 9), (25, 11, 8, 1), (40, 30, 15, 10), (18, 9, 9, 5), (50, 22, 14, 4)]
SOME = [(20, 14, 5), (24, None, 9), (15, 6, None), (30, 12, 9), (12, None, 7)]


def arms_of(counts: list[tuple[int | None, ...]], outcomes: tuple[str, ...]) -> bm.Arms:
    frame = pd.DataFrame(counts, columns=["n", *outcomes])
    frame["study"] = [f"s{i}" for i in range(len(frame))]
    return bm.Arms(frame, pd.DataFrame(), outcomes=outcomes)


@pytest.mark.slow
@pytest.mark.stored
def test_independent_ratios_are_those_of_one_outcome_each() -> None:
    outcomes = ("ORR", "CR_CRi", "CR")
    arms = arms_of(FULL, outcomes)
    posterior = bm.fit(bm.ModelSpec(correlation=None, **NAMED), arms, seed=31).posterior
    for around, outcome in pairwise(("n", *outcomes)):
        own = pd.DataFrame(
            {"study": arms.studies, "events": arms.frame[outcome], "n": arms.frame[around]}
        )
        one = bm.read_evidence(own).select()
        spec = bm.ModelSpec(**NAMED)
        truth = bm.fit(spec, one, method="quadrature").posterior
        for name in ("mu", "tau"):
            exact = truth.marginal(name)
            draws = posterior[name].sel(outcome=outcome).to_numpy()
            pairs = [(mean_of(draws), exact.mean), (sd_of(draws), exact.sd)]
            pairs += [(quantile_of(draws, p), exact.quantile(p)) for p in PROBABILITIES]
            for found, value in pairs:
                assert abs(found.value - value) <= 4 * found.mcse, (name, outcome, found, value)


class Weighed:
    """Draws from the priors with their posterior weights."""

    def __init__(self, correlation: bm.LKJ | None) -> None:
        rng = np.random.default_rng(5)
        self.values = {
            f"{name} {level}": distribution.rvs(WEIGHED, random_state=rng)
            for name, distribution in (("mu", stats.norm(0, 1.5)), ("tau", stats.halfnorm(0, 0.5)))
            for level in ("ORR", "CR")
        }
        # Of two levels, the LKJ prior is a beta of (1 + r) / 2.
        eta = correlation.eta if correlation else 1.0
        r = 2 * stats.beta(eta, eta).rvs(WEIGHED, random_state=rng) - 1
        self.values["correlation"] = r if correlation else np.zeros(WEIGHED)
        blocks = np.array_split(np.arange(WEIGHED), 100)
        log_weight = np.concatenate([self.log_likelihood(block) for block in blocks])
        weight = np.exp(log_weight - log_weight.max())
        self.weight = weight / weight.sum()

    def log_likelihood(self, block: npt.NDArray[np.int64]) -> Array:
        mu_outer, mu_inner, tau_outer, tau_inner, r = (
            self.values[name][block][:, None, None]
            for name in ("mu ORR", "mu CR", "tau ORR", "tau CR", "correlation")
        )
        x, w = np.polynomial.hermite_e.hermegauss(NODES)
        outer = special.expit(mu_outer + tau_outer * x[:, None])
        both = r * x[:, None] + np.sqrt(1 - r**2) * x
        inner = special.expit(mu_inner + tau_inner * both)
        found = np.zeros(block.size)
        for n, orr, cr in SOME:
            if orr is None:
                likelihood = stats.binom.pmf(cr, n, outer * inner)
            else:
                likelihood = stats.binom.pmf(orr, n, outer)
                if cr is not None:
                    likelihood = likelihood * stats.binom.pmf(cr, orr, inner)
            each = np.broadcast_to(likelihood, (block.size, NODES, NODES))
            found += np.log(np.einsum("i,j,bij->b", w, w, each))
        return found

    def mean(self, values: Array) -> tuple[float, float]:
        """Posterior mean and its own error."""
        mean = float(self.weight @ values)
        return mean, float(np.sqrt(self.weight**2 @ (values - mean) ** 2))

    def check(self, name: str, draws: Array) -> None:
        values = self.values[name]
        found, (mean, error) = mean_of(draws), self.mean(values)
        assert abs(found.value - mean) <= 4 * np.hypot(found.mcse, error), (name, found, mean)
        squares = mean_of((draws - mean) ** 2)
        variance, error = self.mean((values - mean) ** 2)
        assert abs(squares.value - variance) <= 4 * np.hypot(squares.mcse, error), (name, variance)
        for p in PROBABILITIES:
            place = float(np.quantile(draws, p))
            below, (share, error) = (
                mean_of((draws <= place).astype(float)),
                self.mean(values <= place),
            )
            assert abs(below.value - share) <= 4 * np.hypot(below.mcse, error), (name, p, share)


@pytest.mark.slow
@pytest.mark.stored
@pytest.mark.parametrize("correlation", [None, bm.LKJ(1.0), bm.LKJ(2.0)], ids=str)
def test_missing_outcomes_and_correlated_effects_against_brute_force(
    correlation: bm.LKJ | None,
) -> None:
    truth = Weighed(correlation)
    spec = bm.ModelSpec(correlation=correlation, **NAMED)
    fit = bm.fit(spec, arms_of(SOME, ("ORR", "CR")), seed=32)
    for name in ("mu", "tau"):
        for level in ("ORR", "CR"):
            truth.check(f"{name} {level}", fit.posterior[name].sel(outcome=level).to_numpy())
    if correlation is not None:
        truth.check("correlation", fit.posterior["correlation"].to_numpy()[..., 0])


@pytest.mark.parametrize("eta", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("levels", [2, 3, 4])
def test_correlations_before_the_evidence_have_their_known_distribution(
    levels: int, eta: float
) -> None:
    """Each is 2 Beta(a, a) - 1 with a = eta - 1 + levels / 2, by Kolmogorov and Smirnov's test.

    Below 1e-4 by chance once in 10,000 comparisons, of which there are 30.
    """
    outcomes = ("DCR", "ORR", "CR_CRi", "CR")[-levels:]
    arms = arms_of([(0, *[0] * levels)], outcomes)
    design = make_design(bm.ModelSpec(correlation=bm.LKJ(eta)), arms)
    drawn = nested_prior_parameters(design, np.random.default_rng(1), (20_000,))["correlation"]
    distribution = stats.beta(eta - 1 + levels / 2, eta - 1 + levels / 2, loc=-1, scale=2)
    for pair in drawn.T:
        assert stats.kstest(pair, distribution.cdf).pvalue > 1e-4


@pytest.mark.slow
@pytest.mark.stored
def test_without_patients_the_posterior_is_the_prior() -> None:
    arms = arms_of([(0, 0, 0, 0), (0, 0, 0, 0)], ("ORR", "CR_CRi", "CR"))
    posterior = bm.fit(bm.ModelSpec(correlation=bm.LKJ(1.0), **NAMED), arms, seed=33).posterior
    distributions = {
        "mu": stats.norm(0, 1.5),
        "tau": stats.halfnorm(0, 0.5),
        "correlation": stats.beta(1.5, 1.5, loc=-1, scale=2),
    }
    for name, distribution in distributions.items():
        for draws in np.moveaxis(posterior[name].to_numpy(), -1, 0):
            for p in PROBABILITIES:
                found = mean_of((draws <= distribution.ppf(p)).astype(float))
                assert abs(found.value - p) <= 4 * found.mcse, (name, p, found)
