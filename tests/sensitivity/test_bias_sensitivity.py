"""The models of risk of bias against brute force and against each other, and what is refused."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, log_expit, logsumexp

import bayesmeta as bm
from bayesmeta.estimates.precision import mean_of
from bayesmeta.evidence.risk_groups import HIGH, LOW, risk_groups
from bayesmeta.evidence.risk_of_bias import TOOLS
from bayesmeta.inference.exact import quadrature_fit
from bayesmeta.model.weights import check_weights
from bayesmeta.sensitivity.bias_fits import fit_at_high_risk, fit_weighted, fit_without
from bayesmeta.sensitivity.bias_models import weighted_design

COUNTS = [(4, 12), (9, 22), (14, 41), (3, 15), (18, 30), (15, 22)]
LABELS = ("Low", "Low", "Low", "Some concerns", "High", "High")
SPEC = bm.ModelSpec(mu=bm.Normal(0, 1.5), study_effects=bm.NormalEffects(bm.HalfNormal(0.5)))
NAMES = tuple(f"study{i:02d}" for i in range(len(COUNTS)))


def judged(labels: Mapping[str, str], tool: str = "RoB 2") -> bm.RiskOfBias:
    own = TOOLS[tool]
    domains = {f"D{k}": own.labels[0] for k in range(1, own.domains[0] + 1)}
    frame = pd.DataFrame({"Study": list(labels)}).assign(**domains, Overall=list(labels.values()))
    return bm.read_risk_of_bias(frame, tool=tool)


JUDGED = judged(dict(zip(NAMES, LABELS, strict=True)))


@pytest.fixture(scope="module")
def exact(make_arms: Callable[..., bm.Arms]) -> bm.QuadratureFit:
    return bm.fit(SPEC, make_arms(COUNTS), method="quadrature")


@pytest.fixture(scope="module")
def drawn(exact: bm.QuadratureFit) -> bm.Fit:
    return bm.fit(SPEC, exact.arms, seed=1)


def means(fit: bm.QuadratureFit) -> list[float]:
    return [fit.posterior.marginal(name).mean for name in ("mu", "tau", "typical", "mean")]


def powers(alpha: float) -> dict[str, float]:
    return {name: alpha if name in NAMES[4:] else 1.0 for name in NAMES}


def test_a_power_of_one_is_the_fit_and_of_zero_leaves_out(
    exact: bm.QuadratureFit, make_arms: Callable[..., bm.Arms]
) -> None:
    whole = fit_weighted(exact, powers(1.0))
    assert means(whole) == means(exact)
    assert whole.log_marginal_likelihood == exact.log_marginal_likelihood
    none = fit_weighted(exact, powers(0.0))
    without = bm.fit(SPEC, make_arms(COUNTS[:4]), method="quadrature")
    assert means(none) == pytest.approx(means(without), rel=1e-9)
    assert none.log_marginal_likelihood == pytest.approx(without.log_marginal_likelihood, rel=1e-9)
    groups = risk_groups(JUDGED, exact.arms)
    assert means(fit_without(exact, groups)) == means(without)


def test_powers_go_with_their_arms(exact: bm.QuadratureFit) -> None:
    design = weighted_design(exact.design, powers(0.5))
    kept = np.array([True, False, True, True, False, True])
    assert design.rows(kept).weights.tolist() == [1.0, 1.0, 1.0, 0.5]
    again = quadrature_fit(design.rows(kept))
    with pytest.raises(bm.SettingsError, match="`weights` is not available"):
        check_weights(replace(design, spec=bm.ModelSpec(likelihood=bm.BetaBinomial())), "`weights`")
    assert again.arms.studies.tolist() == [NAMES[i] for i in np.flatnonzero(kept)]


@pytest.mark.parametrize("alpha", [0.5, 0.07])
def test_a_power_of_the_likelihood_is_that_of_brute_force(
    exact: bm.QuadratureFit, alpha: float
) -> None:
    """The likelihood of the count given the study's effect is to the power, by Gauss rules."""
    nodes, weights = np.polynomial.legendre.leggauss(64)
    mu, tau = np.meshgrid(4 * nodes - 0.3, 1.75 * (nodes + 1), indexing="ij")
    each, by_each = np.polynomial.hermite_e.hermegauss(100)
    logs = -0.5 * (mu / 1.5) ** 2 - 0.5 * (tau / 0.5) ** 2
    for (events, n), power in zip(COUNTS, powers(alpha).values(), strict=True):
        theta = mu[..., None] + tau[..., None] * each
        log_count = power * (events * log_expit(theta) + (n - events) * log_expit(-theta))
        logs += logsumexp(log_count, axis=-1, b=by_each)
    density = np.exp(logs - logs.max()) * np.outer(weights, weights)
    density /= density.sum()
    found = fit_weighted(exact, powers(alpha)).posterior
    for name, values in {"mu": mu, "tau": tau, "typical": expit(mu)}.items():
        assert found.marginal(name).mean == pytest.approx(float((density * values).sum()), abs=1e-6)


@pytest.mark.slow
def test_draws_of_a_power_agree_with_quadrature(exact: bm.QuadratureFit, drawn: bm.Fit) -> None:
    """Two means within 4 Monte-Carlo standard errors: a false alarm in 1 of 7,900 runs."""
    truth = fit_weighted(exact, powers(0.5)).posterior
    found = fit_weighted(drawn, powers(0.5))
    for name in ("mu", "tau"):
        mean = mean_of(found.posterior[name].to_numpy())
        assert abs(mean.value - truth.marginal(name).mean) <= 4 * mean.mcse, name


B0, KAPPA = bm.Normal(0.2, 0.6), bm.HalfNormal(0.4)


@pytest.mark.slow
def test_biases_at_high_risk_are_those_of_brute_force(drawn: bm.Fit) -> None:
    """Four means within 4 Monte-Carlo standard errors: a false alarm in 1 of 3,900 runs.

    A grid of mu, tau, b0 and kappa; effects and biases of studies are integrated as one normal.
    """
    groups = risk_groups(JUDGED, drawn.arms)
    found = fit_at_high_risk(drawn, groups, B0, KAPPA).posterior
    draws = {
        "mu": found["mu"],
        "tau": found["tau"],
        "b0": found["beta"].isel(covariate=0),
        "kappa": found["sigma"].isel(level_term=0),
    }
    truth = brute_force()
    for name, variable in draws.items():
        mean = mean_of(variable.to_numpy())
        assert abs(mean.value - truth[name]) <= 4 * mean.mcse, name


def brute_force() -> dict[str, float]:
    nodes, weights = np.polynomial.legendre.leggauss(28)
    axes = {
        "mu": 3 * nodes - 0.4,
        "tau": 1.25 * (nodes + 1),
        "b0": 3 * nodes + 0.2,
        "kappa": nodes + 1,
    }
    mu, tau, b0, kappa = np.meshgrid(*axes.values(), indexing="ij", sparse=True)
    logs = -0.5 * (mu / 1.5) ** 2 - 0.5 * (tau / 0.5) ** 2
    logs = logs - 0.5 * ((b0 - 0.2) / 0.6) ** 2 - 0.5 * (kappa / 0.4) ** 2
    each, by_each = np.polynomial.hermite_e.hermegauss(50)
    for (events, n), label in zip(COUNTS, LABELS, strict=True):
        at_risk = label == "High"
        centre = mu + b0 if at_risk else mu
        spread = np.hypot(tau, kappa) if at_risk else tau
        total = 0.0
        for z, weight in zip(each, by_each, strict=True):
            theta = centre + spread * z
            total = total + weight * np.exp(
                events * log_expit(theta) + (n - events) * log_expit(-theta)
            )
        logs = logs + np.log(total)
    density = np.exp(logs - logs.max())
    for axis in range(4):
        density = density * weights.reshape([-1 if i == axis else 1 for i in range(4)])
    density /= density.sum()
    values = dict(zip(axes, (mu, tau, b0, kappa), strict=True))
    return {name: float((density * value).sum()) for name, value in values.items()}


@pytest.mark.slow
def test_the_table_has_each_model_with_its_studies(drawn: bm.Fit) -> None:
    found = bm.bias_sensitivity(
        drawn, JUDGED, elicited={NAMES[4]: (0.3, 0.2)}, weights={"High": 0}, rate_above=0.3
    )
    assert dict(zip(found.table["model"], found.table["studies"], strict=True)) == {
        "as fitted": 6,
        "elicited biases": 6,
        "bias at high risk": 6,
        "weights": 4,
        "without high risk": 4,
    }
    assert found.ok
    assert not found.refused
    rows = found.table.set_index("model")
    last, same = rows.loc["without high risk"], rows.loc["weights"]
    error = np.hypot(last["mcse_typical"], same["mcse_typical"])
    # Two computations of one posterior: a false alarm in 1 of 15,000 runs.
    assert abs(last["typical"] - same["typical"]) <= 4 * error
    assert rows.loc["bias at high risk", "typical"] < rows.loc["as fitted", "typical"]
    again = bm.bias_sensitivity(drawn, JUDGED, weights={"High": 0}, rate_above=0.3)
    assert again.table.set_index("model").loc["weights"].equals(same)


def test_every_row_of_a_quadrature_fit_is_exact(exact: bm.QuadratureFit) -> None:
    found = bm.bias_sensitivity(
        exact, JUDGED, elicited={NAMES[4]: (0.3, 0.0)}, weights={"High": 0.0}, rate_above=0.3
    )
    rows = found.table.set_index("model")
    assert list(rows.index) == ["as fitted", "elicited biases", "weights", "without high risk"]
    assert (rows.filter(like="mcse_") == 0).all(axis=None)
    assert rows.loc["weights", "typical"] == pytest.approx(
        rows.loc["without high risk", "typical"], rel=1e-9
    )
    adjusted = bm.bias_adjusted(exact, bias={NAMES[4]: (0.3, 0.0)})
    expected = float(adjusted.posterior.marginal("typical").quantile(0.5))
    assert rows.loc["elicited biases", "typical"] == pytest.approx(expected, rel=1e-9)
    assert "quadrature takes two" in found.refused["bias at high risk"]


@pytest.mark.parametrize(
    ("labels", "model", "reason"),
    [
        (["Low"] * 6, "without high risk", "no study is at high risk (High)"),
        (["Low"] * 6, "bias at high risk", "no study is at high risk (High)"),
        (["High"] * 6, "without high risk", "all studies are at high risk"),
        (
            ["Low", "Low", *["High"] * 4],
            "bias at high risk",
            "2 studies at low risk (Low), and fewer",
        ),
        (
            ["Low", *["High"] * 5],
            "bias at high risk",
            "1 study at low risk (Low), and fewer than 3",
        ),
    ],
)
def test_a_model_that_judgements_do_not_allow_is_refused(
    exact: bm.QuadratureFit, labels: list[str], model: str, reason: str
) -> None:
    found = bm.bias_sensitivity(exact, judged(dict(zip(NAMES, labels, strict=True))))
    assert found.refused[model].startswith(reason)
    assert model not in set(found.table["model"])


def test_biases_at_high_risk_need_normal_effects(
    make_arms: Callable[..., bm.Arms], quick: bm.SamplerSettings
) -> None:
    student = bm.ModelSpec(study_effects=bm.StudentTEffects())
    fit = bm.fit(student, make_arms(COUNTS), seed=1, settings=quick)
    groups = risk_groups(JUDGED, fit.arms)
    with pytest.raises(bm.SpecError, match=r"biases are normal, .* the model has student_t ones"):
        fit_at_high_risk(fit, groups, B0, KAPPA)


def test_powers_are_of_binomial_likelihoods(
    make_arms: Callable[..., bm.Arms], quick: bm.SamplerSettings
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bm.ModelWarning)
        spec = bm.ModelSpec(likelihood=bm.BetaBinomial())
        fit = bm.fit(spec, make_arms(COUNTS), seed=1, settings=quick)
    with pytest.raises(bm.SettingsError, match="`weights` is not available for pooled: a beta-bin"):
        bm.bias_sensitivity(fit, JUDGED, weights={"High": 0.5})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"high": ["Severe"]}, "`high` names 'Severe', which is no overall judgement of RoB 2"),
        ({"high": []}, "`high` must list overall judgements of RoB 2"),
        ({"high": ["Low"], "low": ["Low"]}, "`high` and `low` both have Low"),
        ({"weights": {}}, "`weights` must map overall judgements to powers"),
        ({"weights": {"Serious": 0.5}}, "`weights` names 'Serious', which is no overall judgement"),
        ({"weights": {"High": 1.5}}, "`weights` of 'High' must lie within 0 .* got 1.5"),
        (
            {"weights": {"High": 0, "Low": 0, "Some concerns": 0}},
            "`weights` leave no study that counts",
        ),
        ({"elicited": {"study99": (0, 1)}}, "`elicited` names 'study99', no study of the arms"),
        ({"elicited": {"study00": 1}}, "`elicited` of 'study00' must be a finite mean"),
        ({"bias_prior": bm.HalfNormal(1)}, "`bias_prior` must be a prior of every number"),
        ({"spread_prior": bm.Normal(0, 1)}, "`spread_prior` is a standard deviation"),
        ({"ci_prob": 95}, "`ci_prob` must lie between 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_refused(
    exact: bm.QuadratureFit, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(bm.BayesmetaError, match=message):
        bm.bias_sensitivity(exact, JUDGED, **given)


def test_judgements_must_be_of_the_studies(exact: bm.QuadratureFit) -> None:
    misspelt = judged({"study00": "Low", "study_1": "Low", **dict.fromkeys(NAMES[2:], "High")})
    with pytest.raises(bm.EvidenceError, match=r"name 'study_1', which .* mean 'study01'"):
        bm.bias_sensitivity(exact, misspelt)
    few = judged(dict.fromkeys(NAMES[2:], "High"))
    expected = "2 of 6 are missing: study00, study01"
    with pytest.raises(bm.EvidenceError, match=f"`judgements` must have each study .* {expected}"):
        bm.bias_sensitivity(exact, few)
    with pytest.raises(bm.SettingsError, match="`judgements` must be a RiskOfBias; got DataFrame"):
        bm.bias_sensitivity(exact, JUDGED.frame)  # type: ignore[arg-type]
    adjusted = bm.bias_adjusted(exact, bias={NAMES[0]: (0.1, 0.1)})
    with pytest.raises(
        bm.SettingsError, match="`bias_sensitivity` is not available for a fit with"
    ):
        bm.bias_sensitivity(adjusted, JUDGED)


def test_labels_of_each_tool(exact: bm.QuadratureFit) -> None:
    for tool, low in LOW.items():
        assert {*low, *HIGH[tool]} <= set(TOOLS[tool].overall)
        own = judged(dict.fromkeys(NAMES, low[0]), tool)
        assert risk_groups(own, exact.arms).studies(low) == NAMES
    for tool in set(TOOLS) - set(HIGH):
        own = judged(dict.fromkeys(NAMES, TOOLS[tool].overall[0]), tool)
        with pytest.raises(bm.SettingsError, match=f"`high` must name the overall .* of {tool}"):
            bm.bias_sensitivity(exact, own)
        labels = TOOLS[tool].overall
        given = {"high": [labels[1]], "low": [labels[0]]}
        assert bm.bias_sensitivity(exact, own, **given).tool == tool
