"""Links: against formulas written out, their own inverse, and numbers far out."""

import numpy as np
import pytest
from scipy import stats

import bayesmeta as bm
from bayesmeta.model.links import LINKS, Link

THETA = np.linspace(-4, 1.2, 53)
links = pytest.mark.parametrize("link", [kind() for kind in LINKS.values()], ids=list(LINKS))


@pytest.mark.parametrize(
    ("link", "rate"),
    [
        (bm.Logit(), stats.logistic.cdf(THETA)),
        (bm.Probit(), stats.norm.cdf(THETA)),
        (bm.CLogLog(), 1 - stats.gumbel_l.sf(THETA)),
    ],
    ids=list(LINKS),
)
def test_rates_are_distribution_functions(link: Link, rate: np.ndarray) -> None:
    """Of the logistic, the normal and the smallest-extreme-value distribution."""
    assert link.rate(THETA) == pytest.approx(rate, rel=1e-12)


def test_known_values() -> None:
    assert [link.theta(0.5) for link in (bm.Logit(), bm.Probit())] == pytest.approx([0, 0])
    assert bm.CLogLog().theta(1 - 1 / np.e) == pytest.approx(0, abs=1e-15)
    assert bm.Probit().rate(1.959963984540054) == pytest.approx(0.975)


@links
def test_the_inverse(link: Link) -> None:
    assert link.theta(link.rate(THETA)) == pytest.approx(THETA, rel=1e-9, abs=1e-12)


@links
def test_logarithms_of_both_rates(link: Link) -> None:
    log_rate, log_rest = link.log_rates(THETA)
    assert log_rate == pytest.approx(np.log(link.rate(THETA)), rel=1e-12)
    assert np.exp(log_rate) + np.exp(log_rest) == pytest.approx(1, abs=1e-14)
    assert link.log_odds(THETA) == pytest.approx(log_rate - log_rest)


@pytest.mark.parametrize(
    ("name", "theta", "log_rate", "log_rest"),
    [
        ("logit", -600, -600.0, -2.6503965530043108e-261),
        ("logit", -9, -9.000123402189724, -0.00012340218972325883),
        ("logit", 40, -4.248354255291589e-18, -40.0),
        ("probit", -600, -180007.31587096618, 0.0),
        ("probit", -9, -43.628149113332114, -1.1285884059538405e-19),
        ("probit", 6, -9.865876455243758e-10, -20.736768949974707),
        ("probit", 30, -4.906713927148187e-198, -454.3212439563432),
        ("cloglog", -600, -600.0, -2.6503965530043108e-261),
        ("cloglog", -9, -9.00006170426746, -0.00012340980408667956),
        ("cloglog", 3, -1.8921786966284627e-09, -20.085536923187668),
        ("cloglog", 6, -6.210136486566067e-176, -403.4287934927351),
    ],
)
def test_logarithms_far_out(name: str, theta: float, log_rate: float, log_rest: float) -> None:
    """Against the formulas in 400 digits. Where a logarithm is nearly 0, to the rounding of 1."""
    found = [float(value) for value in LINKS[name]().log_rates(theta)]
    assert found == pytest.approx([log_rate, log_rest], rel=1e-12, abs=1e-15)


@links
def test_nothing_overflows(link: Link) -> None:
    far = np.array([-1e6, -800.0, 800.0, 1e6])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        log_rate, log_rest = link.log_rates(far)
    assert not np.isnan([*log_rate, *log_rest]).any()
    assert ((link.rate(far) >= 0) & (link.rate(far) <= 1)).all()


@links
def test_slope_and_information(link: Link) -> None:
    """The slope is the difference quotient; the information is slope squared over the variance."""
    step = 1e-6
    slope = (link.rate(THETA + step) - link.rate(THETA - step)) / (2 * step)
    assert np.exp(link.log_slope(THETA)) == pytest.approx(slope, rel=1e-6)
    rate = link.rate(THETA)
    assert link.information(THETA) == pytest.approx(slope**2 / (rate * (1 - rate)), rel=1e-5)


@links
def test_information_is_the_curvature_of_the_mean_log_likelihood(link: Link) -> None:
    at, step = 0.3, 1e-3
    rate = float(link.rate(at))

    def mean_log_likelihood(theta: float) -> float:
        log_rate, log_rest = link.log_rates(theta)
        return float(rate * log_rate + (1 - rate) * log_rest)

    curvature = mean_log_likelihood(at + step) - 2 * mean_log_likelihood(at)
    curvature = (curvature + mean_log_likelihood(at - step)) / step**2
    assert float(link.information(at)) == pytest.approx(-curvature, rel=1e-4)


@links
def test_default_priors_leave_about_the_same_rates(link: Link) -> None:
    """80% of typical rates within about 10% and 90%, and their middle half within 25% and 75%."""
    low, high = link.rate(link.mu.interval(0.8))
    assert (low, high) == (pytest.approx(0.1, abs=0.03), pytest.approx(0.93, abs=0.05))
    low, high = link.rate(link.mu.interval(0.5))
    assert (low, high) == (pytest.approx(0.25, abs=0.03), pytest.approx(0.75, abs=0.05))


@links
def test_pytensor_computes_the_same(link: Link) -> None:
    import pytensor.tensor as pt

    theta = np.array([-30.0, -8.0, -1.0, 0.0, 1.0, 4.0])
    computed = [one.eval() for one in link.to_pymc(pt.as_tensor(theta))]
    for found, expected in zip(computed, link.log_rates(theta), strict=True):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-300)
