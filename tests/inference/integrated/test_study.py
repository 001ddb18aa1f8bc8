"""One study's integrated likelihood: held to dense quadrature, and to identities."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st
from scipy.special import gammaln

from bayesmeta.inference.integrated.integrand import Kind, StudyArms
from bayesmeta.inference.integrated.study import integrated_study
from bayesmeta.model.effects import DISTRIBUTIONS
from bayesmeta.model.links import LINKS

pytestmark = pytest.mark.stored

Arm = dict[str, float]
Distribution = dict[str, float | str]
Dense = Callable[..., float]

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
NESTED = settings(QUICK, max_examples=25)

NORMAL: Distribution = {"name": "normal", "tau": 0.6}


def arm_of(y: float, n: float, eta: float, spread: float = 0.0) -> Arm:
    return {"y": y, "n": n, "eta": eta, "spread": spread}


def log_study(
    arms: Sequence[Arm], link: str, distribution: Distribution, rho: float | None = None
) -> float:
    y, n, eta, spread = (
        np.array([arm[name] for arm in arms], dtype=np.float64)
        for name in ("y", "n", "eta", "spread")
    )
    level = LINKS[link]().theta((y + 0.5) / (n + 1))
    information = np.where(n > 0, (n + 1) * LINKS[link]().information(level), 0.0)
    kind = DISTRIBUTIONS[str(distribution["name"])]
    own = {name: float(distribution[name]) for name in kind.units}
    fixed = {name: distribution[name] for name in ("outlier_scale",) if name in distribution}
    found = [
        np.log(weight)
        + integrated_study(
            StudyArms(eta, y, n, spread, level, information),
            Kind(int(rho is not None), LINKS[link].code, rho or 0.0),
            part.code,
            factor * float(distribution["tau"]) if part.has_effects else 0.0,
            next(iter(own.values()), 0.0),
            part.constants[0],
        )
        for weight, factor, part in kind(**fixed).mixture(**own)
    ]
    choose = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
    return float(np.logaddexp.reduce(found) + choose.sum())


@st.composite
def counts(draw: st.DrawFn, most: int) -> tuple[int, int]:
    n = draw(st.integers(1, most))
    return draw(st.sampled_from([0, 1, n]) | st.integers(0, n)), n


@st.composite
def distribution_drawn(draw: st.DrawFn) -> Distribution:
    found: Distribution = {
        "name": draw(
            st.sampled_from(["common", "normal", "student_t", "contaminated", "skew_normal"])
        ),
        "tau": 10 ** draw(st.floats(-3, 0.7)),
    }
    if found["name"] == "student_t":
        found["nu"] = 2 + 10 ** draw(st.floats(-3, 3))
    if found["name"] == "skew_normal":
        found["skew"] = draw(st.floats(-20, 20))
    if found["name"] == "contaminated":
        found |= {
            "outlier_proportion": draw(st.floats(1e-6, 1 - 1e-6)),
            "outlier_scale": draw(st.floats(1.1, 10)),
        }
    return found


@st.composite
def far_arms(draw: st.DrawFn, most: int, link: str) -> list[Arm]:
    """Arms wherever they are."""
    eta = st.floats(-10, 3 if link == "cloglog" else 10)
    pairs = draw(st.lists(counts(most), min_size=1, max_size=3))
    return [arm_of(*pair, draw(eta)) for pair in pairs]


@st.composite
def moved_arms(draw: st.DrawFn, link: str) -> list[Arm]:
    """Arms with perturbations, not too far from where they are expected for the dense rule."""
    arms = []
    for y, n in draw(st.lists(counts(300), min_size=1, max_size=2)):
        level = float(LINKS[link]().theta((y + 0.5) / (n + 1)))
        spread, gap = 10 ** draw(st.floats(-3, 0.3)), draw(st.floats(-2, 2))
        information = float((n + 1) * LINKS[link]().information(level))
        drawn_to = abs(gap) * spread * information / (1 + spread**2 * information)
        assume(drawn_to < 5)
        arms.append(arm_of(y, n, level - gap, spread))
    return arms


@pytest.mark.parametrize("link", LINKS)
@QUICK
@given(data=st.data(), distribution=distribution_drawn())
def test_binomial(dense: Dense, link: str, data: st.DataObject, distribution: Distribution) -> None:
    arms = data.draw(far_arms(5000, link))
    expected = dense(arms, link, distribution)
    assert log_study(arms, link, distribution) == pytest.approx(expected, rel=1e-12, abs=1e-8)


@pytest.mark.parametrize("link", LINKS)
@QUICK
@given(data=st.data(), distribution=distribution_drawn(), rho=st.floats(-9, -0.05))
def test_beta_binomial(
    dense: Dense, link: str, data: st.DataObject, distribution: Distribution, rho: float
) -> None:
    arms = data.draw(far_arms(100, link))
    expected = dense(arms, link, distribution, 10**rho)
    assert log_study(arms, link, distribution, 10**rho) == pytest.approx(
        expected, rel=1e-9, abs=1e-7
    )


def test_rounding_that_no_panel_resolves_comes_to_an_end(dense: Dense) -> None:
    # Of a tiny overdispersion far in the tail: neighbouring values differ by more than the rules may.
    arms = [arm_of(75, 94, 0.0), arm_of(0, 85, 5.4595583170417505)]
    rho = 10**-6.746160053641594
    distribution = {"name": "normal", "tau": 1.0}
    expected = dense(arms, "probit", distribution, rho)
    assert log_study(arms, "probit", distribution, rho) == pytest.approx(expected, rel=1e-10)


def test_a_narrow_rise_that_is_no_peak_is_integrated(dense: Dense) -> None:
    """A Student effect far in its tail: the spike of its own density holds 5e-8 of the integral."""
    arms = [arm_of(0, 1, 0.0), arm_of(0, 1, 1.0), arm_of(628, 1489, 0.0)]
    distribution: Distribution = {"name": "student_t", "tau": 0.01, "nu": 2.1}
    # By mpmath's quadrature with 30 digits.
    assert dense(arms, "logit", distribution) == pytest.approx(-13.34893778688961, abs=1e-11)
    assert log_study(arms, "logit", distribution) == pytest.approx(-13.34893778688961, abs=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("link", LINKS)
@NESTED
@given(data=st.data(), distribution=distribution_drawn())
def test_perturbed_arms(
    dense: Dense, link: str, data: st.DataObject, distribution: Distribution
) -> None:
    arms = data.draw(moved_arms(link))
    expected = dense(arms, link, distribution)
    assert log_study(arms, link, distribution) == pytest.approx(expected, rel=1e-12, abs=1e-7)


@pytest.mark.slow
@NESTED
@given(data=st.data(), distribution=distribution_drawn(), rho=st.floats(-6, -0.05))
def test_perturbed_beta_binomial(
    dense: Dense, data: st.DataObject, distribution: Distribution, rho: float
) -> None:
    arms = data.draw(moved_arms("logit"))[:1]
    arms[0] |= {"n": min(arms[0]["n"], 60), "y": min(arms[0]["y"], 60)}
    expected = dense(arms, "logit", distribution, 10**rho)
    assert log_study(arms, "logit", distribution, 10**rho) == pytest.approx(
        expected, rel=1e-11, abs=1e-7
    )


ARMS = [arm_of(3, 10, -0.4), arm_of(0, 25, 0.7), arm_of(12, 12, 1.5)]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("rho", [None, 0.1])
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_identities(link: str, rho: float | None, spread: float) -> None:
    arms = [{**arm, "spread": spread} for arm in ARMS]
    normal = log_study(arms, link, NORMAL, rho)
    near = pytest.approx(normal, abs=1e-6)
    assert log_study(arms, link, {"name": "student_t", "tau": 0.6, "nu": 1e7}, rho) == near
    assert log_study(arms, link, {"name": "skew_normal", "tau": 0.6, "skew": 0.0}, rho) == near
    for share, ratio, tau in ((1e-9, 4.0, 0.6), (1 - 1e-9, 4.0, 0.15), (0.3, 1 + 1e-9, 0.6)):
        distribution: Distribution = {
            "name": "contaminated",
            "tau": tau,
            "outlier_proportion": share,
            "outlier_scale": ratio,
        }
        assert log_study(arms, link, distribution, rho) == near
    assert log_study(arms[::-1], link, NORMAL, rho) == pytest.approx(normal, abs=1e-10)
    empty = [*arms, arm_of(0, 0, 2.0, spread)]
    assert log_study(empty, link, NORMAL, rho) == pytest.approx(normal, abs=1e-9)
    common = log_study(arms, link, {"name": "common", "tau": 9.0}, rho)
    for tau in (0.0, 1e-200, 1e-13, 1e-8, 1e-6):
        limit = log_study(arms, link, {"name": "normal", "tau": tau}, rho)
        assert limit == pytest.approx(common, abs=1e-7)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("distribution", ["normal", "student_t", "contaminated", "skew_normal"])
@pytest.mark.parametrize("rho", [None, 0.02])
def test_the_counts_of_an_arm_are_a_distribution(
    link: str, distribution: str, rho: float | None
) -> None:
    given: Distribution = {"name": distribution, "tau": 1.3}
    given |= {
        "student_t": {"nu": 3.0},
        "skew_normal": {"skew": -5.0},
        "contaminated": {"outlier_proportion": 0.2, "outlier_scale": 5.0},
    }.get(distribution, {})
    other = arm_of(5, 9, 0.2, 0.4)
    joint = [log_study([arm_of(y, 7, -1.0, 0.4), other], link, given, rho) for y in range(8)]
    alone = log_study([other], link, given, rho)
    assert np.log(np.exp(joint).sum()) == pytest.approx(alone, abs=1e-8)


def test_tau_of_any_size_is_computed() -> None:
    for tau in (1e-300, 1e-30, 1e3, 1e8):
        for distribution in ({"name": "normal"}, {"name": "student_t", "nu": 2.5}):
            for link in LINKS:
                assert np.isfinite(log_study(ARMS, link, {**distribution, "tau": tau}))
