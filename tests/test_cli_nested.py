"""The commands on nested outcomes, as a person runs them: evidence show, fit, predict and plan."""

import json
from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app

pytestmark = pytest.mark.stored

OUTCOMES = ("--outcomes", "ORR,CR_CRi,CR", "--where", "venetoclax == 'yes'")
PROFILE = ("--profile", "regimen_class=ven_hma", "--n", "40")


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(map(str, arguments)))
    return int(left.value.code)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nested") / "run"
    arms = bm.load_evidence("rr_aml_venetoclax").select(
        outcomes=["ORR", "CR_CRi", "CR"], venetoclax="yes"
    )
    settings = bm.SamplerSettings(warmup=400, draws=1000)
    fit = bm.fit(bm.load_model("regimen"), arms, seed=1, settings=settings)
    bm.diagnose(fit).raise_for_problems()
    fit.save(folder)
    return folder


def test_a_selection_shows_who_reports_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evidence", "show", *OUTCOMES) == 0
    printed = capsys.readouterr().out
    assert "arms that report ORR 23, CR_CRi 30, CR 14" in printed
    assert "so it recorded no response beyond CR_CRi" in printed
    assert run("evidence", "show", *OUTCOMES, "--by-definition", "keep", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(arm["ORR"] is not None for arm in found["arms"]) == 27


@pytest.mark.slow
def test_a_fit_prints_its_summary_and_is_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = ("--seed", "1", "--warmup", "400", "--draws", "1000", "--out", tmp_path / "run")
    assert run("fit", "pooled", *OUTCOMES, *quick) == 0
    printed = capsys.readouterr().out
    assert (
        "nested binomials of the conditional probabilities P(ORR), P(CR/CRi | ORR), P(CR | CR/CRi)"
        in printed
    )
    assert "correlation[ORR, CR/CRi]" in printed
    assert "typical rates before any evidence: ORR 5" in printed
    prior = "with the prior of tau half as strong"
    assert printed.count(prior) == 3
    assert f"Tau prior  CR/CRi: interval of a new study {prior}" in printed
    assert bm.load_fit(tmp_path / "run").outcomes == ("ORR", "CR_CRi", "CR")
    assert run("fit", "pooled", *OUTCOMES, *quick, "--force", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["outcomes"] == ["ORR", "CR_CRi", "CR"]
    assert found["diagnostics_ok"]


@pytest.mark.slow
def test_a_prediction_prints_categories_and_joint_probabilities(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    event = "CR_CRi >= 15 and CR >= 8"
    assert run("predict", saved, *PROFILE, "--event", event) == 0
    printed = capsys.readouterr().out
    assert "CR/CRi, not CR" in printed
    assert f"P({event}) = 0." in printed
    assert run("predict", saved, *PROFILE, "--joint", event, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 < found["probabilities"][event]["probability"] < 1
    assert sum(row["mean"] for row in found["categories"]) == pytest.approx(40)


@pytest.mark.slow
def test_a_prediction_of_one_outcome_names_it(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("predict", saved, *PROFILE, "--outcome", "CR_CRi") == 0
    # Warnings of the fit stand before it.
    assert "\nCR/CRi: true rate of a new study (" in f"\n{capsys.readouterr().out}"
    assert run("predict", saved, *PROFILE, "--outcome", "CR_CRi", "--json") == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "CR_CRi"
    assert run("predict", saved, *PROFILE, "--outcome", "PR") == 2
    assert "`--outcome` must be one of ORR, CR_CRi, CR" in capsys.readouterr().err


@pytest.mark.slow
def test_a_plan_needs_the_outcome_that_it_is_about(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    success = ("--success", "P(rate > 0.15) > 0.9")
    assert run("plan", saved, *PROFILE, *success, "--outcome", "CR") == 0
    printed = capsys.readouterr().out
    assert "MAP prior  of a new study's rate (CR, regimen_class=venetoclax + HMA)" in printed
    assert run("plan", saved, *PROFILE, *success) == 2
    assert "`--outcome` must be one of ORR, CR_CRi, CR" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--event", "CRR >= 3"),
            "`--event` cannot be read at character 1: there is no outcome 'CRR'",
        ),
        (("--at-least", "3"), "`--at-least` has no effect on several outcomes together"),
        (("--rate-above", "0.3"), "`--rate-above` has no effect on several outcomes together"),
    ],
)
def test_predictions_that_can_not_be_made_are_told(
    saved: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert run("predict", saved, *PROFILE, *options) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pooled", "--outcomes", "ORR"), "two outcomes or more"),
        (("pooled", "--outcomes", "ORR,CRR"), "no outcome 'CRR'"),
        (("pooled", "--outcomes", "CR,ORR"), "Counts must be nested, n >= CR >= ORR"),
        (("pooled", "--outcomes", "CR,ORR"), "outermost first, such as ORR, CR."),
        (("robust", "--outcomes", "ORR,CR"), "is not available for several outcomes (ORR, CR)"),
        (
            ("pooled", "--outcome", "ORR", "--by-definition", "keep"),
            "no effect without `--outcomes`",
        ),
    ],
)
def test_fits_that_can_not_be_made_are_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    assert run("fit", *arguments, "--seed", "1", "--out", tmp_path / "run") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_sensitivity_of_one_of_several_outcomes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a small nest, which is fitted again for each prior."""
    rows = {"study": list("abcdefgh") * 2, "outcome": ["ORR"] * 8 + ["CR"] * 8}
    rows |= {"events": [21, 19, 27, 16, 14, 24, 30, 17, 13, 9, 14, 7, 7, 12, 13, 8]}
    rows |= {"n": [45, 43, 55, 30, 35, 50, 60, 38] * 2, "regimen": list("xyxyxyxy") * 2}
    arms = bm.read_evidence(pd.DataFrame(rows)).select(outcomes=["ORR", "CR"])
    spec = bm.ModelSpec(covariates=bm.Covariates("regimen", {"regimen": "x"}))
    settings = bm.SamplerSettings(warmup=400, draws=600)
    bm.fit(spec, arms, seed=1, settings=settings).save(tmp_path / "run")
    asked = ("--profile", "regimen=y", "--outcome", "CR", "--rate-above", "0.2")
    assert run("sensitivity", tmp_path / "run", *asked, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["refits_ok"]
    assert found["profile"].startswith("CR, ")
    assert {row["changed"] for row in found["priors"]} == {"", "mu", "beta", "tau", "correlation"}
    assert all(0 < row["probability"] < 1 for row in found["priors"])


def test_a_saved_fit_of_several_outcomes_is_checked(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("run", saved, "--check") == 0
    printed = capsys.readouterr().out
    assert "a fit of model 'regimen'" in printed
    assert "No file has changed since it was written." in printed


@pytest.mark.slow
@pytest.mark.parametrize("command", ["contrast", "shrinkage"])
def test_answers_about_one_of_nested_outcomes_need_its_name(
    saved: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, saved) == 2
    assert "`--outcome` must be one of ORR, CR_CRi, CR" in capsys.readouterr().err
    assert run(command, saved, "--outcome", "CR") == 0
    assert "CR" in capsys.readouterr().out
