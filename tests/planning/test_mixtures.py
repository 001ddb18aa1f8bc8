"""Mixtures of betas: their argument checks, updates in closed form, and texts."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from scipy.integrate import quad

import bayesmeta as bm

PRIOR = bm.BetaMixture([0.6, 0.3, 0.1], a=[12.5, 3.0, 1.0], b=[28.0, 5.5, 1.0])

numbers = st.floats(0.2, 500)
parts = st.lists(st.tuples(st.floats(0.01, 1), numbers, numbers), min_size=1, max_size=4)


def mixture_of(listed: list[tuple[float, float, float]]) -> bm.BetaMixture:
    weights, a, b = np.array(listed).T
    return bm.BetaMixture(weights / weights.sum(), a, b)


def same(one: bm.BetaMixture, other: bm.BetaMixture) -> None:
    for name in ("weights", "a", "b"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize(
    ("weights", "a", "b", "message"),
    [
        (
            [0.6, 0.6],
            [1, 2],
            [1, 2],
            r"`weights` must be at least 0 and sum to 1; got \[0.6, 0.6\]",
        ),
        ([1.5, -0.5], [1, 2], [1, 2], "`weights` must be at least 0"),
        ([1], [0], [1], "`a` must be positive numbers; got 0"),
        ([1], [1], [float("nan")], "`b` must be finite numbers"),
        ([0.5, 0.5], [1], [1, 2], "need one value per component; got 2, 1, 2 values"),
        ([], [], [], "need one value per component"),
        (["x"], [1], [1], "`weights` must be finite numbers"),
    ],
)
def test_what_is_no_mixture_is_refused(weights, a, b, message):
    with pytest.raises(bm.SettingsError, match=message):
        bm.BetaMixture(weights, a, b)


@pytest.mark.parametrize("n", [0, -3, True, 2.5, "6", None])
def test_patients_are_a_whole_number_of_at_least_one(n):
    for call in (lambda: PRIOR.update(events=0, n=n), lambda: PRIOR.pmf(n)):
        with pytest.raises(
            bm.SettingsError, match="`n` must be a whole number of patients, at least 1"
        ):
            call()


@pytest.mark.parametrize("events", [-1, 7, True, 1.5])
def test_events_are_a_whole_number_up_to_n(events):
    with pytest.raises(
        bm.SettingsError, match="`events` must be a whole number from 0 to n = 6; got"
    ):
        PRIOR.update(events=events, n=6)


def test_probabilities_are_checked():
    with pytest.raises(bm.SettingsError, match="`probability` must be a number from 0 to 1"):
        PRIOR.quantile(1.5)
    with pytest.raises(bm.SettingsError, match="`ci_prob` must lie between 0 and 1"):
        PRIOR.interval(95)


@settings(deadline=None)
@given(parts, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=4))
def test_interim_updates_end_where_one_update_does(listed, looks):
    prior = mixture_of(listed)
    looks = [(yes, yes + no) for yes, no in looks if yes + no]
    if not looks:
        return
    stepwise, backwards = prior, prior
    for events, n in looks:
        stepwise = stepwise.update(events=events, n=n)
    for events, n in reversed(looks):
        backwards = backwards.update(events=events, n=n)
    at_once = prior.update(events=sum(y for y, _ in looks), n=sum(n for _, n in looks))
    same(stepwise, at_once)
    same(backwards, at_once)


def test_posterior_is_prior_times_likelihood():
    posterior = PRIOR.update(events=9, n=14)

    def joint(rate: float) -> float:
        return float(PRIOR.pdf(rate)) * float(stats.binom.pmf(9, 14, rate))

    total = quad(joint, 0, 1)[0]
    assert total == pytest.approx(PRIOR.pmf(14)[9], rel=1e-8)
    for rate in (0.1, 0.5, 0.8):
        assert float(posterior.pdf(rate)) == pytest.approx(joint(rate) / total, rel=1e-8)
        assert float(posterior.below(rate)) == pytest.approx(
            quad(joint, 0, rate)[0] / total, rel=1e-7
        )


def test_what_is_certain_has_probability_one_and_no_more():
    # The weights of one in forty add up to a rounding more than 1.
    for shares in np.random.default_rng(1).uniform(0.01, 1, (400, 3)):
        distribution = bm.BetaMixture(shares / shares.sum(), [1, 2, 3], [3, 2, 1])
        for found in (distribution.above(0), distribution.below(1)):
            assert 1 - 1e-12 < found <= 1


@settings(deadline=None)
@given(parts, st.floats(0.001, 0.999))
def test_quantiles_invert_the_distribution_function(listed, probability):
    prior = mixture_of(listed)
    rate = prior.quantile(probability)
    if 1e-250 < rate < 1 - 1e-9:
        assert float(prior.below(rate)) == pytest.approx(probability, abs=1e-6)


@settings(deadline=None)
@given(parts)
def test_json_brings_back_every_digit(listed):
    prior = mixture_of(listed)
    same(bm.BetaMixture.from_json(prior.to_json()), prior)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-5], "`text` cannot be read: it must be JSON"),
        (lambda text: "[1]", "`kind` must be 'bayesmeta beta mixture'"),
        (lambda text: text.replace("beta mixture", "mixture"), "`kind` must be"),
        (lambda text: text.replace('"schema": 1', '"schema": 2'), "`schema` must be 1, .* got 2"),
        (
            lambda text: text.replace('"weight": 0.6', '"weight": 0.7'),
            "`weights` must be .* sum to 1",
        ),
        (
            lambda text: text.replace('"a": 12.5', '"a": "12"'),
            "`a` of a component must be a number",
        ),
        (lambda text: text.replace('"a": 12.5', '"a": -1'), "`a` must be positive"),
        (
            lambda text: text.replace('"a": 12.5,', ""),
            "must have `weight`, `a` and `b`, and no more",
        ),
        (lambda text: text.replace('"components"', '"parts"'), "`components` must be a list"),
        (lambda text: text[:-2] + ', "map_prior": {}}', "`map_prior` must say by true or false"),
        (lambda text: None, "it must be JSON"),
    ],
)
def test_damaged_json_is_refused(change, message):
    with pytest.raises(bm.SettingsError, match=message):
        bm.BetaMixture.from_json(change(PRIOR.to_json()))


def test_json_can_be_read_by_people():
    content = json.loads(PRIOR.to_json())
    assert content["components"][0] == {"weight": 0.6, "a": 12.5, "b": 28.0}
    assert len(PRIOR.to_json().splitlines()) > 10


def test_text_for_rbest_holds_all_digits():
    prior = bm.BetaMixture([1 / 3, 2 / 3], a=[0.1 + 0.2, 5], b=[7, 1 / 7])
    terms = re.findall(r"c\(([^()]*)\)", prior.to_rbest())
    found = np.array([[float(number) for number in term.split(", ")] for term in terms])
    assert found.T.tolist() == [list(prior.weights), list(prior.a), list(prior.b)]
    assert prior.to_rbest().startswith("mixbeta(c(0.333")


@pytest.mark.parametrize(
    ("suffix", "component"),
    [("lpdf", stats.beta.logpdf), ("lcdf", stats.beta.logcdf)],
)
def test_stan_functions_say_what_the_mixture_is(suffix, component):
    text = PRIOR.to_stan()
    pattern = rf"real map_prior_{suffix}\(real rate\) \{{\s+return log_sum_exp\(\[(.*?)\]\);\n\}}"
    [body] = re.findall(pattern, text, re.DOTALL)
    python = body.replace(f"beta_{suffix}(rate | ", "component(rate, ")
    terms = eval(f"[{python.strip()}]", {"component": component, "log": np.log, "rate": 0.37})  # noqa: S307
    expected = PRIOR.log_pdf(0.37) if suffix == "lpdf" else np.log(PRIOR.below(0.37))
    assert np.logaddexp.reduce(terms) == pytest.approx(float(expected), rel=1e-12)


def test_stan_leaves_out_components_without_weight():
    assert "log(0.0)" not in bm.BetaMixture([1, 0], a=[2, 3], b=[2, 3]).to_stan()


def test_text_for_brms_holds_the_stan_functions_and_the_bounds():
    text = PRIOR.to_brms()
    assert PRIOR.to_stan().rstrip() in text
    assert text.count("(") == text.count(")")
    assert text.count('"') % 2 == 0
    assert 'coef = "Intercept", nlpar = "rate"' in text
    assert "lb = 0, ub = 1" in text


@pytest.mark.parametrize("name", ["above", "below", "pdf", "log_pdf"])
@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (30, r"`rate` must be probabilities from 0 to 1; got 30\. Write 30% as 0\.3\."),
        ([0.1, 2], r"got 2\. Write 2% as 0\.02\."),
        (-0.1, r"got -0\.1\. Write 35% as 0\.35\."),
        (float("nan"), "got nan"),
        ("x", "got 'x'"),
        ("0.1", "got '0.1'"),
        ([0.1, None], r"got \[0.1, None\]"),
        ([[0.1], [0.1, 0.2]], "`rate` must be probabilities"),
        (True, "got True"),
    ],
)
def test_rates_of_a_distribution_are_probabilities(name, rate, message):
    with pytest.raises(bm.SettingsError, match=message):
        getattr(PRIOR, name)(rate)


@pytest.mark.parametrize("text", ["1", ["1"]])
@pytest.mark.parametrize("name", ["weights", "a", "b"])
def test_numbers_of_a_mixture_are_no_text(name, text):
    given = {"weights": [1], "a": [1], "b": [1]} | {name: text}
    with pytest.raises(bm.SettingsError, match=f"`{name}` must be finite numbers; got "):
        bm.BetaMixture(**given)
