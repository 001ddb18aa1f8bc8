"""One trial: ranks, and predictive probabilities that are those of `predict`."""

import numpy as np
import pytest
from scipy.special import logit

import bayesmeta as bm
from bayesmeta.calibration import all_cases
from bayesmeta.calibration.case import Case
from bayesmeta.calibration.trials import RANKS, _rank, _up_to, run_trial, seed_of
from bayesmeta.inference.simulation import prior_draws
from bayesmeta.model import Design

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


@pytest.mark.parametrize("distribution", ["normal", "student_t"])
def test_a_trial_of_levels_ranks_each_level_and_rates_of_known_and_new_ones(
    distribution: str,
) -> None:
    case = CASES[f"levels-{distribution}-10-two_terms"]
    trial = run_trial(case, case.designs, seed_of(case, 1, 0), from_prior)
    profiles = ("group=g1, regimen=r1", "group=g1, regimen=NEW", "group=NEW, regimen=NEW")
    regimens = [f"g{(k + 1) // 2}/r{k}" for k in range(1, 7)]
    assert set(trial.ranks) == {
        "mu",
        "tau",
        "sigma[group]",
        "sigma[group:regimen]",
        *(f"b[group[g{k}]]" for k in (1, 2, 3)),
        *(f"b[group:regimen[{regimen}]]" for regimen in regimens),
        *(f"{name}[{own}]" for name in ("typical_rate", "new_study_rate") for own in profiles),
        "log_likelihood",
    }
    assert tuple(trial.predicted) == profiles


def rates_of_two(name: str) -> tuple[Case, Design, dict[str, np.ndarray]]:
    """Return a case, its design, and 40,000 equal draws of it with mu 0 and known scales."""
    case = CASES[name]
    design, _ = case.designs
    one = prior_draws(design, np.random.default_rng(1), ())
    fixed = {"mu": np.zeros(()), "tau": np.array(0.6)}
    fixed["sigma"] = 0.8 * np.ones(len(design.level_effects))
    draws = {key: np.stack([value] * 40_000) for key, value in (one | fixed).items()}
    return case, design, draws


def test_a_new_level_is_drawn_and_a_known_one_kept() -> None:
    case, design, draws = rates_of_two("levels-normal-10-slopes")
    rng = np.random.default_rng(1)
    known, new = map(logit, case.typical_rates(design, draws, rng).values())
    at = [design.coding.level_names.index(f"{term}[r1]") for term in ("regimen", "dose|regimen")]
    slope = draws["beta"][0, 0] + draws["b"][0, at[1]]
    assert known == pytest.approx(draws["b"][0, at[0]] + slope, rel=1e-9)
    assert new.mean() == pytest.approx(draws["beta"][0, 0], abs=0.03)
    # At a dose 1 above its centre; standard errors are 0.004 and 0.006: five of them.
    assert new.std() == pytest.approx(0.8 * np.sqrt(2), abs=0.02)
    _, study = map(logit, case.random_rates(design, draws, rng).values())
    assert study.std() == pytest.approx(np.sqrt(2 * 0.8**2 + 0.6**2), abs=0.025)


def test_a_typical_study_has_no_slope_of_its_own_and_a_new_study_has() -> None:
    case, design, draws = rates_of_two("totals-10-exposure_by_study")
    rng = np.random.default_rng(1)
    [typical] = map(logit, case.typical_rates(design, draws, rng).values())
    assert typical == pytest.approx(draws["beta"][0, 0], rel=1e-9)
    [study] = map(logit, case.random_rates(design, draws, rng).values())
    # The standard error is 0.0035: five of them.
    assert study.std() == pytest.approx(1.0, abs=0.018)


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
    case = Case("pooled", "pooled", design.spec, len(design.arms.studies))
    rates = case.predicted_rates(design, draws_of(pooled_fit), np.random.default_rng(1))[""]
    at_most_rate = float((rates <= 0.4).mean())
    fewer, at_most = _up_to(18, rates)
    prediction = bm.predict(pooled_fit, n=40, seed=1)
    assert at_most_rate == pytest.approx(prediction.probability(rate_below=0.4), abs=1e-4)
    assert fewer == pytest.approx(prediction.probability(events_at_most=17), abs=1e-4)
    assert at_most == pytest.approx(prediction.probability(events_at_most=18), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("regimen", ["r1", bm.NEW])
def test_predictions_at_levels_are_those_of_predict(regimen: str) -> None:
    case = CASES["levels-exnex-10-one_term"]
    design, _ = case.designs
    seen = case.observed(design, design.arms.n // 3)
    fit = bm.fit(case.spec, seen.arms, seed=1)
    drawn = case.predicted_rates(seen, draws_of(fit), np.random.default_rng(1))
    rates = drawn[f"regimen={regimen}"]
    prediction = bm.predict(fit, n=40, profile={"regimen": regimen}, seed=1)
    expected = prediction.probability(rate_below=0.4)
    assert float((rates <= 0.4).mean()) == pytest.approx(expected, abs=1e-4)


def draws_of(fit: bm.Fit) -> dict[str, np.ndarray]:
    """Return the variables of a fit, dims (draw, ...)."""
    return {
        name: values.to_numpy().reshape(-1, *values.shape[2:])
        for name, values in fit.posterior.items()
    }
