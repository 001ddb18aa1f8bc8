"""Models of survival on the command line: fit, predict, contrast, plot, and what is refused."""

import json
from pathlib import Path

import pandas as pd
import pytest

from bayesmeta.cli import app

pytestmark = pytest.mark.stored

ROWS = """study,arm,regimen,n,median,median_low,median_high,time,survival,at_risk
s1,x,a,40,8,5,12,,,
s1,x,a,40,,,,18,0.2,8
s2,x,b,30,11,7,18,,,
s2,x,b,30,,,,18,0.3,9
s3,x,a,25,6,,,,,
s4,x,b,50,NR,9,NR,,,
"""

MODEL = """schema = 2
name = "by_regimen"

[survival]
curve = "log_logistic"

[covariates]
formula = "regimen"
reference = { regimen = "a" }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("survival")
    (found / "os.csv").write_text(ROWS)
    (found / "model.toml").write_text(MODEL)
    return found


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app([str(one) for one in arguments])
    return int(left.value.code)


FILE = ("--evidence", "os.csv", "--time-unit", "months")
QUICK = ("--chains", "2", "--draws", "1000")


@pytest.fixture
def there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    if not (folder / "run").exists():
        assert (
            run("fit", "model.toml", *FILE, *QUICK, "--out", "run", "--time", 6, "--time", 12) == 0
        )
    return folder


def test_a_fit_prints_months_and_survival_at_each_time(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fit", "model.toml", *FILE, *QUICK, "--out", "run2", "--force", "--time", 6) == 0
    printed = capsys.readouterr().out
    assert "3 medians (1 not reached)" not in printed
    assert "4 medians (1 not reached) and 2 landmarks" in printed
    assert "log-logistic curves, logit(S(t)) = -k (log(t) - theta)" in printed
    assert "typical median 0.64 to 230 months with 95% probability" in printed
    assert "Median survival in months: median and 95% interval" in printed
    assert "Survival at 6 months: median and 95% interval" in printed
    assert "Survival at 12 months" not in printed
    assert "hazard ratios" in printed


def test_json_has_every_number(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("fit", "model.toml", *FILE, *QUICK, "--out", "run3", "--force", "--json")
    assert run(*arguments) == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["landmarks"], content["medians"], content["n"]) == (2, 4, 145)
    rows = {(row["quantity"], row["profile"]): row for row in content["summary"]}
    found = rows["typical survival", "regimen=b"]
    assert found["time"] == 12
    assert 0 < found["lower"] < found["median"] < found["upper"] < 1
    assert rows["mu", ""]["time"] is None


def test_a_cohort_is_predicted_at_a_time(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--n", 20, "--time", 12, "--profile", "regimen=b")
    assert run("predict", "run", *asked, "--event", "rate > 0.3", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["time"] == 12
    assert sum(content["pmf"]) == pytest.approx(1)
    assert run("predict", "run", *asked) == 0
    printed = capsys.readouterr().out
    assert "True survival at 12 months of a new study (regimen=b)" in printed
    assert "Alive at 12 months of 20:" in printed


@pytest.mark.parametrize(
    ("outcome", "stratum", "length", "share", "state"),
    [
        ("DOR", "responders=yes", "duration of response", "share in response", "in response"),
        ("EFS", "", "event-free survival", "event-free survival", "event-free"),
        ("relapse-free survival", "responders=CR", *["relapse-free survival"] * 2, "relapse-free"),
    ],
)
def test_outcomes_are_called_what_they_are(
    there: Path,
    capsys: pytest.CaptureFixture[str],
    outcome: str,
    stratum: str,
    length: str,
    share: str,
    state: str,
) -> None:
    head, *rows = ROWS.split()
    of_outcome = [f"{head},outcome,stratum", *(f"{row},{outcome},{stratum}" for row in rows)]
    (there / "other.csv").write_text("\n".join(of_outcome))
    file = ("--evidence", "other.csv", "--time-unit", "months", "--outcome", outcome)
    assert run("fit", "model.toml", *file, *QUICK, "--out", "other", "--force") == 0
    told = [capsys.readouterr().out]
    assert f"Median {length} in months: median and 95% interval" in told[0]
    assert f"{share.capitalize()} at 12 months: median and 95% interval" in told[0]
    assert f"{state} of 40" in told[0]
    asked = ("--n", 20, "--time", 12, "--profile", "regimen=b")
    asked += ("--rate-above", 0.3, "--at-least", 5)
    assert run("predict", "other", *asked) == 0
    told.append(capsys.readouterr().out)
    assert f"True {share} at 12 months of a new study (regimen=b)" in told[1]
    assert f"{state.capitalize()} at 12 months of 20:" in told[1]
    assert f"P({share} at 12 months > 0.3)" in told[1]
    assert f"P(patients {state} at 12 months >= 5)" in told[1]
    assert run("contrast", "other", "--time", 6, "--ranks") == 0
    told.append(capsys.readouterr().out)
    assert f"of typical {share} at 6 months" in told[2]
    assert f"by typical median {length} (1 is the longest)" in told[2]
    for text in told:
        words = text.replace(length, "").replace(length.capitalize(), "").lower()
        assert "surviv" not in words
        assert "alive" not in words
        assert text.count("every number is conditional on response") == bool(stratum)


def test_levels_are_compared_at_a_time(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("contrast", "run", "--time", 6, "--out", "tables", "--force") == 0
    printed = capsys.readouterr().out
    assert "ratio of medians" in printed
    assert "difference at 6 months" in printed
    assert "it is no hazard ratio" in printed
    table = pd.read_csv(there / "tables" / "contrasts.csv")
    assert table.loc[0, "median_ratio_lower"] < table.loc[0, "median_ratio"]


def test_a_fit_tells_how_far_the_prior_of_tau_counts(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("fit", "model.toml", *FILE, *QUICK, "--out", "run4", "--force")
    assert run(*arguments) == 0
    printed = capsys.readouterr().out
    assert (
        "Tau prior  interval of the median of a new study (regimen=a (reference)) with" in printed
    )


def test_tables_of_a_prediction_have_words_of_survival(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("predict", "run", "--n", 20, "--time", 12)
    assert run(*asked, "--out", "predicted", "--force") == 0
    table = pd.read_csv(there / "predicted" / "intervals.csv", index_col="quantity")
    assert list(table.index) == ["survival", "alive"]
    assert pd.read_csv(there / "predicted" / "pmf.csv").columns[0] == "alive"
    capsys.readouterr()
    assert run(*asked, "--json") == 0
    found = json.loads(capsys.readouterr().out)["interval"]
    assert found["survival"]["lower"] == pytest.approx(table.loc["survival", "lower"])


@pytest.mark.slow
def test_figures_are_drawn_at_each_time(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("plot", "run", "survival_forest", "survival_curve", "--time", 6, "--time", 30)
    assert run(*asked, "--out", "at_times", "--force") == 0
    assert {path.name for path in (there / "at_times").glob("*.png")} == {
        "survival_curve.png",
        "survival_forest.png",
        "survival_forest_6_months.png",
        "survival_forest_30_months.png",
    }
    assert pd.read_csv(there / "at_times" / "survival_curve.csv")["time"].max() >= 30


@pytest.mark.slow
def test_sensitivity_is_told_at_a_time(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sensitivity", "run", "--time", 6, "--rate-above", 0.4) in (0, 1)
    printed = capsys.readouterr().out
    assert "new study survival at 6 months" in printed
    assert "P(survival at 6 months of a new study > 0.4)" in printed
    assert "rates" not in printed


def test_the_figures_of_a_fit_of_survival(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plot", "run", "survival_curve", "--n", 20, "--out", "figures", "--force") == 0
    assert (there / "figures" / "survival_curve.png").is_file()
    assert run("plot", "run", "funnel", "--out", "figures") == 2
    assert "it is a figure of a fit of response rates" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", "run", "--n", 20), "`--time` is missing: of survival"),
        (("predict", "run", "--n", 20, "--time", 0), "`--time` must be months above 0"),
        (("predict", "run", "--n", 20, "--time", 12, "--outcome", "CR"), "`--outcome` must be left out"),
        (("shrinkage", "run"), "not available for survival"),
        (("sensitivity", "run", "--time", 1201), "`--time` must be months above 0, 1,200 at most; got 1201.0"),
        (("report", "run", "--time", 6, "--time", -6), "`--time` must be months above 0"),
        (("plot", "run", "--time", 0, "--out", "x"), "`--time` must be months above 0"),
        (("plot", "run", "prediction", "--time", 6, "--out", "x"), "it is a figure of a fit of response rates"),
        (("fit", "model.toml", *FILE, "--out", "x", "--outcomes", "OS,EFS"), "`--outcomes` has no effect on survival"),
        (("fit", "model.toml", *FILE, "--out", "x", "--strata", "age"), "`--strata` has no effect on survival"),
        (("fit", "model.toml", *FILE, "--out", "x", "--per", "age=10"), "of odds ratios"),
        (("fit", "model.toml", "--evidence", "os.csv", "--out", "x"), "the unit of time is not known"),
        (("fit", "pooled", "--outcome", "CR", "--time", 12, "--out", "x"), "`--time` has no effect on a model of response"),
        (("fit", "pooled", "--evidence", "os.csv", "--time-unit", "months", "--out", "x"), "`--time-unit` has no effect on counts"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(
    there: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...], message: str
) -> None:
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err
    assert not (there / "x").exists()


@pytest.mark.slow
def test_models_are_compared_and_studies_left_out(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--method", "psis", "--time", 6)
    assert run("leave-one-out", "run", *asked, "--out", "left") == 0
    printed = capsys.readouterr().out
    assert "alive at 18 months" in printed
    assert "Typical median without each study (months)" in printed
    arms = pd.read_csv(there / "left" / "arms.csv")
    assert set(arms["report"]) == {"median", "18 months"}
    models = ("survival", "survival_log_logistic")
    asked = (*FILE, *asked, "--draws", 500, "--out", "compared", "--json")
    assert run("compare", *models, *asked) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["model"] for row in found["models"]} == set(models)
    assert {row["quantity"] for row in found["influence"]} >= {"typical survival at 6 months"}
    assert run("plot", "compared", "--out", "figures", "--force") == 0


@pytest.mark.slow
def test_later_cohorts_are_predicted(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    split = ("--train", "study != 's1'", "--test", "study == 's1'")
    assert run("validate", "survival", *FILE, *split) == 0
    printed = capsys.readouterr().out
    assert "predicts 1 arm of 1 study" in printed
    assert "2 inside 95%" in printed


def test_a_time_of_response_rates_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--outcome", "CR", "--time", 6, "--out", "never")
    assert run("compare", "pooled", *asked) == 2
    assert "`--time` has no effect on response rates" in capsys.readouterr().err
    assert not Path("never").exists()
