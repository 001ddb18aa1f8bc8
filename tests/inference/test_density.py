"""The compiled density: held to an independent formula, and to the PyMC model that defines it."""

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import brentq

import bayesmeta as bm
from bayesmeta.inference.callbacks import pack, unpack
from bayesmeta.inference.coordinates import density_data, size, starting_point, translate
from bayesmeta.inference.density import DensityData, log_density
from bayesmeta.inference.kernels import TAU_SCALE
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
    beta = (
        {"beta": {"default": bm.Normal(0, 1), "regimen[b]": bm.StudentT(3, 0, 1)}}
        if covariates == "factor"
        else {}
    )
    return make_design(
        bm.ModelSpec(study_effects=effects, covariates=given_, mu=mu, **beta), arms()
    )


def random_point(data: DensityData, rng: np.random.Generator) -> Array:
    return starting_point(data, rng) + rng.normal(size=size(data))


def reference(q: npt.NDArray[np.complex128], data: DensityData) -> np.complex128:
    """The model written out in plain numpy, with the change of variables added at the end."""
    covariates = data.centre.size
    beta = q[1 : 1 + covariates]
    mu = q[0] - data.centre @ beta
    total = log_prior(data.priors[0], mu)
    total += sum(log_prior(data.priors[1 + k], beta[k]) for k in range(covariates))
    # The log-odds of each study if it had the mean rate of its profile.
    means = q[0] + data.study_mean @ beta
    level = means
    if has_effects(data):
        x, z = q[1 + covariates], q[2 + covariates :]
        tau, log_slope = bounded(x, data.tau_bounds)
        total += log_prior(data.priors[-1], tau) + log_slope
        w = tau**2 * data.information / (1 + tau**2 * data.information)
        scale = tau / np.sqrt(1 + tau**2 * data.information)
        level = (1 - w) * means + w * data.log_odds + scale * z
        standard = (
            tau * data.information / (1 + tau**2 * data.information) * (data.log_odds - means)
            + scale / tau * z
        )
        # u ~ Normal(0, tau), and du/dz = scale.
        total += np.sum(-(standard**2) / 2 - np.log(2 * np.pi) / 2 - np.log(tau) + np.log(scale))
    theta = level[data.study.astype(int)] + data.deviation @ beta
    successes = np.array([y * softplus(-t) for y, t in zip(data.events, theta, strict=True)])
    failures = np.array(
        [(n - y) * softplus(t) for y, n, t in zip(data.events, data.n, theta, strict=True)]
    )
    return total + np.sum(data.log_coefficient - successes - failures)


def has_effects(data: DensityData) -> bool:
    return len(data.priors) == data.centre.size + 2


def bounded(x: np.complex128, bounds: Array) -> tuple[np.complex128, np.complex128]:
    """Tau and the log of its derivative at x on the unbounded scale."""
    low, high = bounds
    if np.isfinite(high):
        return low + (high - low) / (1 + np.exp(-x)), np.log(high - low) - softplus(x) - softplus(
            -x
        )
    tau = TAU_SCALE * np.exp(x - softplus(-x) ** 2 / 2)
    return tau, np.log(tau) + np.log(1 + softplus(-x) / (1 + np.exp(x)))


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
    counts=st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=5
    ),
    noise=st.integers(0, 2**32 - 1),
)
def test_value_and_gradient_at_extreme_points(
    log_tau: float, mu: float, counts: list[tuple[int, int]], noise: int
) -> None:
    data = density_data(_extreme_design(tuple((min(pair), max(pair)) for pair in counts)))
    q = np.random.default_rng(noise).normal(size=size(data))
    q[0], q[1] = mu, unbounded(log_tau)
    assert translate(data, q)["tau"] == pytest.approx(np.exp(log_tau), rel=1e-9)
    assert_matches_reference(q, data)


def unbounded(log_tau: float) -> float:
    """The place on the unbounded scale at which tau is exp(log_tau)."""
    return brentq(
        lambda x: np.log(TAU_SCALE) + x - np.logaddexp(0, -x) ** 2 / 2 - log_tau,
        -50,
        50,
        xtol=1e-14,
    )


@functools.cache
def _extreme_design(counts: tuple[tuple[int, int], ...]) -> object:
    import pandas as pd

    frame = pd.DataFrame(counts, columns=["events", "n"]).assign(
        study=[f"s{i}" for i in range(len(counts))]
    )
    spec = bm.ModelSpec(study_effects=bm.NormalEffects(bm.HalfCauchy(1)), mu=bm.Cauchy(0, 2))
    return make_design(spec, bm.read_evidence(frame).select())


def test_the_packed_array_reads_back_as_the_same_data() -> None:
    data = density_data(design_of("both", bm.HalfNormal(0.5)))
    for name, part in unpack(pack(data))._asdict().items():
        assert np.array_equal(part, getattr(data, name)), name


def test_translation_gives_the_models_own_variables() -> None:
    design = design_of("both", bm.Uniform(0.1, 3))
    data = density_data(design)
    found = translate(
        data, np.stack([random_point(data, np.random.default_rng(i)) for i in range(3)])
    )
    rebuilt = (
        found["mu"][:, None]
        + found["beta"] @ design.matrix.T
        + found["u"][:, design.arms.study_index]
    )
    assert found["theta"] == pytest.approx(rebuilt, rel=1e-12)
    assert ((found["tau"] > 0.1) & (found["tau"] < 3)).all()


CONTRACT = [
    *[
        (covariates, tau, MU_PRIORS[0])
        for covariates in COVARIATES
        for tau in (None, bm.HalfNormal(0.5))
    ],
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
    points += [
        _far_point(data, theta, log_tau)
        for theta in (-40.0, 40.0)
        for log_tau in (np.log(1e-8), np.log(1e3))
    ]
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
    if has_effects(data):
        # On a bounded scale a far point lies near a bound instead.
        q[1 + data.centre.size] = (
            unbounded(log_tau) if np.isinf(data.tau_bounds[1]) else np.sign(log_tau) * 8
        )
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
        parts = [
            part.reshape(shape) for part, shape in zip(np.split(values, ends), shapes, strict=True)
        ]
        return float(value(*parts)), np.asarray(slope(*parts))

    return density


def _pymc_coordinates(q: Array, data: DensityData) -> tuple[Array, Array, float, Array]:
    """PyMC's coordinates at q (mu, beta, tau, z), their Jacobian, its log determinant and its gradient.

    PyMC's z is u / tau, and its tau is on the logarithmic or the interval scale.
    """
    covariates = data.centre.size
    place = 1 + covariates
    values, jacobian, log_det_gradient = q.copy(), np.eye(q.size), np.zeros_like(q)
    values[0] = q[0] - data.centre @ q[1:place]
    jacobian[0, 1:place] = -data.centre
    if not has_effects(data):
        return values, jacobian, 0.0, log_det_gradient
    found = translate(data, q)
    tau, information = found["tau"], data.information
    log_tau_slope, own_slope, own_bend = _tau_scales(q[place], tau, data.tau_bounds)
    rest = 1 / (1 + tau**2 * information)
    w_over_tau, root, z = tau * information * rest, np.sqrt(rest), q[place + 1 :]
    gap = data.log_odds - (q[0] + data.study_mean @ q[1:place])
    values[place] = np.log(tau) if np.isinf(data.tau_bounds[1]) else q[place]
    jacobian[place, place] = own_slope
    values[place + 1 :] = w_over_tau * gap + root * z
    rows = np.arange(place + 1, q.size)
    jacobian[rows, rows] = root
    jacobian[rows, 0] = -w_over_tau
    jacobian[rows, 1:place] = -w_over_tau[:, None] * data.study_mean
    w = 1 - rest
    jacobian[rows, place] = (w_over_tau * (1 - 2 * w) * gap - root * w * z) * log_tau_slope
    log_det_gradient[place] = -w.sum() * log_tau_slope + own_bend
    return values, jacobian, float(np.log(root).sum() + np.log(own_slope)), log_det_gradient


def _tau_scales(x: float, tau: float, bounds: Array) -> tuple[float, float, float]:
    """d log(tau) / dx; the slope of PyMC's own scale in x; the derivative of its logarithm."""
    if np.isinf(bounds[1]):
        soft, share = np.logaddexp(0, -x), 1 / (1 + np.exp(x))
        rate = 1 + soft * share
        return rate, rate, -(share**2 + soft * share * (1 - share)) / rate
    share = 1 / (1 + np.exp(-x))
    return (bounds[1] - bounds[0]) * share * (1 - share) / tau, 1.0, 0.0
