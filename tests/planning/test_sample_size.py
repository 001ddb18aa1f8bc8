"""Effective sample sizes: exact where known, those of other software, and predictively consistent."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import bayesmeta as bm

PUBLISHED = json.loads(
    (Path(__file__).parents[1] / "reference" / "rbest" / "published.json").read_text()
)
MAP = bm.BetaMixture(**PUBLISHED["map"]["mixture"])
ROBUST = bm.robustify(MAP, weight=0.2)
SIZES = json.loads((Path(__file__).parents[1] / "reference" / "elir" / "sizes.json").read_text())


def about_the_rate(prior: bm.BetaMixture) -> float:
    """Return ELIR as RBesT defines it, about the rate and not the log-odds."""
    return bm.effective_sample_size(prior) - float(prior.pdf(0) + prior.pdf(1))


@given(st.floats(0.05, 1e4), st.floats(0.05, 1e4))
@settings(deadline=None)
def test_one_beta_is_worth_its_parameters(a, b):
    prior = bm.BetaMixture([1], [a], [b])
    assert bm.effective_sample_size(prior, method="elir") == pytest.approx(a + b, rel=1e-11)
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


# The MAP prior of four arms (4/10, 3/20, 2/30, 1/40), with a vague component of mean 0.2.
FOUR_ARMS = bm.robustify(
    bm.BetaMixture(
        [0.4783291158, 0.2597012989, 0.225174332, 0.03679525329],
        [2.533676183, 8.084924402, 1.84416765, 1.585066504],
        [18.5794462, 66.14176657, 7.202574474, 2.468818617],
    ),
    weight=0.2,
    mean=0.2,
)
TWO_PARTS = bm.BetaMixture([0.6, 0.4], [9.16, 3.49], [27.5, 11.4])


@pytest.mark.parametrize(
    ("prior", "exact"),
    [
        (FOUR_ARMS, 11.717775),
        (FOUR_ARMS.update(events=0, n=10), 16.685),
        (bm.robustify(TWO_PARTS, weight=0.2, mean=0.45), 15.390),
        (bm.robustify(TWO_PARTS, weight=0.2, mean=0.4), 15.196),
        (bm.robustify(TWO_PARTS, weight=0.2, mean=0.3), 14.913),
        (bm.BetaMixture([0.3, 0.7], [5, 5], [5, 0.5]), 4.279),
    ],
)
def test_sizes_of_priors_that_pile_up_at_an_end(prior, exact):
    assert bm.effective_sample_size(prior) == pytest.approx(exact, abs=5e-4)


@pytest.mark.parametrize("case", SIZES, ids=lambda case: f"{case['a']}-{case['b']}")
def test_sizes_agree_with_many_digits(case):
    prior = bm.BetaMixture(case["weights"], case["a"], case["b"])
    assert bm.effective_sample_size(prior) == pytest.approx(case["elir"], rel=1e-8)
    assert bm.effective_sample_size(prior, method="moment") == pytest.approx(
        case["moment"], rel=1e-8
    )


@pytest.mark.parametrize("excess", [1e-3, 1e-6, 1e-9])
def test_slow_tails_are_followed_to_their_end(excess):
    """Near 0 the disagreement falls as rate**excess: its integral is that height over the excess."""
    prior = bm.BetaMixture([0.5, 0.5], [0.4, 1 + excess], [2, 3])
    lost = 0.5 * 0.6**2 * 3 / excess
    assert bm.effective_sample_size(prior) == pytest.approx(-lost, abs=10, rel=1e-5)


def test_parameters_that_differ_by_rounding_are_the_same():
    tenth = 0.1 + 0.2
    prior = bm.BetaMixture([0.5, 0.5], [tenth, 0.3], [1, 1 + 2.3e-16])
    assert bm.effective_sample_size(prior) == pytest.approx(1.3)


def test_a_component_without_weight_does_not_count():
    prior = bm.BetaMixture([0.5, 0.5, 0], [0.5, 3, 0.8], [3, 4, 3])
    there = bm.BetaMixture([0.5, 0.5], [0.5, 3], [3, 4])
    assert bm.effective_sample_size(prior) == bm.effective_sample_size(there)


def test_morita_finds_a_mode_between_the_nodes_of_its_grid():
    narrow = bm.BetaMixture([0.5, 0.5], [2, 1e8 + 1], [3, 1.7e8 + 1])
    assert bm.effective_sample_size(narrow, method="morita") == pytest.approx(2.7e8, rel=0.2)


def test_elir_is_predictively_consistent():
    prior = bm.BetaMixture([0.2, 0.8], a=[0.3, 10], b=[0.4, 2])
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
    with pytest.raises(
        bm.SettingsError, match=r"near a rate of 0 is infinite, .* differ in `a` .* got 0.5, 0.8\."
    ):
        bm.effective_sample_size(bm.BetaMixture([0.5, 0.5], [0.5, 0.8], [3, 4]))
    with pytest.raises(bm.SettingsError, match=r"near a rate of 1 .* `b` .* got 0.002, 1\."):
        bm.effective_sample_size(bm.BetaMixture([0.5, 0.3, 0.2], [3, 3, 4], [1, 2, 0.002]))
    with pytest.raises(
        bm.SettingsError, match="'morita' needs a prior whose density is greatest between"
    ):
        bm.effective_sample_size(bm.BetaMixture([1], [0.5], [3]), method="morita")
    with pytest.raises(
        bm.SettingsError, match="`method` must be one of elir, moment, morita; got 'ELIR'"
    ):
        bm.effective_sample_size(MAP, method="ELIR")
    with pytest.raises(
        bm.SettingsError, match="`prior` must be a BetaMixture or a MapPrior; got float"
    ):
        bm.effective_sample_size(0.5)
