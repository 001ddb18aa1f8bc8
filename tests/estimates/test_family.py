"""Rates, shrinkage and tables of each part of the model family, against simulation from the draws."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats

import bayesmeta as bm

pytestmark = pytest.mark.slow

COUNTS = [(4, 20), (9, 21), (3, 15), (14, 18), (6, 30), (1, 12), (5, 16), (8, 40)]
STUDIES = ["a", "a", "b", "b", "c", "d", "e", "f"]
PERIOD = ["old"] * 5 + ["new"] * 3
QUICK = bm.SamplerSettings(chains=4, warmup=500, draws=1000)
REPEATS = 60

Rng = np.random.Generator
Draws = dict[str, np.ndarray]


def student(tau: np.ndarray, draws: Draws, rng: Rng) -> np.ndarray:
    return tau * rng.standard_t(np.broadcast_to(draws["nu"], tau.shape))


def contaminated(tau: np.ndarray, draws: Draws, rng: Rng) -> np.ndarray:
    wide = rng.random(tau.shape) < draws["outlier_proportion"]
    return tau * np.where(wide, 4.0, 1.0) * rng.standard_normal(tau.shape)


def skewed(tau: np.ndarray, draws: Draws, rng: Rng) -> np.ndarray:
    """A sum of a half-normal and a normal number (Azzalini 1985), standardised."""
    delta = draws["skew"] / np.sqrt(1 + draws["skew"] ** 2)
    half, other = np.abs(rng.standard_normal(tau.shape)), rng.standard_normal(tau.shape)
    mean = np.sqrt(2 / np.pi) * delta
    return tau * (delta * half + np.sqrt(1 - delta**2) * other - mean) / np.sqrt(1 - mean**2)


def normal(tau: np.ndarray, draws: Draws, rng: Rng) -> np.ndarray:
    return tau * rng.standard_normal(tau.shape)


CASES: dict[str, tuple[dict[str, object], Callable[..., np.ndarray]]] = {
    "normal": ({}, normal),
    "student": ({"study_effects": bm.StudentTEffects()}, student),
    "contaminated": ({"study_effects": bm.ContaminatedEffects()}, contaminated),
    "skew": ({"study_effects": bm.SkewNormalEffects()}, skewed),
    "by period": ({"study_effects": bm.NormalEffects(by="period")}, normal),
    "arms": ({"arm_effects": bm.ArmEffects(bm.HalfNormal(0.5))}, normal),
    "student and arms": (
        {"study_effects": bm.StudentTEffects(), "arm_effects": bm.ArmEffects()},
        student,
    ),
    "cloglog": ({"likelihood": bm.Binomial(bm.CLogLog())}, normal),
    "beta-binomial": ({"likelihood": bm.BetaBinomial()}, normal),
    "beta-binomial alone": (
        {"likelihood": bm.BetaBinomial(bm.Probit()), "study_effects": bm.CommonEffect()},
        normal,
    ),
    "independent": ({"study_effects": bm.IndependentStudies()}, normal),
}
INVERSE = {
    "logit": special.expit,
    "probit": special.ndtr,
    "cloglog": lambda theta: -np.expm1(-np.exp(theta)),
}


def arms_of(counts: list[tuple[int, int]] = COUNTS) -> bm.Arms:
    frame = pd.DataFrame(counts, columns=["events", "n"])
    frame = frame.assign(study=STUDIES, arm=[str(i) for i in range(8)], period=PERIOD)
    return bm.read_evidence(frame).select()


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest) -> tuple[str, bm.Fit]:
    parts, _ = CASES[request.param]
    spec = bm.ModelSpec(request.param, **parts)  # type: ignore[arg-type]
    return request.param, bm.fit(spec, arms_of(), seed=3, settings=QUICK)


def simulated(name: str, fit: bm.Fit, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Rates of new studies and, of the first part of them, means over studies, per draw."""
    own = {key: np.asarray(fit.posterior[key]) for key in fit.posterior if key != "theta"}
    shape = (REPEATS, *own["mu"].shape)
    tau = own.get("tau", np.zeros(own["mu"].shape))
    if fit.spec.study_effects.by:
        tau = fit.posterior["tau"].sel(level="old").to_numpy()
    theta = own["mu"] + CASES[name][1](np.broadcast_to(tau, shape), own, rng)
    if "tau_arm" in own:
        theta = theta + own["tau_arm"] * rng.standard_normal(shape)
    rate = INVERSE[fit.spec.link.name](theta)
    if "rho" not in own:
        return rate, rate
    size = 1 / own["rho"] - 1
    return rng.beta(rate * size, (1 - rate) * size), rate


def test_rates_agree_with_simulation(case: tuple[str, bm.Fit]) -> None:
    """The distribution of a new study within 0.006 of that of 240,000 rates, and the mean per draw."""
    name, fit = case
    profile = {"period": "old"} if name == "by period" else None
    new, given = simulated(name, fit, np.random.default_rng(9))
    prediction = bm.predict(fit, n=20, profile=profile, seed=1)
    for rate in (0.05, 0.2, 0.4, 0.6, 0.9):
        assert prediction.probability(rate_above=rate) == pytest.approx(
            (new > rate).mean(), abs=0.006
        )
    pmf = np.mean([stats.binom.pmf(k, 20, new[:4]).mean() for k in (0, 3, 10)])
    assert prediction.pmf["probability"].loc[[0, 3, 10]].mean() == pytest.approx(pmf, abs=0.003)
    table = bm.summary(fit, profiles=None if profile is None else [profile]).set_index("quantity")
    means = given.mean(axis=0)
    # The mean of 60 rates a draw errs by a tenth of their spread, which averages out.
    assert table.loc["mean rate", "mean"] == pytest.approx(means.mean(), abs=0.003)
    drawn = np.asarray(given.std(axis=0)).mean() / np.sqrt(REPEATS)
    spread = np.sqrt(max(means.var() - drawn**2, 0))
    assert table.loc["mean rate", "sd"] == pytest.approx(spread, rel=0.06)


ROWS = {
    "normal": ["mu", "tau", "i_squared"],
    "student": ["mu", "tau", "nu", "i_squared"],
    "contaminated": ["mu", "tau", "outlier_proportion", "i_squared"],
    "skew": ["mu", "tau", "skew", "i_squared"],
    "by period": ["mu", "tau[new]", "tau[old]", "i_squared[new]", "i_squared[old]"],
    "arms": ["mu", "tau", "tau_arm", "i_squared"],
    "student and arms": ["mu", "tau", "nu", "tau_arm", "i_squared"],
    "cloglog": ["mu", "tau", "i_squared"],
    "beta-binomial": ["mu", "tau", "rho", "i_squared"],
    "beta-binomial alone": ["mu", "rho"],
    "independent": ["mu"],
}
SCALES = {
    "nu": "degrees of freedom",
    "outlier_proportion": "proportion of studies",
    "skew": "slant",
    "rho": "correlation",
}


def test_the_summary_names_every_parameter(case: tuple[str, bm.Fit]) -> None:
    name, fit = case
    table = bm.summary(fit)
    rows = table[table["profile"] == ""].set_index("quantity")
    assert rows.index.tolist() == ROWS[name]
    for quantity, scale in rows["scale"].items():
        if quantity.startswith("i_squared"):
            assert scale == "share of variance"
        else:
            heavy = quantity.startswith("tau") and not fit.spec.study_effects.tau_is_sd
            own = " (scale of the distribution, not sd)" if heavy and quantity != "tau_arm" else ""
            assert scale == SCALES.get(quantity, fit.spec.link.scale) + own
    assert np.isfinite(table[["mean", "sd", "lower", "upper"]].to_numpy(dtype=float)).all()
    profiles = table["profile"].unique()[1:].tolist()
    assert profiles == (["period=new", "period=old"] if name == "by period" else ["all studies"])


def test_the_column_of_tau_belongs_to_a_profile(case: tuple[str, bm.Fit]) -> None:
    name, fit = case
    if name != "by period":
        return
    for profile in (None, {}):
        found = bm.predict(fit, n=10, profile=profile, seed=1)
        assert found.profile == "period=new (reference)"
    assert bm.predict(fit, n=10, study="a", seed=1).profile == "period=old"


def test_shrunken_rates_are_those_of_the_draws(case: tuple[str, bm.Fit]) -> None:
    """Their medians; of a beta-binomial arm, that of its beta distribution given its responders."""
    _, fit = case
    rate = INVERSE[fit.spec.link.name](fit.posterior["theta"].to_numpy())
    expected = np.median(rate, axis=(0, 1))
    if "rho" in fit.posterior:
        size = (1 / fit.posterior["rho"].to_numpy() - 1)[..., None]
        alpha = rate * size + fit.arms.events
        beta = (1 - rate) * size + fit.arms.n - fit.arms.events
        expected = [
            optimize.brentq(
                lambda x, i=i: special.betainc(alpha[..., i], beta[..., i], x).mean() - 0.5, 0, 1
            )
            for i in range(len(fit.arms))
        ]
    assert bm.shrinkage(fit)["rate"].to_numpy() == pytest.approx(expected, abs=0.004)


def test_weights_and_shrinkage_follow_what_may_differ(case: tuple[str, bm.Fit]) -> None:
    name, fit = case
    table = bm.shrinkage(fit)
    assert table["shrinkage"].between(0, 1).all()
    assert table["weight"].sum() == pytest.approx(0 if name == "independent" else 1)
    if name == "independent":
        assert (table["shrinkage"] == 0).all()
    if name == "arms":
        check_arm_effects(fit, table)


def check_arm_effects(fit: bm.Fit, table: pd.DataFrame) -> None:
    """Study c, of one arm, by the formulas for tau and tau_arm together."""
    tau2 = np.square(fit.posterior["tau"].to_numpy())
    arm2 = float((fit.posterior["tau_arm"] ** 2).mean())
    rate = special.expit(fit.posterior["theta"].to_numpy()).mean(axis=(0, 1))[4]
    chance = 1 / (30 * rate * (1 - rate))
    expected = (chance / (chance + arm2 + tau2)).mean()
    assert table.loc[4, "shrinkage"] == pytest.approx(expected, rel=1e-6)


def test_overdispersed_arms_are_drawn_only_in_part() -> None:
    spec = bm.ModelSpec(likelihood=bm.BetaBinomial(), study_effects=bm.CommonEffect())
    fit = bm.fit(spec, arms_of(), seed=3, settings=QUICK)
    rho = float(fit.posterior["rho"].mean())
    n = np.array([n for _, n in COUNTS])
    found = bm.shrinkage(fit)["shrinkage"].to_numpy()
    assert found == pytest.approx((1 - rho) / (1 - rho + n * rho))


@pytest.mark.parametrize("name", ["independent", "arms", "beta-binomial alone"])
def test_an_arm_without_patients_has_no_weight(name: str) -> None:
    parts, _ = CASES[name]
    spec = bm.ModelSpec(name, **parts)  # type: ignore[arg-type]
    fit = bm.fit(spec, arms_of([*COUNTS[:-1], (0, 0)]), seed=3, settings=QUICK)
    last = bm.shrinkage(fit).iloc[-1]
    assert (last["weight"], last["shrinkage"]) == (0, 1)


def test_imputed_columns_are_summarised_in_their_unit() -> None:
    dose = [100.0, 120, None, 140, 90, 110, None, 130]
    frame = arms_of().frame.assign(dose=dose)[["study", "arm", "events", "n", "dose"]]
    arms = bm.read_evidence(frame).select()
    spec = bm.ModelSpec(covariates=bm.Covariates("dose", impute=["dose"]), beta=bm.Normal(0, 0.02))
    table = bm.summary(bm.fit(spec, arms, seed=3, settings=QUICK)).set_index("quantity")
    known = pd.Series(dose).dropna()
    assert table.loc["x_mean[dose]", "mean"] == pytest.approx(known.mean(), abs=5)
    assert 0.8 * known.std() < table.loc["x_sd[dose]", "mean"] < 1.8 * known.std()
    assert table.loc["x_sd[dose]", "scale"] == "unit of the column"


def test_the_typical_rate_is_that_of_the_median_study() -> None:
    """Skewed effects have another median than mean: each draw's typical rate halves its new studies."""
    from bayesmeta.estimates.profile_rates import profile_rates

    spec = bm.ModelSpec("skew", study_effects=bm.SkewNormalEffects(skew=bm.Normal(4, 0.5)))
    fit = bm.fit(spec, arms_of(), seed=1, settings=QUICK)
    rates = profile_rates(fit, None)
    drawn = {"skew": fit.posterior["skew"].to_numpy()[..., None]}
    tau = np.broadcast_to(rates.tau[..., None], (*rates.tau.shape, 200))
    effects = skewed(tau, drawn, np.random.default_rng(1))
    below = special.expit(rates.theta[..., None] + effects) < rates.typical[..., None]
    # 800,000 studies: a standard error of 0.0006.
    assert below.mean() == pytest.approx(0.5, abs=0.003)
