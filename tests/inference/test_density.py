"""The compiled density: held to an independent formula, and to the PyMC model that defines it."""

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayesmeta as bm
from bayesmeta.inference.coordinates import density_data, size, starting_point, translate
from bayesmeta.inference.density import DensityData, log_density, pack, unpack
from bayesmeta.model import make_design
from bayesmeta.model.build import build_design
from bayesmeta.priors import Prior, Shape

Array = npt.NDArray[np.float64]

COVARIATES = {
    "none": bm.Covariates(),
    "factor": bm.Covariates("regimen", {"regimen": "a"}),
    "number": bm.Covariates("age"),
    "both": bm.Covariates("regimen * age", {"regimen": "a"}, centre={"age": 60}),
}
TAU_PRIORS: list[Prior | None] = [
    None,
    bm.HalfNormal(0.5),
    bm.HalfStudentT(3, 1),
    bm.HalfCauchy(0.7),
    bm.LogNormal(-1, 0.8),
    bm.Exponential(2),
    bm.Uniform(0, 2),
    bm.Uniform(0.1, 3),
    bm.Gamma(0.5, 4),
    bm.InverseGamma(3, 1),
]
MU_PRIORS: list[Prior] = [bm.Normal(0.2, 1.5), bm.StudentT(4, -0.5, 2), bm.Cauchy(0, 2.5)]


def arms() -> bm.Arms:
    """Studies of one to three arms, with zero, full and empty cells."""
    import pandas as pd

    frame = pd.DataFrame(
        {
            "study": ["s1", "s1", "s2", "s3", "s4", "s4", "s4", "s5"],
            "arm": ["a", "b", "a", "a", "a", "b", "c", "a"],
            "events": [3, 5, 0, 12, 2, 7, 0, 100],
            "n": [10, 20, 8, 12, 9, 15, 0, 400],
            "regimen": ["a", "b", "a", "c", "b", "a", "c", "a"],
            "age": [61, 60.5, 70, 55, 48, 66, 50, 71],
        }
    )
    return bm.read_evidence(frame).select()


def design_of(covariates: str, tau: Prior | None, mu: Prior = MU_PRIORS[0]) -> object:
    effects = bm.CommonEffect() if tau is None else bm.NormalEffects(tau)
    given_ = COVARIATES[covariates]
    beta = {"beta": {"default": bm.Normal(0, 1), "regimen[b]": bm.StudentT(3, 0, 1)}} if covariates == "factor" else {}
    return make_design(bm.ModelSpec(study_effects=effects, covariates=given_, mu=mu, **beta), arms())


def random_point(data: DensityData, rng: np.random.Generator) -> Array:
    return starting_point(data, rng) + rng.normal(size=size(data))


def reference(q: npt.NDArray[np.complex128], data: DensityData) -> np.complex128:
    """The model written out in plain numpy, with the change of variables added at the end."""
    covariates = data.centre.size
    beta = q[1 : 1 + covariates]
    mu = q[0] - data.centre @ beta
    total = log_prior(data.priors[0], mu)
    total += sum(log_prior(data.priors[1 + k], beta[k]) for k in range(covariates))
    theta = mu + (data.centred + data.centre) @ beta
    if data.weight.size:
        x, z = q[1 + covariates], q[2 + covariates :]
        low, high = data.tau_bounds
        if np.isinf(high):
            tau, log_slope = np.exp(x), x
        else:
            tau = low + (high - low) / (1 + np.exp(-x))
            log_slope = np.log(high - low) - softplus(x) - softplus(-x)
        total += log_prior(data.priors[-1], tau) + log_slope
        mean = q[0] + data.study_mean @ beta
        u = np.exp((1 - data.weight) * np.log(tau)) * (z - data.weight * mean)
        standard = np.exp(-data.weight * np.log(tau)) * (z - data.weight * mean)
        # u ~ Normal(0, tau), and du/dz = tau ** (1 - weight).
        total += np.sum(-(standard**2) / 2 - np.log(2 * np.pi) / 2 - data.weight * np.log(tau))
        theta = theta + u[data.study.astype(int)]
    successes = np.array([y * softplus(-t) for y, t in zip(data.events, theta, strict=True)])
    failures = np.array([(n - y) * softplus(t) for y, n, t in zip(data.events, data.n, theta, strict=True)])
    return total + np.sum(data.log_coefficient - successes - failures)


def softplus(x: np.complex128) -> np.complex128:
    return x + np.log1p(np.exp(-x)) if x.real > 0 else np.log1p(np.exp(x))


def log_prior(kernel: Array, x: np.complex128) -> np.complex128:
    shape, a, b, c, constant = kernel
    if shape == Shape.NORMAL:
        return constant - ((x - a) / b) ** 2 / 2
    if shape == Shape.STUDENT_T:
        return constant - (c + 1) / 2 * np.log1p(((x - a) / b) ** 2 / c)
    if shape == Shape.LOG_NORMAL:
        return constant - np.log(x) - ((np.log(x) - a) / b) ** 2 / 2
    if shape == Shape.GAMMA:
        return constant + (a - 1) * np.log(x) - b * x
    if shape == Shape.INVERSE_GAMMA:
        return constant - (a + 1) * np.log(x) - b / x
    return constant


def reference_gradient(q: Array, data: DensityData) -> Array:
    """Derivatives by the complex step, exact to rounding."""
    step = 1e-150
    shifts = q + 1j * step * np.eye(q.size)
    return np.array([reference(shifted, data).imag / step for shifted in shifts])


def assert_matches_reference(q: Array, data: DensityData) -> None:
    gradient = np.empty_like(q)
    value = log_density(q, data, gradient)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert value == pytest.approx(reference(q.astype(complex), data).real, rel=1e-10)
    expected = reference_gradient(q, data)
    # Components are sums of terms as large as the largest component; that scale sets the rounding.
    assert np.abs(gradient - expected).max() <= 1e-10 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("covariates", COVARIATES)
@pytest.mark.parametrize("tau", TAU_PRIORS, ids=repr)
def test_value_and_gradient_at_random_points(covariates: str, tau: Prior | None) -> None:
    data = density_data(design_of(covariates, tau))
    rng = np.random.default_rng(1)
    for _ in range(25):
        assert_matches_reference(random_point(data, rng), data)


@settings(max_examples=300, deadline=None)
@given(
    log_tau=st.floats(np.log(1e-8), np.log(1e3)),
    mu=st.floats(-700, 700),
    counts=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=5),
    noise=st.integers(0, 2**32 - 1),
)
def test_value_and_gradient_at_extreme_points(log_tau: float, mu: float, counts: list[tuple[int, int]], noise: int) -> None:
    data = density_data(_extreme_design(tuple((min(pair), max(pair)) for pair in counts)))
    rng = np.random.default_rng(noise)
    q = rng.normal(size=size(data))
    q[0], q[1] = mu, log_tau
    # Effects of a few tau: z = w M + tau**w times a standard normal.
    q[2:] = data.weight * mu + np.exp(data.weight * log_tau) * q[2:]
    assert_matches_reference(q, data)


@functools.cache
def _extreme_design(counts: tuple[tuple[int, int], ...]) -> object:
    import pandas as pd

    frame = pd.DataFrame(counts, columns=["events", "n"]).assign(study=[f"s{i}" for i in range(len(counts))])
    spec = bm.ModelSpec(study_effects=bm.NormalEffects(bm.HalfCauchy(1)), mu=bm.Cauchy(0, 2))
    return make_design(spec, bm.read_evidence(frame).select())


def test_the_packed_array_reads_back_as_the_same_data() -> None:
    data = density_data(design_of("both", bm.HalfNormal(0.5)))
    for name, part in unpack(pack(data))._asdict().items():
        assert np.array_equal(part, getattr(data, name)), name


def test_translation_gives_the_models_own_variables() -> None:
    design = design_of("both", bm.Uniform(0.1, 3))
    data = density_data(design)
    found = translate(data, np.stack([random_point(data, np.random.default_rng(i)) for i in range(3)]))
    rebuilt = (
        found["mu"][:, None] + found["beta"] @ design.matrix.T + found["u"][:, design.arms.study_index]
    )
    assert found["theta"] == pytest.approx(rebuilt, rel=1e-12)
    assert ((found["tau"] > 0.1) & (found["tau"] < 3)).all()


CONTRACT = [
    *[(covariates, tau, MU_PRIORS[0]) for covariates in COVARIATES for tau in (None, bm.HalfNormal(0.5))],
    *[("none", tau, MU_PRIORS[1]) for tau in TAU_PRIORS[2:]],
    *[("number", bm.HalfNormal(1), mu) for mu in MU_PRIORS],
]


@pytest.mark.parametrize(("covariates", "tau", "mu"), CONTRACT, ids=str)
def test_contract_with_the_pymc_definition(covariates: str, tau: Prior | None, mu: Prior) -> None:
    """Value and gradient of both, joined by the Jacobian of the sampler's coordinates."""
    design = design_of(covariates, tau, mu)
    data = density_data(design)
    definition = _pymc_density(build_design(design))
    rng = np.random.default_rng(7)
    points = [random_point(data, rng) for _ in range(6)]
    points += [_far_point(data, theta, log_tau) for theta in (-40.0, 40.0) for log_tau in (np.log(1e-8), np.log(1e3))]
    for q in points:
        values, jacobian, log_det, log_det_gradient = _pymc_coordinates(q, data)
        value, slope = definition(values)
        gradient = np.empty_like(q)
        assert log_density(q, data, gradient) == pytest.approx(value + log_det, rel=1e-9)
        expected = jacobian.T @ slope + log_det_gradient
        assert np.abs(gradient - expected).max() <= 1e-9 * max(1.0, np.abs(expected).max())


def _far_point(data: DensityData, theta: float, log_tau: float) -> Array:
    q = np.full(size(data), 0.1)
    q[0] = theta
    if data.weight.size:
        place = 1 + data.centre.size
        # On a bounded scale a far point lies near a bound instead.
        q[place] = log_tau if np.isinf(data.tau_bounds[1]) else np.sign(log_tau) * 8
        tau = translate(data, q)["tau"]
        mean = theta + data.study_mean @ q[1:place]
        q[place + 1 :] = data.weight * mean + 0.3 * tau**data.weight
    return q


def _pymc_density(model: object) -> Callable[[Array], tuple[float, Array]]:
    """Value and gradient of a PyMC model at its own coordinates, in the order of its variables."""
    from pytensor.compile.mode import get_mode

    free = model.free_RVs
    variables = [model.rvs_to_values[variable] for variable in free]
    # As nutpie compiles it: without stabilising, log(1 - sigmoid(40)) is minus infinity.
    mode = get_mode("FAST_COMPILE").including("canonicalize", "stabilize")
    value = model.compile_fn(model.logp(), inputs=variables, mode=mode, point_fn=False)
    slope = model.compile_fn(model.dlogp(free), inputs=variables, mode=mode, point_fn=False)
    shapes = [np.shape(model.initial_point()[variable.name]) for variable in variables]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def density(values: Array) -> tuple[float, Array]:
        parts = [part.reshape(shape) for part, shape in zip(np.split(values, ends), shapes, strict=True)]
        return float(value(*parts)), np.asarray(slope(*parts))

    return density


def _pymc_coordinates(q: Array, data: DensityData) -> tuple[Array, Array, float, Array]:
    """PyMC's coordinates at q (mu, beta, tau, z), their Jacobian, and the log determinant with its gradient."""
    covariates, studies = data.centre.size, data.weight.size
    place = 1 + covariates
    values, jacobian = q.copy(), np.eye(q.size)
    values[0] = q[0] - data.centre @ q[1:place]
    jacobian[0, 1:place] = -data.centre
    if not studies:
        return values, jacobian, 0.0, np.zeros_like(q)
    found = translate(data, q)
    tau, weight = found["tau"], data.weight
    slope = _log_tau_slope(q[place], data.tau_bounds)
    values[place + 1 :] = found["u"] / tau
    rows = np.arange(place + 1, q.size)
    jacobian[rows, rows] = tau**-weight
    jacobian[rows, 0] = -weight * tau**-weight
    jacobian[rows, 1:place] = -(weight * tau**-weight)[:, None] * data.study_mean
    jacobian[rows, place] = -weight * values[place + 1 :] * slope
    gradient = np.zeros_like(q)
    gradient[place] = -weight.sum() * slope
    return values, jacobian, float(-weight.sum() * np.log(tau)), gradient


def _log_tau_slope(x: float, bounds: Array) -> float:
    if np.isinf(bounds[1]):
        return 1.0
    share = 1 / (1 + np.exp(-x))
    width = bounds[1] - bounds[0]
    return width * share * (1 - share) / (bounds[0] + width * share)
