"""Effective sample sizes: exact where known, those of other software, and predictively consistent."""

import json
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import bayesmeta as bm

PUBLISHED = json.loads(
    (Path(__file__).parents[1] / "reference" / "rbest" / "published.json").read_text()
)
MAP = bm.BetaMixture(**PUBLISHED["map"]["mixture"])
ROBUST = bm.robustify(MAP, weight=0.2)


def about_the_rate(prior: bm.BetaMixture) -> float:
    """Return ELIR as RBesT defines it, about the rate and not the log-odds."""
    return bm.effective_sample_size(prior) - float(prior.pdf(0) + prior.pdf(1))


@given(st.floats(0.05, 1e4), st.floats(0.05, 1e4))
def test_one_beta_is_worth_its_parameters(a, b):
    prior = bm.BetaMixture([1], [a], [b])
    assert bm.effective_sample_size(prior, method="elir") == pytest.approx(a + b, rel=1e-12)
    assert bm.effective_sample_size(prior, method="moment") == pytest.approx(a + b, rel=1e-6)
    if min(a, b) > 1.1:
        assert bm.effective_sample_size(prior, method="morita") == pytest.approx(a + b, rel=0.02)


def test_components_alike_are_worth_one():
    twice = bm.BetaMixture([0.4, 0.6], [3, 3], [8, 8])
    assert bm.effective_sample_size(twice) == pytest.approx(11, rel=1e-9)


@pytest.mark.parametrize(
    ("prior", "ess"),
    [
        (MAP, PUBLISHED["map"]["ess"]),
        (ROBUST, PUBLISHED["map_robust"]["ess"]),
        (bm.BetaMixture(**PUBLISHED["example"]["mixture"]), PUBLISHED["example"]["ess"]),
        (bm.BetaMixture(**PUBLISHED["stanvar"]["mixture"]), PUBLISHED["stanvar"]["ess"]),
    ],
    ids=["map", "map_robust", "example", "stanvar"],
)
def test_sizes_are_those_of_rbest(prior, ess):
    assert about_the_rate(prior) == pytest.approx(ess["elir"], rel=1e-6)
    assert bm.effective_sample_size(prior, method="moment") == pytest.approx(
        ess["moment"], rel=1e-6
    )
    assert bm.effective_sample_size(prior, method="morita") == pytest.approx(
        ess["morita"], rel=1e-5
    )


def test_sizes_round_to_the_published_ones():
    for method, size in PUBLISHED["map"]["rounded_ess"].items():
        assert round(bm.effective_sample_size(MAP, method=method)) == size
    assert round(bm.effective_sample_size(ROBUST)) == PUBLISHED["map_robust"]["rounded_elir"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "prior",
    [
        bm.BetaMixture([0.48, 0.34, 0.18], [1, 6.9, 1], [11, 173, 1.13]),
        bm.BetaMixture([0.605, 0.233, 0.162], [1.021, 1.196, 3.134], [11.549, 1.083, 6.764]),
    ],
)
def test_quadrature_agrees_with_many_digits(prior):
    """The information about the log-odds, differentiated by mpmath."""
    parts = list(zip(prior.weights, prior.a, prior.b, strict=True))

    def log_density(x):
        rate, rest = 1 / (1 + mpmath.exp(-x)), 1 / (1 + mpmath.exp(x))
        return mpmath.log(sum(w * rate**a * rest**b / mpmath.beta(a, b) for w, a, b in parts))

    def term(x):
        information = -mpmath.diff(log_density, x, 2)
        return mpmath.exp(log_density(x)) * information * (2 + mpmath.exp(x) + mpmath.exp(-x))

    with mpmath.workdps(25):
        exact = mpmath.quad(term, [-400, -100, -40, -15, -6, -2, 0, 2, 6, 15, 40, 100, 400])
    assert bm.effective_sample_size(prior) == pytest.approx(float(exact), rel=2e-4)


def test_elir_is_predictively_consistent():
    prior = bm.BetaMixture([0.2, 0.8], a=[1, 10], b=[1, 2])
    n = 30
    after = [bm.effective_sample_size(prior.update(events=y, n=n)) for y in range(n + 1)]
    assert prior.pmf(n) @ np.array(after) - n == pytest.approx(
        bm.effective_sample_size(prior), rel=1e-6
    )


@settings(deadline=None, max_examples=30)
@given(st.floats(0.01, 0.99), st.floats(1, 50), st.floats(1, 300), st.floats(1, 50))
def test_elir_of_admissible_components_is_at_least_that_of_the_uniform(weight, a, b, c):
    prior = bm.BetaMixture([weight, 1 - weight], [a, c], [b, 1])
    assert bm.effective_sample_size(prior) >= 2 - 1e-3


def test_priors_without_a_size_are_refused():
    with pytest.raises(bm.SettingsError, match=r"components whose `a` is above 1, .*got 0.5, 0.8"):
        bm.effective_sample_size(bm.BetaMixture([0.5, 0.5], [0.5, 0.8], [3, 4]))
    with pytest.raises(
        bm.SettingsError, match="'morita' needs a prior whose density is greatest between"
    ):
        bm.effective_sample_size(bm.BetaMixture([1], [0.5], [3]), method="morita")
    with pytest.raises(
        bm.SettingsError, match="`method` must be one of elir, moment, morita; got 'ELIR'"
    ):
        bm.effective_sample_size(MAP, method="ELIR")
    with pytest.raises(
        bm.SettingsError, match="`prior` must be a BetaMixture or MapPrior; got float"
    ):
        bm.effective_sample_size(0.5)
