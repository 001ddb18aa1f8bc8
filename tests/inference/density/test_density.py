"""The compiled density, held to formulas written apart from it."""

import ctypes
import functools

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from family import COVARIATES, LEVELS, TAU_PRIORS, combinations, design_of, named
from formulas import derivative, log_posterior, point_at
from hypothesis import given, settings, strategies as st
from scipy import special
from scipy.optimize import brentq

import bayesmeta as bm
from bayesmeta.inference.density.callbacks import value_and_gradient
from bayesmeta.inference.density.coordinates import (
    density_data,
    size,
    starting_point,
    translate,
    variables,
)
from bayesmeta.inference.density.data import DensityData, pack
from bayesmeta.inference.density.effects import digamma
from bayesmeta.inference.density.likelihoods import log_rates
from bayesmeta.inference.density.log_density import (
    density_of,
    family_density,
    log_density,
    usual_density,
)
from bayesmeta.model import Design, make_design
from bayesmeta.model.links import LINKS
from bayesmeta.priors import Prior

Array = npt.NDArray[np.float64]


def random_point(data: DensityData, rng: np.random.Generator) -> Array:
    return starting_point(data, rng) + rng.normal(size=size(data))


def assert_matches_formulas(q: Array, data: DensityData) -> None:
    gradient = np.empty_like(q)
    value = log_density(q, data, gradient)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert value == pytest.approx(np.real(log_posterior(q.astype(complex), data)), rel=1e-10)
    expected = derivative(lambda shifted: log_posterior(shifted, data), q)
    # Components are sums of terms as large as the largest component; that scale sets the rounding.
    assert np.abs(gradient - expected).max() <= 1e-10 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("parts", combinations(), ids=named)
def test_value_and_gradient_of_every_combination(parts: dict[str, object]) -> None:
    data = density_data(design_of(**parts))
    rng = np.random.default_rng(1)
    for _ in range(3):
        assert_matches_formulas(random_point(data, rng), data)


@pytest.mark.parametrize("covariates", COVARIATES)
@pytest.mark.parametrize("tau", TAU_PRIORS, ids=repr)
def test_value_and_gradient_of_every_prior(covariates: str, tau: Prior) -> None:
    data = density_data(design_of(covariates=covariates, study_effects=bm.NormalEffects(tau)))
    rng = np.random.default_rng(1)
    for _ in range(3):
        assert_matches_formulas(random_point(data, rng), data)


@pytest.mark.parametrize("levels", LEVELS, ids=lambda levels: levels.name)
@pytest.mark.parametrize("effects", [bm.NormalEffects(), bm.StudentTEffects(), bm.CommonEffect()])
def test_value_and_gradient_of_every_distribution_of_levels(
    levels: bm.LevelEffects, effects: bm.StudyEffects
) -> None:
    data = density_data(design_of(covariates="levels", levels=levels, study_effects=effects))
    rng = np.random.default_rng(1)
    for _ in range(3):
        assert_matches_formulas(random_point(data, rng), data)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    log_tau=st.floats(np.log(1e-8), np.log(1e3)),
    mu=st.floats(-700, 700),
    counts=st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=5
    ),
    noise=st.integers(0, 2**32 - 1),
    distribution=st.sampled_from(
        [bm.NormalEffects, bm.StudentTEffects, bm.ContaminatedEffects, bm.SkewNormalEffects]
    ),
)
def test_value_and_gradient_at_extreme_points(
    log_tau: float, mu: float, counts: list[tuple[int, int]], noise: int, distribution: type
) -> None:
    ordered = tuple((min(pair), max(pair)) for pair in counts)
    data = density_data(_extreme_design(ordered, distribution))
    q = np.random.default_rng(noise).normal(size=size(data))
    # Under Cauchy(0, 2), mu is twice the hyperbolic sine of half its coordinate.
    q[0], q[1] = 2 * np.arcsinh(mu / 2), unbounded(log_tau)
    assert translate(data, q)["mu"] == pytest.approx(mu, rel=1e-9, abs=1e-9)
    assert translate(data, q)["scalars"][0] == pytest.approx(np.exp(log_tau), rel=1e-9)
    assert_matches_formulas(q, data)


def unbounded(log_tau: float) -> float:
    """The place on the unbounded scale at which tau is exp(log_tau)."""

    def gap(x: float) -> float:
        root = 2 * np.logaddexp(0, x / 2)
        return np.log(0.4) + 2 * np.log(root) - np.logaddexp(0, -x) ** 2 / 2 - log_tau

    return brentq(gap, -50, 5e6, xtol=1e-14)


@functools.cache
def _extreme_design(counts: tuple[tuple[int, int], ...], distribution: type) -> Design:
    import warnings

    frame = pd.DataFrame(counts, columns=["events", "n"]).assign(
        study=[f"s{i}" for i in range(len(counts))]
    )
    spec = bm.ModelSpec(study_effects=distribution(bm.HalfCauchy(1)), mu=bm.Cauchy(0, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bm.ModelWarning)
        return make_design(spec, bm.read_evidence(frame).select())


@pytest.mark.parametrize("covariates", [name for name in COVARIATES if name != "imputed"])
@pytest.mark.parametrize(
    "distribution", [bm.CommonEffect(), bm.NormalEffects(), bm.NormalEffects(by="period")], ids=repr
)
def test_usual_models_have_the_familys_density_to_the_byte(
    covariates: str, distribution: bm.StudyEffects
) -> None:
    data = density_data(design_of(covariates=covariates, study_effects=distribution))
    assert density_of(data) is usual_density
    rng, pointers = np.random.default_rng(1), pack(data)
    for scale in (1, 1, 1, 10):
        point = scale * random_point(data, rng)
        usual, family = (
            value_and_gradient(point, pointers, density)
            for density in (usual_density, family_density)
        )
        assert usual[0] == family[0]
        assert usual[1].tobytes() == family[1].tobytes()


@pytest.mark.parametrize("parts", combinations(), ids=named)
def test_each_model_has_the_density_that_is_compiled_for_it(parts: dict[str, object]) -> None:
    usual = (
        parts["likelihood"] == bm.Binomial()
        and isinstance(parts["study_effects"], bm.CommonEffect | bm.NormalEffects)
        and parts["arm_effects"] is None
        and parts["covariates"] != "imputed"
    )
    found = density_of(density_data(design_of(**parts)))
    assert found is (usual_density if usual else family_density)


@pytest.mark.parametrize("parts", combinations()[::7], ids=named)
def test_pointers_lead_to_the_same_data(parts: dict[str, object]) -> None:
    data = density_data(design_of(**parts))
    places = pack(data).addresses[1:]
    for address, (name, part) in zip(places, data._asdict().items(), strict=True):
        values = (ctypes.c_double * part.size).from_address(int(address))
        assert list(values) == part.ravel().tolist(), name


@pytest.mark.parametrize("parts", combinations(), ids=named)
def test_translation_gives_the_models_own_variables(parts: dict[str, object]) -> None:
    design = design_of(**parts)
    data = density_data(design)
    points = np.stack([random_point(data, np.random.default_rng(i)) for i in range(3)])
    found = variables(design, data, points)
    theta = found["mu"][:, None] + np.zeros(len(design.arms))
    coefficients = np.concatenate(
        [found.get(name, np.zeros((3, 0))) for name in ("beta", "b")], axis=1
    )
    theta += coefficients @ design.matrix.T
    for i, one in enumerate(design.imputed):
        standard = (found["x"][:, one.missing, i] - one.centre) / one.spread
        theta[:, one.missing] += standard * (coefficients @ one.slope.T)
    if "u" in found:
        theta += found["u"][:, design.arms.study_index]
    assert found["theta"] == pytest.approx(theta + found.get("w", 0.0), rel=1e-11)
    expected = [point_at(q.astype(complex), data).theta.real for q in points]
    assert found["theta"] == pytest.approx(np.array(expected), rel=1e-11)
    for scalar, values in zip(design.scalars, translate(data, points)["scalars"].T, strict=True):
        low, high = scalar.prior.support
        assert ((values > low) & (values < high)).all()


@pytest.mark.parametrize("link", LINKS.values(), ids=str)
def test_compiled_links_agree_with_those_of_numpy(link: type[bm.Link]) -> None:
    theta = np.concatenate([np.linspace(-12, 12, 401), [-700.0, -40.0, 40.0]])
    if link is not bm.CLogLog:
        theta = np.append(theta, 700.0)
    log_rate, log_rest = link().log_rates(theta)
    found = np.array([log_rates(link.code, x) for x in theta])
    assert found[:, 0] == pytest.approx(log_rate, rel=1e-12, abs=1e-300)
    assert found[:, 1] == pytest.approx(log_rest, rel=1e-12, abs=1e-300)


def test_normal_tails_against_the_exact_ones() -> None:
    import mpmath

    mpmath.mp.dps = 40
    for x in (-700.0, -40.0, -8.0, -5.001, -4.999, -1.0, -1e-3, 0.0, 2.0, 9.0):
        exact = mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2)
        slope = mpmath.npdf(x) / mpmath.exp(exact)
        value, _, derivative_, _ = log_rates(bm.Probit.code, x)
        assert value == pytest.approx(float(exact), rel=1e-13)
        assert derivative_ == pytest.approx(float(slope), rel=1e-12)


def test_digamma() -> None:
    x = np.geomspace(1e-3, 1e6, 200)
    assert np.array([digamma(value) for value in x]) == pytest.approx(special.digamma(x), rel=1e-12)
