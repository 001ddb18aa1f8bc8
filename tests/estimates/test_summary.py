"""Summary: the four rates are distinguished, and every number comes with its own error."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from scipy.special import expit

import bayesmeta as bm
from bayesmeta.estimates.count_distributions import binomial_by_draw, binomial_mean
from bayesmeta.estimates.heterogeneity import typical_variance
from bayesmeta.estimates.precision import mean_of, quantile_of, sd_of

COLUMNS = [
    "quantity",
    "profile",
    "scale",
    "mean",
    "sd",
    "median",
    "lower",
    "upper",
    "mcse_mean",
    "mcse_sd",
    "mcse_median",
    "mcse_lower",
    "mcse_upper",
    "ess_bulk",
    "ess_tail",
    "r_hat",
    "arms",
    "inferred",
]
RATES = ["typical rate", "mean rate", "new study", "new cohort"]


def test_rows_and_columns(regimen_fit: bm.Fit) -> None:
    table = bm.summary(regimen_fit)
    assert list(table.columns) == COLUMNS
    assert table["quantity"].tolist()[:2] == ["mu", "beta[regimen_class[ven_dli]]"]
    assert table["profile"].unique().tolist()[1] == "regimen_class=ven_hma"
    assert (
        table.groupby("profile")["quantity"].agg(list).drop("").map(lambda found: found == RATES)
    ).all()


@pytest.mark.slow
def test_the_rates_are_what_their_names_say(pooled_fit: bm.Fit) -> None:
    table = bm.summary(pooled_fit, cohort=25).set_index("quantity")
    posterior = pooled_fit.posterior
    mu, tau = posterior["mu"].to_numpy().ravel(), posterior["tau"].to_numpy().ravel()
    simulated = expit(mu + tau * np.random.default_rng(1).normal(size=(400, mu.size)))
    assert table.loc["typical rate", "mean"] == pytest.approx(expit(mu).mean())
    assert table.loc["mean rate", "mean"] == pytest.approx(simulated.mean(), abs=5e-4)
    assert table.loc["new study", "lower"] == pytest.approx(np.quantile(simulated, 0.025), abs=2e-3)
    assert table.loc["new study", "upper"] == pytest.approx(np.quantile(simulated, 0.975), abs=2e-3)
    counts = np.random.default_rng(2).binomial(25, simulated)
    assert table.loc["new cohort", "mean"] == pytest.approx(counts.mean(), abs=0.02)
    assert table.loc["new cohort", "sd"] == pytest.approx(counts.std(), abs=0.02)
    assert table.loc["new cohort", "scale"] == "responders of 25"


def test_the_mean_rate_lies_nearer_a_half_than_the_typical_rate(table: bm.EvidenceTable) -> None:
    fit = bm.fit(bm.load_model("pooled"), table.select(outcome="CR", venetoclax="yes"), seed=1)
    found = bm.summary(fit).set_index("quantity")["mean"]
    assert found["typical rate"] < found["mean rate"] < 0.5


def test_the_new_study_interval_holds_the_typical_one(regimen_fit: bm.Fit) -> None:
    for _, rows in bm.summary(regimen_fit).query("profile != ''").groupby("profile"):
        found = rows.set_index("quantity")
        assert found.loc["new study", "lower"] < found.loc["typical rate", "lower"]
        assert found.loc["new study", "upper"] > found.loc["typical rate", "upper"]


def test_wider_intervals_for_more_probability(pooled_fit: bm.Fit) -> None:
    half, most = (bm.summary(pooled_fit, ci_prob=p).set_index("quantity") for p in (0.5, 0.99))
    assert (half["lower"] >= most["lower"]).all()
    assert (half["upper"] <= most["upper"]).all()


def test_profiles_asked_for(regimen_fit: bm.Fit) -> None:
    table = bm.summary(regimen_fit, profiles=[{"regimen_class": "ven_ldac"}])
    assert table["profile"].unique().tolist() == ["", "regimen_class=ven_ldac"]


def test_a_common_effect_has_one_rate(orr: bm.Arms, quick: bm.SamplerSettings) -> None:
    found = bm.summary(
        bm.fit(bm.load_model("common_effect"), orr, seed=1, settings=quick)
    ).set_index("quantity")
    assert "tau" not in found.index
    for statistic in ("mean", "lower", "upper"):
        for rate in ("mean rate", "new study"):
            assert found.loc["typical rate", statistic] == pytest.approx(found.loc[rate, statistic])


def test_the_deterministic_summary_has_the_same_form(pooled_fit: bm.Fit, orr: bm.Arms) -> None:
    drawn, exact = (
        bm.summary(pooled_fit),
        bm.summary(bm.fit(bm.load_model("pooled"), orr, method="quadrature")),
    )
    assert list(exact.columns) == COLUMNS
    assert exact["quantity"].tolist() == [name for name in drawn["quantity"] if name != "i_squared"]
    assert (exact[["mcse_mean", "mcse_lower", "mcse_upper"]] == 0).all(axis=None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ci_prob": 0}, "`ci_prob` must lie between 0 and 1"),
        ({"ci_prob": 95}, r"`ci_prob` must lie between 0 and 1 .*, such as 0.95; got 95"),
        ({"cohort": 0}, "`cohort` must be a whole number of patients from 1"),
        ({"cohort": 2.5}, "`cohort` must be a whole number"),
    ],
)
def test_bad_arguments(pooled_fit: bm.Fit, arguments: dict[str, float], message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.summary(pooled_fit, **arguments)  # type: ignore[arg-type]


def test_a_quadrature_fit_has_the_one_profile_of_a_model_without_covariates(orr: bm.Arms) -> None:
    exact = bm.fit(bm.load_model("pooled"), orr, method="quadrature")
    pd.testing.assert_frame_equal(bm.summary(exact, profiles=[{}]), bm.summary(exact))
    with pytest.raises(bm.ProfileError, match="not a covariate of the model"):
        bm.summary(exact, profiles=[{"age": 70}])


def test_typical_variance() -> None:
    """By hand: equal variances give themselves; the formula of Higgins & Thompson otherwise."""
    assert typical_variance(np.array([0.2, 0.2, 0.2])) == pytest.approx(0.2)
    w = np.array([1 / 0.1, 1 / 0.4, 1 / 0.25])
    assert typical_variance(1 / w) == pytest.approx(2 * w.sum() / (w.sum() ** 2 - (w**2).sum()))
    assert typical_variance(np.array([0.3, np.inf])) == pytest.approx(0.3)
    assert typical_variance(np.array([np.inf])) == np.inf


@pytest.mark.parametrize("n", [1, 7, 40, 1000, 10_000])
def test_averaged_binomials(n: int) -> None:
    theta = np.array([-700.0, -50, -3, -0.2, 0, 0.4, 5, 60, 700])
    truth = np.mean([stats.binom.pmf(np.arange(n + 1), n, expit(value)) for value in theta], axis=0)
    assert binomial_mean(theta, n, np.full(theta.size, 1 / theta.size)) == pytest.approx(
        truth, rel=1e-9, abs=1e-13
    )
    last = min(n, 63)
    block = binomial_by_draw(theta[:, None], n, 0, last).mean(axis=0)
    assert block == pytest.approx(truth[: last + 1], rel=1e-9, abs=1e-13)


def autoregressive(rng: np.random.Generator, rho: float) -> np.ndarray:
    """Four stationary chains of 500 draws of a standard normal, with correlation rho."""
    noise = rng.normal(size=(4, 500))
    draws = noise.copy()
    for i in range(1, 500):
        draws[:, i] = rho * draws[:, i - 1] + np.sqrt(1 - rho**2) * noise[:, i]
    return draws


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.7])
def test_monte_carlo_errors_are_honest(rho: float) -> None:
    """Of 300 runs, 95% err by less than 2 MCSE; the share itself has a standard error of 1.3%."""
    rng = np.random.default_rng(3)
    z = {"mean": [], "sd": [], "low": [], "median": []}
    for _ in range(300):
        draws = autoregressive(rng, rho)
        found = {
            "mean": (mean_of(draws), 0),
            "sd": (sd_of(draws), 1),
            "low": (quantile_of(draws, 0.025), stats.norm.ppf(0.025)),
            "median": (quantile_of(draws, 0.5), 0),
        }
        for name, (estimate, truth) in found.items():
            z[name].append((estimate.value - truth) / estimate.mcse)
    for name, values in z.items():
        assert 0.90 <= np.mean(np.abs(values) < 2) <= 0.99, name
        assert 0.8 <= np.sqrt(np.mean(np.square(values))) <= 1.25, name


def test_a_constant_has_no_error() -> None:
    assert mean_of(np.full((2, 9), 0.3)) == pytest.approx((0.3, 0))
    assert quantile_of(np.full((2, 9), 0.3), 0.5) == pytest.approx((0.3, 0))
    assert sd_of(np.full((2, 9), 0.3)).mcse == pytest.approx(0, abs=1e-12)


def test_i_squared_by_hand(pooled_fit: bm.Fit) -> None:
    """tau squared over itself and the typical sampling variance, on the log-odds scale."""
    arms = pooled_fit.arms
    rate = special.expit(pooled_fit.posterior["theta"].to_numpy()).mean(axis=(0, 1))
    w = np.bincount(arms.study_index, weights=arms.n * rate * (1 - rate))
    typical = (w.size - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum())
    variance = pooled_fit.posterior["tau"].to_numpy() ** 2
    found = bm.summary(pooled_fit).set_index("quantity").loc["i_squared", "mean"]
    assert found == pytest.approx((variance / (variance + typical)).mean(), rel=1e-9)
