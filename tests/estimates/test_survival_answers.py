"""Answers from fits of survival: medians, survival at a time, restricted means, cohorts, contrasts."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import binom

import bayesmeta as bm
from bayesmeta.estimates.events import cohort_event
from bayesmeta.estimates.profile_survival import profile_survival
from bayesmeta.model.build import make_design
from bayesmeta.model.curves import CURVES, SurvivalCurve
from bayesmeta.report.prediction_text import event_lines

pytestmark = pytest.mark.filterwarnings(
    "ignore::bayesmeta.EvidenceWarning", "ignore::bayesmeta.ModelWarning"
)

FEW = bm.SamplerSettings(chains=4, draws=1000)


def rows() -> pd.DataFrame:
    """Medians with intervals of two regimens, and a landmark of each arm."""
    rng, found = np.random.default_rng(3), []
    for place, median in enumerate(rng.lognormal(2, 0.3, 8)):
        regimen = "ab"[place % 2]
        of_arm = {"study": f"s{place}", "arm": regimen, "regimen": regimen, "n": 40}
        limits = {"median_low": 0.7 * median, "median_high": 1.4 * median}
        found.append(of_arm | {"median": median} | limits)
        share = float(np.exp(-np.log(2) * (18 / median) ** 1.2))
        found.append(of_arm | {"time": 18, "survival": share, "at_risk": max(1, round(40 * share))})
    return pd.DataFrame(found)


@pytest.fixture(scope="module")
def arms() -> bm.SurvivalArms:
    return bm.read_survival(rows(), time_unit="months").select()


@pytest.fixture(scope="module")
def fit(arms: bm.SurvivalArms) -> bm.Fit:
    covariates = bm.Covariates("regimen", {"regimen": "a"})
    spec = bm.ModelSpec(covariates=covariates, curve=bm.WeibullSurvival())
    return bm.fit(spec, arms, seed=1, settings=FEW)


@pytest.fixture(scope="module")
def random_curves(fit: bm.Fit) -> tuple[np.ndarray, np.ndarray]:
    """Medians and shapes of new studies of regimen b, drawn at random: 50 of each draw."""
    rng, posterior = np.random.default_rng(4), fit.posterior
    mu, beta, tau, kappa, tau_k = (
        np.asarray(posterior[name]).reshape(-1, 1)
        for name in ("mu", "beta", "tau", "kappa", "tau_k")
    )
    shape = (len(mu), 50)
    median = np.exp(mu + beta + tau * rng.standard_normal(shape))
    return median, np.exp(kappa + tau_k * rng.standard_normal(shape))


@pytest.mark.parametrize("name", CURVES)
def test_half_are_alive_at_the_median_and_the_restricted_mean_is_the_area(name: str) -> None:
    curve: SurvivalCurve = CURVES[name]()
    for median, shape in ((6.0, 1.0), (3.0, 0.6), (40.0, 2.3)):
        if not curve.has_shape:
            shape = 1.0
        at = [np.asarray(one) for one in (median, shape)]
        assert curve.survival(median, *at) == pytest.approx(0.5, rel=1e-12)
        area = quad(lambda time: float(curve.survival(time, *at)), 0, 12, epsabs=1e-11)[0]  # noqa: B023
        assert curve.mean_to(12.0, *at) == pytest.approx(area, rel=1e-8)


@pytest.mark.parametrize("name", CURVES)
def test_the_slope_at_the_median_is_that_of_the_curve(name: str) -> None:
    curve, step = CURVES[name](), 1e-6
    ends = curve.log_survival(np.array([-step, step]))
    assert -2 * np.diff(np.exp(ends))[0] / (2 * step) == pytest.approx(curve.slope, rel=1e-6)


def test_typical_answers_are_those_of_each_draw(fit: bm.Fit) -> None:
    table = bm.summary(fit, profiles=[{"regimen": "b"}], times=[6, 12]).set_index(
        ["quantity", "time"]
    )
    posterior = fit.posterior
    median = np.exp(np.asarray(posterior["mu"]) + np.asarray(posterior["beta"])[..., 0])
    shape = np.exp(np.asarray(posterior["kappa"]))
    alive = 0.5 ** ((12 / median) ** shape)
    found = table["median"]
    typical = found.xs("typical median").iloc[0]
    assert typical == pytest.approx(np.median(median), rel=1e-12)
    assert found["typical survival", 12] == pytest.approx(np.median(alive), rel=1e-12)
    lower = table["lower"]["typical survival", 12]
    assert lower == pytest.approx(np.quantile(alive, 0.025), rel=1e-12)
    ratio = table["median"].xs("median_ratio[regimen[b]]").iloc[0]
    assert ratio == pytest.approx(np.exp(np.median(posterior["beta"])), rel=1e-3)
    # The area under a curve that falls lies between its ends.
    mean = found["typical restricted mean", 12]
    assert 12 * found["typical survival", 12] < mean < 12


def test_a_new_study_is_what_random_studies_are(
    fit: bm.Fit, random_curves: tuple[np.ndarray, np.ndarray]
) -> None:
    median, shape = random_curves
    alive = 0.5 ** ((12 / median) ** shape)
    table = bm.summary(fit, profiles=[{"regimen": "b"}], times=12).set_index("quantity")
    for end, probability in (("lower", 0.025), ("median", 0.5), ("upper", 0.975)):
        for quantity, drawn in (("new study median", median), ("new study survival", alive)):
            expected = np.quantile(drawn, probability)
            below = float((drawn <= table.loc[quantity, end]).mean())
            # 200,000 random studies: 4 standard errors of a share, and those of the nodes.
            assert below == pytest.approx(probability, abs=0.006), (quantity, end, expected)
    nodes = profile_survival(fit, {"regimen": "b"}).new_study.shape
    for probability in (0.025, 0.975):
        below = float((shape <= np.quantile(nodes, probability)).mean())
        assert below == pytest.approx(probability, abs=0.006)
    mean = alive.mean(axis=1)
    assert table.loc["mean survival", "mean"] == pytest.approx(mean.mean(), abs=0.003)


def test_a_cohort_is_a_binomial_of_the_survival_of_a_new_study(
    fit: bm.Fit, random_curves: tuple[np.ndarray, np.ndarray]
) -> None:
    median, shape = random_curves
    alive = 0.5 ** ((12 / median) ** shape)
    prediction = bm.predict(fit, n=20, time=12, profile={"regimen": "b"}, seed=1)
    expected = binom.pmf(np.arange(21)[:, None], 20, alive.ravel()[::20]).mean(axis=1)
    assert prediction.pmf["probability"].to_numpy() == pytest.approx(expected, abs=0.004)
    assert prediction.time == 12
    assert "alive at 12 months of 20" in repr(prediction)
    above = prediction.probability("rate > 0.3")
    assert above == pytest.approx((alive > 0.3).mean(), abs=0.01)


def test_a_further_cohort_has_the_effect_and_the_shape_of_its_study(fit: bm.Fit) -> None:
    found = bm.predict(fit, n=20, time=12, study="s1", seed=1).interval(0.95)
    posterior = fit.posterior
    theta, shape = (np.asarray(posterior[name])[..., 1] for name in ("theta", "log_shape"))
    alive = 0.5 ** ((12 / np.exp(theta)) ** np.exp(shape))
    assert found.loc["survival", "median"] == pytest.approx(np.median(alive), rel=1e-9)


def test_levels_are_compared_by_ratios_of_medians(fit: bm.Fit) -> None:
    found = bm.contrast(fit, against="a", time=12)
    assert found.time == 12
    row = found.table.iloc[0]
    beta = np.asarray(fit.posterior["beta"])[..., 0]
    assert row["median_ratio"] == pytest.approx(np.exp(np.median(beta)), rel=1e-12)
    assert row["probability_longer"] == pytest.approx((beta > 0).mean(), rel=1e-12)
    one, other = (profile_survival(fit, {"regimen": level}).typical for level in "ba")
    difference = one.survival(12) - other.survival(12)
    assert row["survival_difference"] == pytest.approx(np.median(difference), rel=1e-12)
    assert row["between_only"]
    assert (row["studies_level"], row["studies_versus"], row["studies_both"]) == (4, 4, 0)
    assert found.ranks.set_index("level").loc["b", "rank_1"] == pytest.approx((beta > 0).mean())


def test_a_fit_is_saved_with_its_reports(fit: bm.Fit, tmp_path: object) -> None:
    folder = f"{tmp_path}/run"
    fit.save(folder)
    again = bm.load_fit(folder)
    assert isinstance(again.arms, bm.SurvivalArms)
    pd.testing.assert_frame_equal(again.arms.reports, fit.arms.reports, check_dtype=False)  # type: ignore[attr-defined]
    assert again.draws.equals(fit.draws)
    assert bm.summary(again).equals(bm.summary(fit))


def test_notes_say_what_the_shape_and_the_standard_errors_rest_on(fit: bm.Fit) -> None:
    shape, ratios = bm.notes(fit)
    assert shape.startswith("The shape of the curves is estimated from 8 of 8 arms")
    assert ratios.startswith("Ratios of medians are no hazard ratios")
    medians = rows()[["study", "arm", "n", "median"]].dropna()
    arms = bm.read_survival(medians, time_unit="months").select()
    alone = bm.fit(bm.ModelSpec(curve=bm.WeibullSurvival()), arms, seed=1, settings=FEW)
    guessed, rests = bm.notes(alone)
    assert guessed.startswith(
        "8 of 8 reports have no interval. Their standard errors are estimated"
    )
    assert "rests on its priors: of 8 arms, none reports more than one point" in rests
    arms = bm.read_survival(medians.assign(n=12), time_unit="months").select()
    small = bm.fit(bm.ModelSpec(curve=bm.WeibullSurvival()), arms, seed=1, settings=FEW)
    assert "8 of 8 arms have fewer than 20 patients. Their standard errors" in bm.notes(small)[1]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda fit: bm.predict(fit, n=20, seed=1), "`time` is missing"),
        (lambda fit: bm.predict(fit, n=20, time=0, seed=1), "`time` must be months above 0"),
        (lambda fit: bm.summary(fit, times=[]), "`times` must be months, such as"),
        (lambda fit: bm.summary(fit, times=["a"]), "`times` must be months above 0"),
        (lambda fit: bm.summary(fit, times=1201), "1,200 at most; got 1201"),
        (lambda fit: bm.summary(fit, per={"age": 10}), "`per` is of odds ratios"),
        (lambda fit: bm.contrast(fit, time=-1), "`time` must be months above 0"),
        (lambda fit: bm.shrinkage(fit), "is not available for survival"),
        (
            lambda fit: bm.bias_adjusted(fit, bias={"a": (0, 1)}),
            "`bias_adjusted` is not available for survival, since a bias of a rate is one number",
        ),
        (
            lambda fit: bm.bias_sensitivity(fit, bm.RiskOfBias("RoB 2", pd.DataFrame())),
            "`bias_sensitivity` is not available for survival, since a bias of a rate is one",
        ),
        (
            lambda fit: bm.plots.contrasts(bm.contrast(fit)),
            "odds ratios; it is not available for survival",
        ),
    ],
)
def test_what_cannot_be_asked_is_told(fit: bm.Fit, asked: object, message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        asked(fit)  # type: ignore[operator]


def test_probabilities_of_events_are_told_as_survival(fit: bm.Fit) -> None:
    found = bm.predict(fit, n=20, time=12, seed=1)
    asked = [cohort_event(20, one) for one in ({"rate_above": 0.3}, {"events_at_most": 4})]
    above, most = event_lines(found, asked)
    assert above.startswith("P(survival at 12 months > 0.3)")
    assert most.startswith("P(patients alive at 12 months <= 4)")


def test_a_wide_prior_is_told_as_a_ratio_of_medians() -> None:
    # Of ages 50 to 70, the standard deviation is 10; 1.96 of them change the log median by 3.92.
    frame = pd.DataFrame({"study": list("abc"), "n": 20, "median": [5, 6, 9], "age": [50, 60, 70]})
    arms = bm.read_survival(frame, time_unit="months").select()
    spec = bm.ModelSpec(covariates="age", curve=bm.WeibullSurvival(), beta=bm.Normal(0, 0.21))
    message = (
        r"multiplies the typical median by between 0.016 and 61\. The default is Normal\(0, 0.07"
    )
    with pytest.warns(bm.ModelWarning, match=message):
        make_design(spec, arms)


def test_times_belong_to_survival_alone() -> None:
    counts = pd.DataFrame({"study": ["a", "b"], "events": [3, 5], "n": [10, 12]})
    fit = bm.fit(bm.ModelSpec(), bm.read_evidence(counts).select(), seed=1, settings=FEW)
    for asked in (
        lambda: bm.summary(fit, times=12),
        lambda: bm.predict(fit, n=20, time=12, seed=1),
    ):
        with pytest.raises(
            bm.SettingsError, match=r"`times?` has no effect on a fit of response rates"
        ):
            asked()


def test_a_model_goes_with_arms_of_its_kind(arms: bm.SurvivalArms) -> None:
    counts = pd.DataFrame({"study": ["a", "b"], "events": [3, 5], "n": [10, 12]})
    rates = bm.read_evidence(counts).select()
    curve = bm.ModelSpec(curve=bm.LogLogisticSurvival())
    with pytest.raises(
        bm.SpecError, match=r"the arms report survival .* and the model is of response"
    ):
        bm.fit(bm.ModelSpec(), arms, seed=1)
    with pytest.raises(
        bm.SpecError, match=r"the model is of survival .* and the arms report responders"
    ):
        bm.fit(curve, rates, seed=1)
    with pytest.raises(bm.SpecError, match="`likelihood` has no effect beside `curve`"):
        bm.ModelSpec(likelihood=bm.BetaBinomial(), curve=bm.WeibullSurvival())
    with pytest.raises(bm.SpecError, match="`arm_effects` is not available for survival"):
        bm.fit(bm.ModelSpec(arm_effects=bm.ArmEffects(), curve=bm.WeibullSurvival()), arms, seed=1)
    with pytest.raises(bm.SettingsError, match="method='quadrature' is not available for survival"):
        bm.fit(curve, arms, method="quadrature")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"retention": bm.Normal(0, 1)}, "`retention` is a share of patients"),
        ({"kappa": bm.HalfNormal(1)}, "`kappa` is the mean of the log shape"),
        ({"tau_k": bm.Normal(0, 1)}, "`tau_k`"),
    ],
)
def test_priors_of_a_curve_lie_where_its_parameters_do(
    arguments: dict[str, bm.Prior], message: str
) -> None:
    with pytest.raises(bm.SpecError, match=message):
        bm.WeibullSurvival(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["survival", "survival_log_logistic", "survival_regimen"])
def test_bundled_models_are_read_and_written_unchanged(name: str) -> None:
    from bayesmeta.model import parse_model, to_toml

    spec = bm.load_model(name)
    assert parse_model(to_toml(spec)) == spec
    assert spec.curve is not None
