"""One trial: ranks, and predictive probabilities that are those of `predict`."""

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.calibration import all_cases
from bayesmeta.calibration.case import Case
from bayesmeta.calibration.trials import RANKS, _rank, _up_to, run_trial, seed_of
from bayesmeta.inference.simulation import prior_draws

CASES = {case.name: case for case in all_cases()}


def from_prior(design, settings, seed):
    """A sampler that is right where evidence says nothing: it draws from the prior."""
    rng = np.random.default_rng(seed)
    drawn = prior_draws(design, rng, (1, settings.draws))
    return drawn, {"diverging": np.zeros((1, settings.draws), dtype=bool)}


def test_ranks_run_from_the_lowest_to_the_highest() -> None:
    rng = np.random.default_rng(1)
    draws = np.arange(1.0, RANKS)
    assert [_rank(np.array(true), draws, rng) for true in (0.5, 1.5, 99.5)] == [0, 1, RANKS - 1]


def test_ties_are_broken_evenly() -> None:
    rng = np.random.default_rng(1)
    draws = np.array([0.0, 1.0, 1.0, 2.0])
    found = np.bincount([_rank(np.array(1.0), draws, rng) for _ in range(600)], minlength=5)
    assert (found[[0, 4]] == 0).all()
    # 200 each; 3.7 standard deviations are 43: p = 6e-4 for the three together.
    assert (np.abs(found[1:4] - 200) < 43).all()


def test_a_trial_ranks_every_parameter_and_is_reproducible() -> None:
    case = CASES["distribution-normal-10-factor"]
    trial = run_trial(case, case.designs, seed_of(case, 1, 0), from_prior)
    assert set(trial.ranks) == {
        "mu",
        "beta[regimen[b]]",
        "beta[regimen[c]]",
        "tau",
        "new_study_rate",
        "log_likelihood",
    }
    assert all(0 <= rank < RANKS for rank in trial.ranks.values())
    [predicted] = trial.predicted.values()
    assert 0 <= predicted.fewer <= predicted.at_most <= 1
    assert run_trial(case, case.designs, seed_of(case, 1, 0), from_prior) == trial
    assert run_trial(case, case.designs, seed_of(case, 1, 1), from_prior) != trial


def test_a_nested_trial_ranks_every_parameter_of_each_outcome() -> None:
    case = CASES["nested-correlated-10-factor"]
    trial = run_trial(case, case.designs, seed_of(case, 1, 0), from_prior)
    outcomes = ("ORR", "CR_CRi", "CR")
    assert set(trial.ranks) == {
        *(f"{name}[{outcome}]" for name in ("mu", "tau", "new_study_rate") for outcome in outcomes),
        *(f"beta[{outcome}, regimen[{level}]]" for outcome in outcomes for level in "bc"),
        "correlation[ORR, CR_CRi]",
        "correlation[ORR, CR]",
        "correlation[CR_CRi, CR]",
        "log_likelihood",
    }
    assert tuple(trial.predicted) == outcomes
    assert all(0 <= own.fewer <= own.at_most <= 1 for own in trial.predicted.values())
    assert run_trial(case, case.designs, seed_of(case, 1, 0), from_prior) == trial
    case = CASES["nested-independent-3-none"]
    trial = run_trial(case, case.designs, seed_of(case, 1, 0), from_prior)
    assert len(trial.ranks) == 3 * 3 + 1


def test_new_studies_of_nested_outcomes_have_correlated_effects() -> None:
    case = CASES["nested-correlated-3-none"]
    design, _ = case.designs
    draws, tau = 40_000, np.array([0.5, 1.0, 2.0])
    correlation = np.array([0.6, -0.3, 0.2])
    variables = {
        "mu": np.zeros((draws, 3)),
        "tau": np.tile(tau, (draws, 1)),
        "correlation": np.tile(correlation, (draws, 1)),
    }
    rates = np.array([*case.random_rates(design, variables, np.random.default_rng(1)).values()])
    ratios = rates / np.array([np.ones(draws), *rates[:-1]])
    u = np.log(ratios / (1 - ratios))
    # Standard errors are 0.005 and less; 5 of them: p < 1e-5 for all together.
    assert np.corrcoef(u)[np.triu_indices(3, 1)] == pytest.approx(correlation, abs=0.025)
    assert u.std(axis=1) == pytest.approx(tau, rel=0.02)


def test_divergences_are_tried_again_at_a_higher_acceptance() -> None:
    case = CASES["distribution-normal-3-none"]
    asked = []

    def diverging(design, settings, seed):
        asked.append(settings.target_accept)
        drawn, statistics = from_prior(design, settings, seed)
        return drawn, {"diverging": statistics["diverging"] | (len(asked) == 1)}

    trial = run_trial(case, case.designs, seed_of(case, 1, 0), diverging)
    assert asked == [0.9, 0.99]
    assert trial.divergent
    assert not trial.still_divergent


@pytest.mark.slow
def test_predictive_probabilities_are_those_of_predict(pooled_fit: bm.Fit) -> None:
    design = pooled_fit.design
    draws = {
        name: values.to_numpy().reshape(-1, *values.shape[2:])
        for name, values in pooled_fit.posterior.items()
    }
    case = Case("pooled", "pooled", design.spec, len(design.arms.studies))
    rates = case.predicted_rates(design, draws, np.random.default_rng(1))[""]
    at_most_rate = float((rates <= 0.4).mean())
    fewer, at_most = _up_to(18, rates)
    prediction = bm.predict(pooled_fit, n=40, seed=1)
    assert at_most_rate == pytest.approx(prediction.probability(rate_below=0.4), abs=1e-4)
    assert fewer == pytest.approx(prediction.probability(events_at_most=17), abs=1e-4)
    assert at_most == pytest.approx(prediction.probability(events_at_most=18), abs=1e-4)
