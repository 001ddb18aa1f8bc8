"""The command plan, run as a person runs it, and what it writes."""

import json
from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app

SUCCESS = "P(rate > 0.35) > 0.9"


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(map(str, arguments)))
    return int(left.value.code)


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run that is sound, and one whose draws are too few."""
    folder = tmp_path_factory.mktemp("fits")
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    spec = bm.load_model("regimen")
    bm.fit(spec, arms, seed=1).save(folder / "sound")
    few = bm.SamplerSettings(chains=2, warmup=50, draws=50)
    bm.fit(spec, arms, seed=1, settings=few).save(folder / "failed")
    return folder


@pytest.mark.slow
def test_a_plan_is_printed_and_its_numbers_are_those_of_the_parts(
    fits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = ["--profile", "regimen_class=ven_hma", "--n", "40", "--success", SUCCESS]
    asked = [*profile, "--interim", "8/20", "--rates", "0.35,0.5", "--out", tmp_path / "plan"]
    assert run("plan", fits / "sound", *asked, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    prior = bm.map_prior(bm.load_fit(fits / "sound"), profile={"regimen_class": "ven_hma"})
    robust = bm.robustify(prior.mixture, weight=0.2)
    trial = bm.SingleArmTrial(40, robust, SUCCESS)
    assert found["reliable"]
    assert found["boundary"] == trial.boundary
    assert found["probability_of_success"] == pytest.approx(
        trial.probability_of_success(prior.mixture)
    )
    assert found["priors"]["MAP"]["a"] == pytest.approx(prior.mixture.a)
    assert [row["rate"] for row in found["operating_characteristics"]] == [0.35, 0.5]
    assert found["type_one_error"] == pytest.approx(trial.type_one_error())
    interim = found["interim"]["predictive_probability_of_success"]
    assert interim["robust"] == pytest.approx(trial.probability_of_success(events=8, n=20))
    files = {path.name for path in (tmp_path / "plan").iterdir()}
    assert {"prior.json", "robust_prior.json", "power.png", "boundary.png"} <= files
    text = (tmp_path / "plan" / "robust_prior.json").read_text(encoding="utf-8")
    assert bm.BetaMixture.from_json(text).a == pytest.approx(robust.a)
    decisions = pd.read_csv(tmp_path / "plan" / "decisions.csv", index_col="events")
    assert decisions["success"].tolist() == trial.successes.tolist()
    assert run("plan", fits / "sound", *asked) == 2
    assert "left alone" in capsys.readouterr().err

    assert run("plan", fits / "sound", *asked[:-2]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("MAP prior  of a new study's rate (regimen_class=ven_hma): ")
    assert f"With the robust prior {trial.boundary} or more of 40 responders succeed." in printed
    assert "would conflict with the MAP prior" in printed
    assert "Interim    8 responders of 20: go on." in printed


@pytest.mark.slow
def test_a_failed_fit_is_planned_on_only_by_force_and_marked(
    fits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["plan", fits / "failed", "--n", "1", "--success", "P(rate > 0.9) > 0.99"]
    assert run(*asked) == 2
    printed, message = capsys.readouterr()
    assert printed == ""
    assert "failed their diagnostics" in message
    assert "Traceback" not in message
    assert run(*asked, "--force") == 1
    printed = capsys.readouterr().out
    assert printed.startswith("NOT RELIABLE")
    assert "With the robust prior none of 0 to 1 responders succeed." in printed
    assert run(*asked, "--force", "--json") == 1
    assert not json.loads(capsys.readouterr().out)["reliable"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("regimen_class=nonsense", "nonsense"),
        ("colour=red", "colour"),
        ("ven_hma", "covariate=value"),
    ],
)
def test_a_profile_that_the_fit_can_not_predict_is_refused(
    fits: Path, capsys: pytest.CaptureFixture[str], profile: str, message: str
) -> None:
    asked = ["plan", fits / "sound", "--n", "40", "--success", SUCCESS, "--profile", profile]
    assert run(*asked) == 2
    assert message in capsys.readouterr().err
