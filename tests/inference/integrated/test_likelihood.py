"""Studies' integrated likelihood from a design: held to simulated effects, for the whole family."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from family import arms as family_arms, combinations, design_of, distributions, likelihoods, named
from scipy.special import logsumexp

import bayesmeta as bm
from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.inference.quadrature.study import integrated_log_likelihood
from bayesmeta.inference.simulation import log_likelihood, prior_effects, prior_parameters
from bayesmeta.model import Design

pytestmark = pytest.mark.stored("tests/inference/density")

Array = npt.NDArray[np.float64]

DRAWS = 20_000


def parameters_of(design: Design, seed: int, draws: int) -> dict[str, Array]:
    return prior_parameters(design, np.random.default_rng(seed), (draws,))


def by_study(design: Design, per_arm: Array) -> Array:
    index = design.arms.study_index
    studies = range(len(design.arms.studies))
    return np.stack([per_arm[..., index == s].sum(axis=-1) for s in studies], axis=-1)


def assert_simulated(design: Design, seed: int) -> None:
    """The likelihood given effects, averaged over effects drawn, is the integrated one."""
    # Where the evidence is likely: elsewhere a few drawn effects would decide on the average.
    candidates = parameters_of(design, seed, 25)
    best = int(np.argmax(study_log_likelihood(design, candidates).sum(axis=-1)))
    one = {name: value[best] for name, value in candidates.items()}
    many = {name: np.broadcast_to(value, (DRAWS, *value.shape)) for name, value in one.items()}
    effects = prior_effects(design, many, np.random.default_rng(seed), (DRAWS,))
    drawn = by_study(design, log_likelihood(design, {**many, **effects}))
    exact = study_log_likelihood(design, one)
    ratio = np.exp(drawn - exact)
    error = ratio.std(axis=0) / np.sqrt(DRAWS) + 1e-9
    # Of about 250 designs of 5 studies one is as far out as 5 by chance once in 1,500 runs.
    assert np.all(np.abs(ratio.mean(axis=0) - 1) < 5 * error)


@pytest.mark.parametrize(
    "distribution",
    distributions(),
    ids=lambda distribution: f"{distribution.name}{distribution.by or ''}",
)
@pytest.mark.parametrize("covariates", ["imputed", "shares"])
def test_distributions_against_simulated_effects(
    distribution: bm.StudyEffects, covariates: str
) -> None:
    assert_simulated(design_of(study_effects=distribution, covariates=covariates), 3)


@pytest.mark.parametrize(
    "mu", [bm.Normal(0.3, 0.8), bm.StudentT(5, -0.5, 0.7), bm.Cauchy(0, 0.4)], ids=str
)
def test_independent_studies_of_any_prior(mu: bm.Prior) -> None:
    assert_simulated(design_of(study_effects=bm.IndependentStudies(), mu=mu), 4)


@pytest.mark.slow
@pytest.mark.parametrize("parts", combinations(), ids=named)
def test_every_combination_against_simulated_effects(parts: dict[str, object]) -> None:
    assert_simulated(design_of(**parts), 5)


@pytest.mark.parametrize("likelihood", likelihoods(), ids=lambda one: f"{one.name}-{one.link.name}")
def test_studies_left_out_have_the_values_of_the_whole(likelihood: bm.Likelihood) -> None:
    distribution = bm.NormalEffects(by="period")
    whole = design_of(study_effects=distribution, covariates="imputed", likelihood=likelihood)
    variables = parameters_of(whole, 6, 5)
    together = study_log_likelihood(whole, variables)
    names = [one.name for one in whole.imputed]
    for s, study in enumerate(whole.arms.studies):
        others = (whole.arms.frame["study"] != study).to_numpy()
        alone = replace(whole, arms=whole.arms.drop(others, "left in"))
        found = study_log_likelihood(alone, variables, imputed=names)
        np.testing.assert_allclose(found[:, 0], together[:, s], rtol=1e-9, atol=1e-9)


def test_shapes_and_order_of_arms() -> None:
    design = design_of(study_effects=bm.StudentTEffects(), covariates="factor")
    variables = parameters_of(design, 7, 6)
    folded = {name: values.reshape(2, 3, *values.shape[1:]) for name, values in variables.items()}
    flat = study_log_likelihood(design, variables)
    shaped = study_log_likelihood(design, folded)
    np.testing.assert_allclose(shaped, flat.reshape(2, 3, -1), rtol=1e-12)
    point = study_log_likelihood(design, {name: values[0] for name, values in variables.items()})
    np.testing.assert_allclose(point, flat[0], rtol=1e-12)
    turned = bm.Arms(family_arms().frame.iloc[::-1], family_arms().excluded)
    backwards = study_log_likelihood(replace(design, arms=turned), variables)
    np.testing.assert_allclose(backwards, flat[:, ::-1], rtol=1e-12)


def test_grid_has_the_same_likelihood() -> None:
    design = design_of(covariates="none")
    variables = parameters_of(design, 8, 4)
    found = study_log_likelihood(design, variables)
    frame = design.arms.frame.groupby("study", sort=False)[["events", "n"]].sum()
    common = study_log_likelihood(design_of(study_effects=bm.CommonEffect()), variables)
    for d in range(4):
        eta = variables["mu"][d : d + 1]
        for s, (events, n) in enumerate(frame.to_numpy(dtype=np.float64)):
            counts = np.array([events]), np.array([n])
            tau = float(variables["tau"][d])
            kernel = [integrated_log_likelihood(eta, one, *counts) for one in (tau, 0.0)]
            assert found[d, s] - common[d, s] == pytest.approx(kernel[0] - kernel[1], abs=1e-9)


def test_all_outcomes_of_a_study_add_to_one() -> None:
    frame = pd.DataFrame(
        {"study": "s", "arm": ["a", "b"], "events": [0, 0], "n": [3, 4], "age": [1.0, 2.0]}
    )
    design = design_of(arm_effects=bm.ArmEffects(), covariates="number")
    variables, total = parameters_of(design, 9, 3), []
    for a in range(4):
        for b in range(5):
            arms = bm.read_evidence(frame.assign(events=[a, b])).select()
            total.append(study_log_likelihood(replace(design, arms=arms), variables)[:, 0])
    np.testing.assert_allclose(logsumexp(total, axis=0), 0.0, atol=1e-8)


def test_columns_of_missing_values_must_be_named() -> None:
    whole = design_of(covariates="imputed")
    variables = parameters_of(whole, 10, 2)
    one = replace(whole, arms=whole.arms.drop((whole.arms.frame["study"] != "s2").to_numpy(), "x"))
    with pytest.raises(bm.SettingsError, match="`imputed` must name the 2 columns of `x_mean`"):
        study_log_likelihood(one, variables)
    with pytest.raises(bm.SettingsError, match="among them dose"):
        study_log_likelihood(one, variables, imputed=["prior", "age"])
