"""Elicited biases: the exact posterior against brute force, draws against it, and identities."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, log_expit, logsumexp

import bayesmeta as bm
from bayesmeta.estimates.precision import mean_of
from bayesmeta.model import make_design

COUNTS = [(4, 12), (9, 22), (14, 41), (3, 15)]
BIAS = {"study00": (0.4, 0.5), "study02": (-0.3, 0.0)}
SPEC = bm.ModelSpec(mu=bm.Normal(0, 1.5), study_effects=bm.NormalEffects(bm.HalfNormal(0.5)))


@pytest.fixture(scope="module")
def exact(make_arms: Callable[..., bm.Arms]) -> bm.QuadratureFit:
    return bm.fit(SPEC, make_arms(COUNTS), method="quadrature")


def test_the_posterior_is_that_of_brute_force(exact: bm.QuadratureFit) -> None:
    """Study effects and biases are integrated one after the other, as two separate sums."""
    nodes, weights = np.polynomial.legendre.leggauss(48)
    mu, tau = np.meshgrid(3.5 * nodes - 0.6, 1.5 * (nodes + 1), indexing="ij")
    each, by_each = np.polynomial.hermite_e.hermegauss(80)
    biases, by_bias = np.polynomial.hermite_e.hermegauss(16)
    logs = -0.5 * (mu / 1.5) ** 2 - 0.5 * (tau / 0.5) ** 2
    for place, (events, n) in enumerate(COUNTS):
        mean, sd = BIAS.get(f"study{place:02d}", (0.0, 0.0))
        theta = mu[..., None, None] + tau[..., None, None] * each[:, None] + mean + sd * biases
        log_count = events * log_expit(theta) + (n - events) * log_expit(-theta)
        logs += logsumexp(log_count, axis=(-2, -1), b=np.outer(by_each, by_bias))
    density = np.exp(logs - logs.max()) * np.outer(weights, weights)
    density /= density.sum()
    found = bm.bias_adjusted(exact, bias=BIAS).posterior
    for name, values in {"mu": mu, "tau": tau, "typical": expit(mu)}.items():
        assert found.marginal(name).mean == pytest.approx(float((density * values).sum()), abs=1e-6)


def test_the_same_bias_of_all_studies_moves_the_result_back(exact: bm.QuadratureFit) -> None:
    flat = bm.ModelSpec(mu=bm.Normal(0, 1000), study_effects=SPEC.study_effects)
    plain = bm.fit(flat, exact.arms, method="quadrature")
    shifted = bm.bias_adjusted(plain, bias={str(one): (0.7, 0.0) for one in exact.arms.studies})
    means = [one.posterior.marginal("mu").mean for one in (plain, shifted)]
    assert means[0] - means[1] == pytest.approx(0.7, abs=1e-5)


def test_a_study_whose_bias_is_unknown_counts_for_nothing(
    exact: bm.QuadratureFit, make_arms: Callable[..., bm.Arms]
) -> None:
    found = bm.bias_adjusted(exact, bias={"study03": (0.0, 1e5)})
    without = bm.fit(SPEC, make_arms(COUNTS[:3]), method="quadrature")
    for name in ("mu", "tau"):
        expected = without.posterior.marginal(name).mean
        assert found.posterior.marginal(name).mean == pytest.approx(expected, abs=1e-4)


def test_refits_keep_the_biases(exact: bm.QuadratureFit) -> None:
    adjusted = bm.bias_adjusted(exact, bias=BIAS)
    again = bm.prior_grid(adjusted, priors={"tau": [bm.HalfNormal(0.3)]})
    narrow = bm.ModelSpec(mu=SPEC.mu, study_effects=bm.NormalEffects(bm.HalfNormal(0.3)))
    direct = bm.bias_adjusted(bm.fit(narrow, exact.arms, method="quadrature"), bias=BIAS)
    expected = float(direct.posterior.marginal("typical").quantile(0.5))
    assert again["typical"][1] == pytest.approx(expected, rel=1e-9)
    changes = bm.marginal_likelihood_sensitivity(adjusted, seed=1)
    [change] = changes.loc[(changes["parameter"] == "tau") & (changes["factor"] == 2.0), "change"]
    wide = bm.ModelSpec(mu=SPEC.mu, study_effects=bm.NormalEffects(bm.HalfNormal(1.0)))
    other = bm.bias_adjusted(bm.fit(wide, exact.arms, method="quadrature"), bias=BIAS)
    expected = other.log_marginal_likelihood - adjusted.log_marginal_likelihood
    assert change == pytest.approx(expected, rel=1e-9)
    with pytest.raises(
        bm.SettingsError, match="`selection` is not available for a fit with biases"
    ):
        bm.selection(adjusted)


@pytest.mark.parametrize(
    ("bias", "message"),
    [
        ({}, "`bias` must map studies to a mean and a standard deviation"),
        ({"study99": (0.1, 0.2)}, "`bias` names 'study99', no study of the arms"),
        ({"study00": 0.2}, "`bias` of 'study00' must be a finite mean"),
        ({"study00": (0.1, -0.2)}, r"`bias` of 'study00' must be .* got \(0.1, -0.2\)"),
        ({"study00": (float("nan"), 0.2)}, "`bias` of 'study00' must be a finite mean"),
    ],
)
def test_what_makes_no_sense_is_refused(exact: bm.QuadratureFit, bias, message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.bias_adjusted(exact, bias=bias)


@pytest.fixture(scope="module")
def drawn(exact: bm.QuadratureFit) -> bm.Fit:
    return bm.fit(SPEC, exact.arms, seed=1)


ALL_BIASED = {f"study{i:02d}": (0.2 + 0.1 * i, 0.3 + 0.1 * i) for i in range(4)}


@pytest.mark.slow
@pytest.mark.parametrize(
    "bias", [{"study00": (0.4, 0.5), "study02": (-0.3, 0.2)}, ALL_BIASED], ids=["some", "all"]
)
def test_draws_agree_with_quadrature(exact: bm.QuadratureFit, drawn: bm.Fit, bias) -> None:
    """Six means within 4 Monte-Carlo standard errors: a false alarm in 1 of 2,600 runs."""
    truth = bm.bias_adjusted(exact, bias=bias).posterior
    found = bm.bias_adjusted(drawn, bias=bias)
    assert bm.diagnose(found).ok
    mu = found.posterior["mu"].to_numpy()
    draws = {"mu": mu, "tau": found.posterior["tau"].to_numpy(), "typical": expit(mu)}
    for name, values in draws.items():
        mean = mean_of(values)
        assert abs(mean.value - truth.marginal(name).mean) <= 4 * mean.mcse, name


@pytest.mark.slow
def test_answers_by_draws_stand_where_there_is_no_bias(drawn: bm.Fit) -> None:
    found = bm.bias_adjusted(drawn, bias=ALL_BIASED)
    assert found.coding.reference == {"elicited_bias": "none"}
    told = bm.summary(found)
    assert set(told["profile"]) - {""} == {"elicited_bias=none"}
    [typical] = told.loc[told["quantity"] == "typical rate", "median"]
    assert typical == pytest.approx(float(expit(found.posterior["mu"]).median()), rel=1e-9)
    assert found.provenance.seed == drawn.provenance.seed
    again = bm.bias_adjusted(drawn, bias=ALL_BIASED)
    assert again.posterior.equals(found.posterior)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
def test_levels_that_biased_studies_alone_have_are_compared_between_studies(
    quick: bm.SamplerSettings,
) -> None:
    """Priors of biases, which tell the biases apart, are not taken for comparisons within studies."""
    counts = [(3, 10, "x"), (9, 22, "x"), (14, 41, "y"), (3, 15, "y"), (8, 31, "y")]
    frame = pd.DataFrame(counts, columns=["events", "n", "kind"]).assign(study=list("abcde"))
    spec = bm.ModelSpec(covariates=bm.Covariates("kind", {"kind": "x"}))
    fit = bm.fit(spec, bm.read_evidence(frame).select(), seed=1, settings=quick)
    found = bm.bias_adjusted(fit, bias=dict.fromkeys("abcde", (0.2, 0.3)))
    assert bm.contrast(found).table["between_only"].all()
    plain = bm.fit(bm.ModelSpec(), fit.arms, seed=1, settings=quick)
    assert "1 group" in repr(bm.plots.forest(bm.bias_adjusted(plain, bias={"a": (0, 1)})))


def test_a_saved_fit_with_biases_reads_back(drawn: bm.Fit, tmp_path) -> None:
    found = bm.bias_adjusted(drawn, bias=BIAS | {"study02": (-0.3, 0.1)})
    found.save(tmp_path / "run")
    again = bm.load_fit(tmp_path / "run")
    assert again.spec == found.spec
    assert again.coding.reference == {"elicited_bias": "none"}


def test_what_draws_cannot_do_is_refused(drawn: bm.Fit) -> None:
    with pytest.raises(
        bm.SettingsError, match="`bias` of 'study02' must have a standard deviation above 0"
    ):
        bm.bias_adjusted(drawn, bias=BIAS)
    once = bm.bias_adjusted(drawn, bias={"study00": (0.4, 0.5)})
    for again in (bm.bias_adjusted, bm.selection, bm.bias_sensitivity, bm.information_by_judgement):
        refused(once, again)


def refused(fit: bm.Fit | bm.QuadratureFit, again: Callable[..., object]) -> None:
    judged = pd.DataFrame({"Study": fit.arms.studies}).assign(D1="4", D2="2", D3="3", Overall="9")
    more = {
        bm.bias_adjusted: {"bias": {"study00": (0.4, 0.5)}},
        bm.bias_sensitivity: {"judgements": bm.read_risk_of_bias(judged, tool="NOS")},
        bm.information_by_judgement: {"judgements": bm.read_risk_of_bias(judged, tool="NOS")},
    }
    reason = f"`{again.__name__}` is not available for a fit with biases: give the fit that"
    with pytest.raises(bm.SettingsError, match=reason):
        again(fit, **more.get(again, {}))


def test_biases_are_given_at_once(exact: bm.QuadratureFit) -> None:
    """A second adjustment would drop the first."""
    once = bm.bias_adjusted(exact, bias=BIAS)
    for again in (bm.bias_adjusted, bm.selection, bm.bias_sensitivity):
        refused(once, again)


def test_a_study_may_be_called_as_the_reference(quick: bm.SamplerSettings) -> None:
    frame = pd.DataFrame({"study": ["none", "b", "c"], "events": [3, 9, 14], "n": [10, 22, 41]})
    fit = bm.fit(bm.ModelSpec(), bm.read_evidence(frame).select(), seed=1, settings=quick)
    found = bm.bias_adjusted(fit, bias={"none": (0.4, 0.5)})
    assert found.coding.reference == {"elicited_bias": "no none"}
    assert list(found.coding.names) == ["elicited_bias[none]"]


def test_levels_with_elicited_priors_need_not_be_told_apart() -> None:
    frame = {"study": list("abc"), "events": [3, 5, 8], "n": [10, 20, 40], "who": list("abc")}
    arms = bm.read_evidence(pd.DataFrame(frame)).select()
    told = bm.Covariates("who", {"who": "none"})
    with pytest.raises(bm.SpecError, match="`reference` of 'who' must be one of its levels"):
        make_design(bm.ModelSpec(covariates=told), arms)
    design = make_design(bm.ModelSpec(covariates=replace(told, elicited=["who"])), arms)
    assert design.matrix.tolist() == np.eye(3).tolist()
    with pytest.raises(bm.SpecError, match="`elicited` names 'events', which the formula does not"):
        replace(told, elicited=["events"])
    number = bm.Covariates("n", elicited=["n"])
    with pytest.raises(bm.SpecError, match="`elicited` names 'n', which is no factor"):
        make_design(bm.ModelSpec(covariates=number), arms)
