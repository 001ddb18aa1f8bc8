"""The study effect integrated out: held to mpmath, to identities of probability, and to itself."""

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st
from scipy.integrate import quad
from scipy.special import gammaln, log_expit

from bayesmeta.inference.quadrature.study import integrated_log_likelihood

Array = npt.NDArray[np.float64]
Counts = tuple[float, ...]


def arrays(*values: Counts) -> list[Array]:
    return [np.array(value, dtype=np.float64) for value in values]


def log_likelihood(
    eta: Counts, tau: float, events: Counts, n: Counts, refinement: int = 0
) -> float:
    predictor, y, patients = arrays(eta, events, n)
    return integrated_log_likelihood(predictor, tau, y, patients, refinement)


def power_of_rate(
    power: int, eta: Counts, tau: float, events: Counts, n: Counts, refinement: int = 0
) -> Array:
    """Return the mean of a power of each arm's rate given the counts: so many more respond."""
    alone, more = log_likelihood(eta, tau, events, n, refinement), (float(power),)
    joint = [
        log_likelihood((*eta, arm), tau, (*events, *more), (*n, *more), refinement) for arm in eta
    ]
    return np.exp(np.array(joint) - alone)


# eta, tau, events, n; log integral; means and variances of the rates given the counts.
# By mpmath 1.4 with 30 digits: tanh-sinh quadrature between the points where the log integrand,
# evaluated with 30 digits as well, has fallen by 0.2, 1, 2, 4, 7, 12, 20, 30, 45 and 65.
PINNED = [
    (
        (0.3,),
        0.5,
        (12.0,),
        (40.0,),
        -26.84471238306719,
        (0.37989618771601996,),
        (0.004043218049724433,),
    ),
    (
        (-1.0,),
        1e-08,
        (3.0,),
        (20.0,),
        -9.265233750364457,
        (0.2689414213699951,),
        (3.8656252292951384e-18,),
    ),
    (
        (0.3,),
        1000.0,
        (0.0,),
        (1.0,),
        -0.6933865741832238,
        (0.0007980742434533458,),
        (0.00039840031893935196,),
    ),
    (
        (0.3,),
        1000.0,
        (50.0,),
        (50.0,),
        -0.6964872630436334,
        (0.9999839890728187,),
        (3.13684710879875e-07,),
    ),
    (
        (-2.0,),
        3.0,
        (0.0,),
        (50.0,),
        -1.4947587613934088,
        (0.008320572677789344,),
        (0.000131746183248418,),
    ),
    (
        (-2.0,),
        10.0,
        (0.0,),
        (1000000.0,),
        -2.2122629816420694,
        (1.699461257931213e-07,),
        (1.6179705735406826e-13,),
    ),
    (
        (2.0,),
        1.0,
        (1.0,),
        (1000000.0,),
        -113.33999894348628,
        (1.419572593070087e-05,),
        (1.3263231217741986e-11,),
    ),
    (
        (0.0,),
        0.2,
        (499999.0,),
        (1000000.0,),
        -693151.7857778791,
        (0.4999990000999901,),
        (2.499747525240002e-07,),
    ),
    ((700.0,), 1.0, (0.0,), (20.0,), -13800.0, (1.0,), (0.0,)),
    ((-700.0,), 3.0, (7.0,), (20.0,), -4679.5, (2.035823842100685e-275,), (0.0,)),
    (
        (700.0,),
        100.0,
        (0.0,),
        (20.0,),
        -27.634001115423654,
        (0.0035856200244334924,),
        (0.00016989783838784996,),
    ),
    ((-50.0,), 2.0, (2.0,), (3.0,), -92.0, (4.248354255291585e-18,), (9.673669546547098e-34,)),
    (
        (0.3, -1.2),
        0.7,
        (3.0, 9.0),
        (10.0, 40.0),
        -29.39654241471073,
        (0.503253358659561, 0.1888261948050959),
        (0.005704041583878006, 0.002173543229593247),
    ),
    (
        (0.3, -1.2, 4.0),
        5.0,
        (0.0, 0.0, 0.0),
        (10.0, 40.0, 1.0),
        -1.7194235933832056,
        (0.0069148797884847815, 0.0015857685082098201, 0.14991087871244424),
        (0.00018609162646153943, 1.0514768285892734e-05, 0.034727730506114926),
    ),
    (
        (1.0, -3.0, 0.5),
        2.0,
        (5.0, 0.0, 0.0),
        (5.0, 30.0, 0.0),
        -4.192458727532521,
        (0.6987319111082843, 0.05095545558398109, 0.5938969815807591),
        (0.015564089266615077, 0.0008933499655096227, 0.019415930464275775),
    ),
    (
        (0.5,),
        20.0,
        (1.0,),
        (2.0,),
        -3.9190663799205505,
        (0.5006199259795421,),
        (0.082919921250898,),
    ),
    ((0.4,), 1.5, (0.0,), (0.0,), 0.0, (0.5702968496954495,), (0.07127673709402853,)),
]


@pytest.mark.parametrize(("eta", "tau", "events", "n", "log_integral", "rates", "spreads"), PINNED)
def test_values_of_mpmath(
    eta: Counts,
    tau: float,
    events: Counts,
    n: Counts,
    log_integral: float,
    rates: Counts,
    spreads: Counts,
) -> None:
    found = log_likelihood(eta, tau, events, n)
    assert found == pytest.approx(log_integral, rel=1e-13, abs=2e-10)
    mean, square = (power_of_rate(power, eta, tau, events, n) for power in (1, 2))
    np.testing.assert_allclose(mean, rates, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(square, np.square(rates) + spreads, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("tau", [0.0, 1e-8, 0.1, 0.7, 2.0, 6.0, 30.0, 1e3, 1e8])
@pytest.mark.parametrize("eta", [-30.0, -2.0, 0.4, 9.0])
@pytest.mark.parametrize("n", [1, 2, 17, 400])
def test_counts_have_a_distribution(eta: float, tau: float, n: int) -> None:
    """Over all counts, probabilities sum to 1, and mean rates to that before any count."""
    y = np.arange(n + 1)
    coefficients = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
    counts = [((eta,), tau, (float(k),), (float(n),)) for k in y]
    probability = np.exp(coefficients + np.array([log_likelihood(*each) for each in counts]))
    rate = np.array([power_of_rate(1, *each)[0] for each in counts])
    assert probability.sum() == pytest.approx(1, abs=1e-10 + 1e-13 * n)
    expected = (probability * y).sum() / n
    assert (probability * rate).sum() == pytest.approx(expected, rel=1e-9)
    assert power_of_rate(1, (eta,), tau, (0.0,), (0.0,))[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
@given(
    eta=st.floats(-6, 6),
    log_tau=st.floats(-4, 3),
    n=st.integers(0, 300),
    share=st.floats(0, 1),
)
@settings(max_examples=150, deadline=None)
def test_adaptive_quadrature_agrees(eta: float, log_tau: float, n: int, share: float) -> None:
    tau, events = math.exp(log_tau), round(share * n)

    def log_integrand(u: float) -> float:
        kernel = events * log_expit(eta + u) + (n - events) * log_expit(-eta - u)
        return float(kernel - (u / tau) ** 2 / 2)

    reach = 12 * tau + min(n * tau**2, abs(eta) + 20)
    grid = np.linspace(-reach, reach, 4001)
    heights = np.array([log_integrand(u) for u in grid])
    peak = heights.max()
    inside = grid[heights > peak - 40]
    edges = np.linspace(inside[0] - reach / 2000, inside[-1] + reach / 2000, 30)
    total = sum(
        quad(lambda u: math.exp(log_integrand(u) - peak), a, b, epsabs=0, epsrel=1e-11)[0]
        for a, b in pairwise(edges)
    )
    expected = peak + math.log(total / tau / math.sqrt(2 * math.pi))
    assert log_likelihood((eta,), tau, (events,), (n,)) == pytest.approx(expected, abs=1e-9)


arms = st.lists(
    st.tuples(
        st.floats(-700, 700) | st.floats(-5, 5),
        st.integers(0, 60) | st.integers(0, 10**6),
        st.sampled_from([0.0, 1.0]) | st.floats(0, 1),
    ),
    min_size=1,
    max_size=3,
)


@given(arms=arms, log_tau=st.floats(math.log(1e-8), math.log(1e3)))
@settings(max_examples=500, deadline=None)
def test_halving_the_step_changes_nothing(
    arms: list[tuple[float, int, float]], log_tau: float
) -> None:
    """Anywhere in the range that is asked of it."""
    tau, eta, n = math.exp(log_tau), tuple(a[0] for a in arms), tuple(float(a[1]) for a in arms)
    events = tuple(float(round(a[1] * a[2])) for a in arms)
    coarse, fine = (log_likelihood(eta, tau, events, n, refinement) for refinement in (0, 1))
    assert math.isfinite(coarse)
    assert coarse == pytest.approx(fine, rel=1e-13, abs=1e-9)


@given(arms=arms, log_tau=st.floats(math.log(1e-8), math.log(1e3)))
@settings(max_examples=200, deadline=None)
def test_invariances(arms: list[tuple[float, int, float]], log_tau: float) -> None:
    """Failures for events flip the sign; arms have no order; equal arms pool; empty ones are none."""
    tau = math.exp(log_tau)
    eta, n = tuple(a[0] for a in arms), tuple(float(a[1]) for a in arms)
    events = tuple(float(round(a[1] * a[2])) for a in arms)
    value = log_likelihood(eta, tau, events, n)
    flipped = tuple(-x for x in eta)
    failures = tuple(b - a for a, b in zip(events, n, strict=True))

    def same(value: float) -> object:
        return pytest.approx(value, rel=1e-12, abs=2e-10)

    assert log_likelihood(flipped, tau, failures, n) == same(value)
    assert log_likelihood(eta[::-1], tau, events[::-1], n[::-1]) == same(value)
    extended = log_likelihood((*eta, eta[0]), tau, (*events, 0.0), (*n, 0.0))
    assert extended == same(value)
    twice = log_likelihood((*eta, *eta), tau, (*events, *events), (*n, *n))
    doubled = tuple(2 * a for a in events), tuple(2 * b for b in n)
    assert log_likelihood(eta, tau, *doubled) == same(twice)


@pytest.mark.parametrize("tau", [0.1, 1.0, 4.0])
@pytest.mark.parametrize(("events", "n"), [(0.0, 30.0), (7.0, 30.0), (30.0, 30.0)])
def test_the_slope_is_the_mean_residual(events: float, n: float, tau: float) -> None:
    step, eta = 1e-4, -0.6
    rise = log_likelihood((eta + step,), tau, (events,), (n,)) - log_likelihood(
        (eta - step,), tau, (events,), (n,)
    )
    rate = power_of_rate(1, (eta,), tau, (events,), (n,))[0]
    assert rise / (2 * step) == pytest.approx(events - n * rate, abs=1e-5)


def test_without_effect() -> None:
    found = log_likelihood((0.3, -1.0), 0.0, (4.0, 1.0), (9.0, 5.0))
    expected = 4 * log_expit(0.3) + 5 * log_expit(-0.3) + log_expit(-1.0) + 4 * log_expit(1.0)
    assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("eta", "tau"), [(math.nan, 1.0), (0.0, math.nan), (math.inf, 1.0), (0.0, math.inf)]
)
def test_what_is_not_finite_passes_through(eta: float, tau: float) -> None:
    assert not math.isfinite(log_likelihood((eta,), tau, (3.0,), (9.0,)))
