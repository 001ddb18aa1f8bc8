"""Models against each other: ranks, weights, rows, and the averaged prediction."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import bayesmeta as bm
from bayesmeta.comparison.averaging import AveragedRates, asked_alike, averaged
from bayesmeta.comparison.gates import GATES, tripped
from bayesmeta.comparison.predictions import RATES, predictions_of, predictive
from bayesmeta.comparison.questions import Answered, asked_of
from bayesmeta.estimates.profile_rates import KnownRates
from bayesmeta.report.comparison_text import comparison_blocks
from bayesmeta.report.document import lines_of
from bayesmeta.report.saved_runs import SavedComparison, load_run

Maker = Callable[..., bm.Arms]
COUNTS = [(4, 20), (9, 22), (14, 31), (5, 25), (20, 30)]
QUICK = bm.SamplerSettings(warmup=300, draws=500, target_accept=0.95)


@pytest.fixture(scope="module")
def arms(make_arms: Maker) -> bm.Arms:
    return make_arms(COUNTS, regimen=["a", "b", "b", "a", "b"])


@pytest.fixture(scope="module")
def models() -> list[bm.ModelSpec]:
    regimen = bm.Covariates("regimen", {"regimen": "a"})
    return [
        bm.ModelSpec("pooled"),
        bm.ModelSpec("common", study_effects=bm.CommonEffect()),
        bm.ModelSpec("regimen", covariates=regimen),
    ]


@pytest.fixture(scope="module")
def comparison(models: list[bm.ModelSpec], arms: bm.Arms) -> bm.Comparison:
    return bm.compare(
        models, arms, seed=1, profile={"regimen": "b"}, factor="regimen", settings=QUICK
    )


@pytest.mark.slow
def test_a_model_is_scored_as_by_leaving_studies_out_of_it_alone(
    comparison: bm.Comparison, models: list[bm.ModelSpec], arms: bm.Arms
) -> None:
    alone = bm.leave_one_study_out(models[0], arms, seed=1, settings=QUICK)
    row = comparison.table.set_index("model").loc["pooled"]
    assert row["elpd"] == pytest.approx(alone.elpd, rel=1e-12)
    assert row["mcse_elpd"] == pytest.approx(alone.mcse_elpd, rel=1e-12)
    assert row["crps"] == pytest.approx(alone.arms["crps"].mean(), rel=1e-12)
    assert row["coverage_95"] == pytest.approx(alone.arms["inside_95"].mean(), rel=1e-12)
    pd.testing.assert_frame_equal(comparison.left_out["pooled"].studies, alone.studies)


def test_differences_and_their_errors_are_over_studies(comparison: bm.Comparison) -> None:
    table = comparison.table.set_index("model")
    elpd = comparison.studies.pivot_table(index="study", columns="model", values="elpd")
    best = table.index[0]
    for model in table.index:
        difference = elpd[model] - elpd[best]
        assert table.loc[model, "elpd_diff"] == pytest.approx(difference.sum(), abs=1e-9)
        expected = np.sqrt(len(elpd)) * difference.std(ddof=1)
        assert table.loc[model, "dse"] == pytest.approx(expected, abs=1e-9)
    assert table["elpd"].is_monotonic_decreasing
    assert any(
        "5 studies: standard errors of differences are rough below 100." in n
        for n in comparison.notes
    )


def test_one_model_alone_has_all_weight(make_arms: Maker) -> None:
    arms = make_arms(COUNTS[:3])
    found = bm.compare([bm.ModelSpec()], arms, seed=1, settings=QUICK, marginal=False)
    assert found.table[["weight", "weight_lower", "weight_upper"]].iloc[0].tolist() == [1.0] * 3
    assert found.table["elpd_diff"].tolist() == [0.0]


def test_log_marginal_likelihoods_are_those_of_the_deterministic_posterior(
    comparison: bm.Comparison, models: list[bm.ModelSpec], arms: bm.Arms
) -> None:
    table = comparison.table.set_index("model")
    for spec in models[:2]:
        exact = bm.fit(spec, arms, method="quadrature").log_marginal_likelihood
        assert table.loc[spec.name, "log_marginal_likelihood"] == pytest.approx(exact, abs=0.05)
    assert any("depend on the priors throughout" in note for note in comparison.notes)


def test_contrasts_are_asked_of_the_models_that_have_them(comparison: bm.Comparison) -> None:
    odds = comparison.influence[comparison.influence["scale"] == "odds ratio"]
    assert set(odds["model"]) == {"regimen"}
    assert set(odds["quantity"]) == {"regimen: b / a"}
    assert len(odds) == len(COUNTS) + 1


def test_only_the_model_that_answers_at_the_profile_predicts_its_cohort(
    comparison: bm.Comparison, models: list[bm.ModelSpec], arms: bm.Arms
) -> None:
    answers = comparison.table.set_index("model")["answers_for"].to_dict()
    assert answers == {"pooled": "all studies", "common": "all studies", "regimen": "regimen=b"}
    found = comparison.prediction
    assert (found.profile, found.weights) == ("regimen=b", {"regimen": 1.0})
    fit = bm.fit(models[2], arms, seed=1, settings=QUICK)
    alone = bm.predict(fit, n=40, profile={"regimen": "b"}, seed=1)
    assert found.pmf["probability"].to_numpy() == pytest.approx(
        alone.distribution.pmf(40), abs=1e-9
    )
    [note] = [one for one in comparison.notes if "averaged prediction is for" in one]
    assert note.startswith("The averaged prediction is for regimen=b. Not in it: ")
    assert "pooled (answers for all studies)" in note
    lines = lines_of(comparison_blocks(comparison, 0.95))
    assert "A new cohort of 40 (regimen=b), by regimen alone:" in lines


@pytest.mark.parametrize("method", ["exact", "psis"])
def test_how_studies_were_left_out_is_told(method: str, make_arms: Maker) -> None:
    # A study without patients is left out by no fit.
    arms = make_arms([*COUNTS[:3], (0, 0)])
    model = bm.ModelSpec("common", study_effects=bm.CommonEffect())
    found = bm.compare([model], arms, seed=1, method=method, marginal=False, settings=QUICK)
    told = "\n".join(lines_of(comparison_blocks(found, 0.95)))
    assert ("Fits: to all studies, and without each." in told) == (method == "exact")
    assert ("left out by PSIS" in told) == (method == "psis")


def test_models_that_answer_alike_are_those_of_most_covariates_asked_about() -> None:
    alls, one = Answered("all studies", 0), Answered("regimen=b", 1)
    both, other = Answered("age=60, regimen=b", 2), Answered("age=60 (centre), regimen=b", 1)
    assert asked_alike({"pooled": alls, "m": one, "common": alls}) == ("m",)
    assert asked_alike({"pooled": alls, "m": one, "more": both}) == ("more",)
    # One at the centre of an age that was not asked for, and one of any age, mean different cohorts.
    assert asked_alike({"aged": other, "m": one, "m2": one}) == ("aged",)
    assert asked_alike({"pooled": alls, "common": alls}) == ("pooled", "common")


def test_the_averaged_prediction_is_the_mixture(models: list[bm.ModelSpec], arms: bm.Arms) -> None:
    comparison = bm.compare(models[:2], arms, seed=1, settings=QUICK, marginal=False)
    table = comparison.table.set_index("model")
    weights = table["weight"]
    assert table["average_weight"].to_numpy() == pytest.approx(weights.to_numpy(), abs=1e-12)
    expected, above = np.zeros(41), 0.0
    for spec in models[:2]:
        fit = bm.fit(spec, arms, seed=1, settings=QUICK)
        prediction = bm.predict(fit, n=40, seed=1)
        expected += weights[spec.name] * prediction.distribution.pmf(40)
        above += weights[spec.name] * prediction.probability(rate_above=0.4)
    found = comparison.prediction
    assert found.pmf["probability"].to_numpy() == pytest.approx(expected, abs=1e-9)
    assert found.probability(rate_above=0.4) == pytest.approx(above, abs=1e-9)
    assert found.probability(events_at_least=20) == pytest.approx(expected[20:].sum(), abs=1e-9)
    assert found.probability(events_at_least=20).mcse > 0
    low, high = np.searchsorted(np.cumsum(expected), [0.025, 0.975])
    assert found.interval(0.95).loc["events", ["lower", "upper"]].tolist() == [low, high]


def bounds(rates: AveragedRates, *probabilities: float) -> list[float]:
    return [rates.quantile(p).value for p in probabilities]


def test_an_interval_of_an_averaged_rate_inverts_its_distribution() -> None:
    predictive = {
        "m": {
            "pmf": [0.5, 0.5],
            "mcse_pmf": [0.0, 0.0],
            "cdf": np.clip((RATES - 0.2) / 0.4, 0, 1),
            "mcse_cdf": np.zeros(RATES.size),
        }
    }
    found = bounds(averaged({"m": 1.0}, predictive), 0.25, 0.5, 0.75)
    assert found == pytest.approx([0.3, 0.4, 0.5])
    # Of a distribution so narrow that most rates have no probability at all.
    narrow = {"m": predictive["m"] | {"cdf": np.clip((RATES - 0.299) / 0.002, 0, 1)}}
    found = bounds(averaged({"m": 1.0}, narrow), 0.025, 0.5, 0.975)
    assert found == pytest.approx([0.29905, 0.3, 0.30095], abs=1e-6)


def test_an_averaged_rate_of_rare_events_is_that_of_the_draws() -> None:
    rows = {"study": ["a", "b", "c", "d"], "events": [20, 12, 16, 22], "n": [80_000] * 4}
    few = bm.SamplerSettings(chains=2, draws=500)
    arms = bm.read_evidence(pd.DataFrame(rows)).select()
    fit = bm.fit(bm.ModelSpec("rare", mu=bm.Normal(-8, 3)), arms, seed=1, settings=few)
    rates = KnownRates(fit)
    asked = asked_of(fit.coding, bm.Question())
    rate = averaged({"m": 1.0}, {"m": predictive(predictions_of(fit), asked)[""]})
    found = bounds(rate, 0.025, 0.5, 0.975)
    drawn = expit(rates.at(asked.row, asked.level).cohort().theta)
    direct = np.quantile(drawn, [0.025, 0.5, 0.975])
    assert direct[1] < 0.0005
    assert found == pytest.approx(direct, rel=0.01)
    assert rate.mean().value == pytest.approx(drawn.mean(), rel=0.01)
    assert rate.sd().value == pytest.approx(drawn.std(), rel=0.01)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({}, "takes exactly one of"),
        ({"rate_above": 0.3, "events_at_least": 3}, "takes exactly one of"),
        ({"rate_above": 1.3}, "`rate_above` must be a probability from 0 to 1; got 1.3"),
        ({"rate_above": True}, "`rate_above` must be a probability from 0 to 1; got True"),
        ({"rate_above": "a"}, "`rate_above` must be a probability from 0 to 1; got 'a'"),
        ({"events_at_least": True}, "`events_at_least` must be a whole number from 0 to n = 40"),
        ({"events_at_least": 41}, "`events_at_least` must be a whole number from 0 to n = 40"),
    ],
)
def test_what_cannot_be_asked_of_an_averaged_prediction(
    comparison: bm.Comparison, question: dict[str, float], message: str
) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        comparison.prediction.probability(**question)  # type: ignore[arg-type]


def test_models_on_other_rows_are_refused_by_name_or_share_what_all_can_use(
    make_arms: Maker,
) -> None:
    arms = make_arms(COUNTS[:4], age=[60.0, 61.0, np.nan, 70.0])
    models = [bm.ModelSpec("pooled"), bm.ModelSpec("age", covariates=bm.Covariates("age"))]
    with pytest.raises(bm.SpecError, match=r"study02 \(not in age\).*rows='common'"):
        bm.compare(models, arms, seed=1, settings=QUICK)
    with pytest.warns(bm.EvidenceWarning, match="1 of 4 arms are left out.*study02"):
        found = bm.compare(models, arms, seed=1, settings=QUICK, rows="common", marginal=False)
    assert set(found.studies["study"]) == set(arms.studies) - {"study02"}


def test_a_comparison_is_not_done_twice(make_arms: Maker, tmp_path: Path) -> None:
    arms, models, run = make_arms(COUNTS[:2]), [bm.ModelSpec("pooled")], tmp_path / "run"
    found = bm.compare(models, arms, seed=1, settings=QUICK, out=run)
    assert {path.name: path.read_bytes() for path in run.glob("*.csv")} == found.files()
    jobs = {path.name: path.stat().st_mtime_ns for path in (run / "jobs").iterdir()}
    assert len(jobs) == 3
    again = bm.compare(models, arms, seed=1, settings=QUICK, out=run)
    pd.testing.assert_frame_equal(again.table, found.table)
    assert jobs == {path.name: path.stat().st_mtime_ns for path in (run / "jobs").iterdir()}
    with pytest.raises(bm.RunError, match="seed"):
        bm.compare(models, arms, seed=2, settings=QUICK, out=run)


@pytest.mark.slow
def test_a_comparison_does_not_depend_on_workers(
    comparison: bm.Comparison, models: list[bm.ModelSpec], arms: bm.Arms
) -> None:
    options = {"profile": {"regimen": "b"}, "factor": "regimen", "settings": QUICK}
    found = bm.compare(models, arms, seed=1, workers=2, **options)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(found.table, comparison.table)
    assert found.files() == comparison.files()


@pytest.mark.slow
def test_models_go_by_any_name(arms: bm.Arms, tmp_path: Path) -> None:
    """A name that no file can have is kept in a file of a name like it, and read back from there."""
    names = ["by regimen: a/b?", "", "..", "Büro \U0001fa78"]
    models = [bm.ModelSpec(name, study_effects=bm.CommonEffect()) for name in names]
    found = bm.compare(models, arms, seed=1, method="psis", marginal=False, out=tmp_path / "run")
    assert sorted(found.table["model"]) == sorted(names)
    read = load_run(tmp_path / "run")
    assert isinstance(read, SavedComparison)
    assert {name: spec.name for name, spec in read.models.items()} == dict(
        zip(names, names, strict=True)
    )


def test_a_model_file_may_have_a_blank_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "my model.toml").write_text("schema = 2\n")
    assert bm.load_model(tmp_path / "my model.toml").name == "my model"


def test_gates_tell_what_is_wrong(comparison: bm.Comparison) -> None:
    assert tripped(comparison, ["failures"]) == ()
    for one in comparison.left_out.values():
        one.arms["inside_95"] = False
    [message] = tripped(comparison, ["coverage"])
    assert message.startswith("coverage: 0 of 5 arms are inside")
    comparison.left_out["common"].fits.loc[2, ["ok", "problems"]] = [False, "R-hat exceeds 1.01"]
    [message] = tripped(comparison, ["diagnostics"])
    assert "1 of 18 fits failed them; first common without study01: R-hat" in message
    comparison.left_out["common"].fits.loc[2, ["state", "error"]] = ["failed", "SamplingError: no"]
    [message] = tripped(comparison, ["failures"])
    assert "failures: 1 of 18 fits failed; first common without study01: SamplingError" in message
    assert list(GATES) == ["failures", "diagnostics", "coverage"]


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([], "`models` must be a list of ModelSpec"),
        ("pooled", "`models` must be a list of ModelSpec; got 'pooled'"),
        (["pooled"], "`models` must hold ModelSpec; got str"),
        ([bm.ModelSpec("one"), bm.ModelSpec("one")], "distinguished by name; one occurs again"),
    ],
)
def test_models_that_cannot_be_compared(arms: bm.Arms, models: object, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        bm.compare(models, arms, seed=1)  # type: ignore[arg-type]


def test_rows_are_same_or_common(arms: bm.Arms) -> None:
    with pytest.raises(bm.SettingsError, match="`rows` must be 'same' or 'common'; got 'all'"):
        bm.compare([bm.ModelSpec()], arms, seed=1, rows="all")  # type: ignore[arg-type]


@pytest.mark.parametrize(("outcome", "place"), [("ORR", 0), ("CR_CRi", 1)])
def test_the_table_of_models_is_that_of_the_bundled_evidence(
    table: bm.EvidenceTable, outcome: str, place: int
) -> None:
    text = (Path(__file__).parents[2] / "models" / "README.md").read_text(encoding="utf-8")
    shown = text.split("## How they compare")[1].split("| model | elpd |")[1 + place]
    rows = dict(re.findall(r"\| `(\w+)` \| (-[\d.]+) \|", shown.split("\n\n")[0]))
    assert set(rows) == set(bm.bundled_models())
    arms = table.select(outcome=outcome, venetoclax="yes")
    for model in ("pooled", "common_effect"):
        grid = bm.fit(bm.load_model(model), arms, method="quadrature")
        exact = grid.posterior.log_predictive_left_out().sum()
        # To the Monte-Carlo error of a sum over studies, and rounding.
        assert float(rows[model]) == pytest.approx(exact, abs=0.2)


def test_a_model_that_the_arms_cannot_tell_is_a_row_and_the_others_are_compared(
    tmp_path: Path,
) -> None:
    rows = pd.DataFrame(
        {
            "study": list("abcd"),
            "events": [3, 5, 1, 7],
            "n": [10, 20, 8, 12],
            "regimen": ["x"] * 4,
        }
    )
    arms = bm.read_evidence(rows).select()
    covariates = bm.Covariates("regimen", reference={"regimen": "x"})
    models = [
        bm.ModelSpec("by arm", arm_effects=bm.ArmEffects()),
        bm.load_model("common_effect"),
        bm.ModelSpec("by regimen", covariates=covariates),
    ]
    few = bm.SamplerSettings(chains=2, warmup=200, draws=500)
    found = bm.compare(
        models, arms, seed=1, method="psis", marginal=False, settings=few, out=tmp_path / "out"
    )
    assert list(found.table["model"]) == ["common_effect", "by arm", "by regimen"]
    reasons = found.table.set_index("model")["not_applicable"]
    assert reasons["common_effect"] == ""
    assert reasons["by arm"].startswith("`arm_effects` need studies of several arms")
    assert "has one level only" in reasons["by regimen"]
    assert list(found.left_out) == ["common_effect"]
    assert set(found.fits["model"]) == {"common_effect"}
    assert tripped(found, ["diagnostics"]) == ()
    [failure] = tripped(found, ["failures"])
    assert failure.startswith("failures: 2 of 3 models do not apply; first by arm")
    saved = load_run(tmp_path / "out")
    assert isinstance(saved, SavedComparison)
    assert saved.not_applicable == found.not_applicable
    text = "\n".join(lines_of(comparison_blocks(found, 0.95)))
    assert "\n".join(lines_of(comparison_blocks(saved, 0.95))) == text
    assert "  Not applicable: by arm: `arm_effects` need studies of several arms" in text


def test_if_no_model_applies_that_is_an_error() -> None:
    rows = pd.DataFrame({"study": list("ab"), "events": [3, 5], "n": [10, 20]})
    arms = bm.read_evidence(rows).select()
    models = [bm.ModelSpec("by arm", arm_effects=bm.ArmEffects())]
    with pytest.raises(bm.SpecError, match="`arm_effects` need studies of several arms"):
        bm.compare(models, arms, seed=1)
