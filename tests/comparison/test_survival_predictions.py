"""Studies of survival predicted from the others: against quadrature, simulation and definitions."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.special import logsumexp
from scipy.stats import kstest, norm

import bayesmeta as bm
from bayesmeta.comparison.predictions import predictions_of
from bayesmeta.comparison.report_scores import replicated, report_scores, value_scores
from bayesmeta.comparison.scores import study_scores
from bayesmeta.comparison.survival_predictions import SurvivalPredictions
from bayesmeta.errors import InapplicableError
from bayesmeta.estimates.profile_survival import Curves
from bayesmeta.inference.survival.drawn_reports import draw_reports
from bayesmeta.marginal_likelihood.marginal_likelihood import log_marginal_likelihood
from bayesmeta.model import Design, make_design
from bayesmeta.model.survival_reports import Kind, Report
from bayesmeta.report.comparison_text import comparison_blocks
from bayesmeta.report.document import lines_of
from bayesmeta.report.saved_runs import SavedComparison, load_run

LOG_MEDIANS, ERRORS = np.log([6.1, 9.4, 7.0, 14.5, 5.2]), np.array([0.15, 0.3, 0.22, 0.2, 0.4])
QUICK = bm.SamplerSettings(warmup=300, draws=500, target_accept=0.95)


def survival_arms(rows: list[dict[str, object]]) -> bm.SurvivalArms:
    with warnings.catch_warnings(action="ignore", category=bm.EvidenceWarning):
        return bm.read_survival(pd.DataFrame(rows), time_unit="months").select()


@pytest.fixture(scope="module")
def medians() -> bm.SurvivalArms:
    """Studies whose medians have intervals, so that their logs are normal."""
    low, high = (np.exp(LOG_MEDIANS + side * 1.959963985 * ERRORS) for side in (-1, 1))
    return survival_arms(
        [
            {"study": f"s{i}", "arm": "a", "n": 40, "median": np.exp(y)}
            | {"median_low": low[i], "median_high": high[i]}
            for i, y in enumerate(LOG_MEDIANS)
        ]
    )


NORMAL = bm.ModelSpec(
    "normal",
    curve=bm.ExponentialSurvival(),
    mu=bm.Normal(2, 1),
    study_effects=bm.NormalEffects(bm.HalfNormal(0.5)),
)


def log_evidence(rows: np.ndarray) -> float:
    """Return the log probability of some medians under `NORMAL`, by quadrature over mu and tau."""
    mu, tau = np.linspace(-3, 7, 1001), np.linspace(1e-6, 4, 1001)
    density = norm.logpdf(mu, 2, 1)[:, None] + norm.logpdf(tau, 0, 0.5) + np.log(2)
    for y, error in zip(LOG_MEDIANS[rows], ERRORS[rows], strict=True):
        density = density + norm.logpdf(y, mu[:, None], np.hypot(tau, error))
    return float(logsumexp(density) + np.log(mu[1] - mu[0]) + np.log(tau[1] - tau[0]))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["exact", "psis"])
def test_scores_of_medians_are_those_of_quadrature(medians: bm.SurvivalArms, method: str) -> None:
    found = bm.leave_one_study_out(NORMAL, medians, seed=1, method=method, settings=QUICK)
    every = np.arange(len(LOG_MEDIANS))
    truth = [log_evidence(every) - log_evidence(np.delete(every, i)) for i in every]
    # Errors of the scores are at most 0.025; four of them.
    assert found.studies["elpd"].to_numpy() == pytest.approx(truth, abs=0.1)
    assert found.studies["reports"].tolist() == [1] * len(every)
    assert found.main_quantity == "typical median"


def test_the_marginal_likelihood_of_medians_is_that_of_quadrature(
    medians: bm.SurvivalArms,
) -> None:
    found = log_marginal_likelihood(bm.fit(NORMAL, medians, seed=1), seed=2)
    truth = log_evidence(np.arange(len(LOG_MEDIANS)))
    assert found.value == pytest.approx(truth, abs=4 * found.error + 1e-3)


ROWS = [
    {"study": "s1", "arm": "a", "n": 40, "median": 8, "median_low": 5, "median_high": 12},
    {"study": "s1", "arm": "a", "n": 40, "time": 18, "survival": 0.2, "at_risk": 8},
    {"study": "s2", "arm": "b", "n": 30, "median": 11, "median_low": 7, "median_high": 18},
    {"study": "s3", "arm": "a", "n": 25, "median": 6},
    {"study": "s4", "arm": "b", "n": 50, "median": "NR", "followup": 9},
    {"study": "s5", "arm": "c", "n": 36, "time": 12, "survival": 0.4},
    {
        "study": "s6",
        "arm": "c",
        "n": 36,
        "time": 12,
        "survival": 0.4,
        "ci_low": 0.25,
        "ci_high": 0.55,
    },
]
"""Every kind of report."""

WEIBULL = bm.ModelSpec("weibull", curve=bm.WeibullSurvival())


@pytest.fixture(scope="module")
def fit() -> bm.Fit:
    return bm.fit(WEIBULL, survival_arms(ROWS), seed=1, settings=QUICK)


REPORTED = {
    Kind.MEDIAN: np.exp,
    Kind.MEDIAN_OF_PATIENTS: np.exp,
    Kind.LANDMARK: lambda value: np.exp(-np.exp(value)),
    Kind.ALIVE: lambda value: value,
}
"""What a report is on its own scale, by its kind."""


@pytest.mark.parametrize("place", [0, 1, 3, 5, 6])
def test_pits_of_reports_drawn_from_the_model_are_uniform(fit: bm.Fit, place: int) -> None:
    """Reports are drawn one by one, by the code of the calibration; scores replicate all draws."""
    # Kolmogorov-Smirnov at a fixed seed; a right prediction fails it in 1 of 1,000 seeds.
    rng, predictions = np.random.default_rng(7 + place), predictions_of(fit)
    assert isinstance(predictions, SurvivalPredictions)
    curves, design = predictions.curves(fit.design, 0), design_of_row(ROWS[place])
    row = Report(0, Kind(int(design.reports.kind[0])), *design.reports.rows[0, 2:])
    names = ("mu", "tau", "kappa", "tau_k", "retention")
    posterior = {name: np.asarray(fit.posterior[name]) for name in names}
    pits = []
    for _ in range(200):
        at = rng.integers(4), rng.integers(QUICK.draws)
        drawn = {name: values[at] for name, values in posterior.items()}
        theta = drawn["mu"] + drawn["tau"] * rng.standard_normal(1)
        log_shape = drawn["kappa"] + drawn["tau_k"] * rng.standard_normal(1)
        given = drawn | {"theta": theta, "log_shape": log_shape}
        observed = REPORTED[row.kind](draw_reports(design, given, rng).rows[0, 5])
        values = rng.choice(replicated(row, curves, fit, rng).ravel(), 4000)
        weights = np.full(values.size, 1 / values.size)
        pits.append(value_scores(values, weights, float(observed), rng.random())["pit"])
    assert kstest(pits, "uniform").pvalue > 1e-3


def design_of_row(row: dict[str, object]) -> Design:
    return make_design(WEIBULL, survival_arms([row]))


def test_a_median_that_was_not_reached_is_scored_by_elpd_alone(fit: bm.Fit) -> None:
    predictions = predictions_of(fit)
    assert isinstance(predictions, SurvivalPredictions)
    rows = report_scores(predictions, fit.design, np.random.default_rng(1))
    assert [(row["study"], row["report"], row["scale"]) for row in rows] == [
        ("s1", "median", "months"),
        ("s1", "18 months", "probability"),
        ("s2", "median", "months"),
        ("s3", "median", "months"),
        ("s5", "12 months", "probability"),
        ("s6", "12 months", "probability"),
    ]
    scored = study_scores(predictions, fit.design)
    assert [row["study"] for row in scored] == ["s1", "s2", "s3", "s4", "s5", "s6"]
    assert np.isfinite([row["elpd"] for row in scored]).all()


@given(st.lists(st.floats(0, 50), min_size=2, max_size=20), st.floats(0, 50), st.integers(0, 99))
def test_scores_of_values_are_what_they_are_defined_to_be(
    values: list[float], observed: float, seed: int
) -> None:
    drawn, rng = np.array(values), np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(drawn.size))
    found = value_scores(drawn, weights, observed, 0.5)
    spread = np.abs(drawn[:, None] - drawn) @ weights @ weights
    assert found["crps"] == pytest.approx(np.abs(drawn - observed) @ weights - spread / 2, abs=1e-9)
    assert found["at_most"] == pytest.approx(weights[drawn <= observed + 1e-9].sum())
    assert found["at_least"] == pytest.approx(weights[drawn >= observed - 1e-9].sum())
    for p in (50, 80, 95):
        low, high = found[f"lower_{p}"], found[f"upper_{p}"]
        held = weights[(drawn >= low - 1e-9) & (drawn <= high + 1e-9)].sum()
        assert found[f"expected_{p}"] == pytest.approx(held)
        assert held >= p / 100 - 1e-6
        assert found[f"inside_{p}"] == (low - 1e-9 <= observed <= high + 1e-9)


STUDENT = bm.ModelSpec("student", curve=bm.WeibullSurvival(), study_effects=bm.StudentTEffects())


def test_study_effects_that_are_not_normal_are_refused(medians: bm.SurvivalArms) -> None:
    with pytest.raises(InapplicableError, match=r"cannot be integrated out .*use NormalEffects"):
        bm.leave_one_study_out(STUDENT, medians, seed=1)
    found = bm.compare([NORMAL, STUDENT], medians, seed=1, method="psis", settings=QUICK)
    assert "NormalEffects" in found.not_applicable["student"]


def test_what_does_not_belong_together_is_refused(medians: bm.SurvivalArms) -> None:
    rates = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    with pytest.raises(bm.SettingsError, match="`time` has no effect on response rates"):
        bm.leave_one_study_out(bm.load_model("pooled"), rates, seed=1, time=6)
    with pytest.raises(bm.SettingsError, match="`time` must be months above 0"):
        bm.compare([NORMAL], medians, seed=1, time=-1)
    with pytest.raises(bm.EvidenceError, match="must both be of survival"):
        bm.validate(NORMAL, train=medians, test=rates, seed=1)
    with pytest.raises(bm.SettingsError, match="Leaving levels out is not available for survival"):
        bm.leave_one_level_out(NORMAL, medians, seed=1)


def test_later_cohorts_are_predicted_from_earlier_ones(medians: bm.SurvivalArms) -> None:
    last = (medians.frame["study"] == "s4").to_numpy()
    train, test = medians.rows(~last), medians.rows(last)
    found = bm.validate(NORMAL, train=train, test=test, seed=1, settings=QUICK)
    every = np.arange(len(LOG_MEDIANS))
    truth = log_evidence(every) - log_evidence(every[:-1])
    assert found.elpd == pytest.approx(truth, abs=0.05)
    assert "1 of 1 reports in their 95% intervals" in repr(found)


def test_a_comparison_of_survival_is_kept_and_read_again(
    medians: bm.SurvivalArms, tmp_path: Path
) -> None:
    common = replace(NORMAL, name="common", study_effects=bm.CommonEffect())
    found = bm.compare(
        [NORMAL, common], medians, seed=1, method="psis", time=9, settings=QUICK, out=tmp_path
    )
    assert {"crps_months", "crps_rate"} <= set(found.table)
    assert found.prediction.counted == "alive at 9 months"
    again = load_run(tmp_path)
    assert isinstance(again, SavedComparison)
    assert again.predictions[""].counted == "alive at 9 months"
    assert again.evidence.hash == medians.hash
    pd.testing.assert_frame_equal(again.evidence.reports, medians.reports, check_dtype=False)  # type: ignore[attr-defined]
    assert again.best is not None
    assert again.best.main_quantity == "typical median"
    text = " ".join(lines_of(comparison_blocks(found, 0.95)))
    told = [word in text for word in ("CRPS, months", "alive at 9 months", "rate", "responder")]
    assert told == [True, True, False, False]


@pytest.mark.slow
def test_arviz_leaves_whole_studies_out(fit: bm.Fit) -> None:
    import arviz as az

    tree = bm.log_likelihood_by_study(fit)
    loo = az.loo(tree, pointwise=True)
    assert loo.n_data_points == 6
    found = bm.leave_one_study_out(WEIBULL, fit.arms, seed=1, settings=QUICK)
    # Both know the sum to about 0.05.
    assert loo.elpd == pytest.approx(found.elpd, abs=0.3)


def test_a_survival_that_rounds_to_one_is_replicated(fit: bm.Fit) -> None:
    """Patients at one day: nearly all draws of survival are 1 to the last digit."""
    predictions = predictions_of(fit)
    assert isinstance(predictions, SurvivalPredictions)
    curves = predictions.curves(fit.design, 0)
    sharp = Curves(curves.curve, curves.log_median, np.full_like(curves.shape, 40.0))
    for kind, discounted in ((Kind.ALIVE, 0.0), (Kind.ALIVE, 1.0), (Kind.LANDMARK, 0.0)):
        report = Report(0, kind, 0.03, 0.0, np.inf, 1.0, 20.0, discounted)
        assert (replicated(report, sharp, fit, np.random.default_rng(1)) > 0.99).all()
