"""The command plan, run as a person runs it, and what it writes."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app

pytestmark = pytest.mark.stored

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
    assert "Choose another folder, or replace them with --force" in capsys.readouterr().err

    assert run("plan", fits / "sound", *asked[:-2]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("MAP prior  of a new study's rate (regimen_class=venetoclax + HMA): ")
    assert f"With the robust prior {trial.boundary} or more of 40 responders succeed." in printed
    assert "would conflict with the MAP prior" in printed
    assert "Interim    8 responders of 20: go on." in printed


ASKED = ("--profile", "regimen_class=ven_hma")


@pytest.mark.slow
def test_weights_and_the_vague_component_are_asked_for(
    fits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vague = ["--weight", "0.5", "--weight", "0.1", "--vague-mean", "0.4", "--vague-n", "2"]
    asked = ["plan", fits / "sound", *ASKED, "--n", "30", "--success", SUCCESS, *vague]
    assert run(*asked, "--out", tmp_path / "plan", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    prior = bm.map_prior(bm.load_fit(fits / "sound"), profile={"regimen_class": "ven_hma"})
    same = bm.plan(prior, n=30, success=SUCCESS, robust=[0.5, 0.1], vague_mean=0.4, vague_n=2)
    assert found["robust"] == 0.5
    assert found["vague"] == {"weights": [1], "a": [pytest.approx(1.2)], "b": [pytest.approx(1.8)]}
    rows = {row["weight"]: row for row in found["by_weight"]}
    for row in same.by_weight.to_dict("records"):
        assert rows[row["weight"]]["null 0.35"] == pytest.approx(row["null 0.35"])
        assert rows[row["weight"]]["elir"] == pytest.approx(row["elir"])
    table = pd.read_csv(tmp_path / "plan" / "by_weight.csv")
    assert table["weight"].tolist() == [0, 0.1, 0.5, 1]
    files = {path.name for path in (tmp_path / "plan").iterdir()}
    assert {"threshold_errors.csv", "certainties.csv"} <= files
    assert run(*asked) == 0
    printed = capsys.readouterr().out
    assert "By the weight of the vague component, Beta(1.2, 1.8); the plan is for 0.5" in printed
    assert f"error {100 * same.trial.type_one_error():.1f}% (one-sided)" in printed


@pytest.mark.slow
def test_a_sample_size_is_found_and_planned_for(
    fits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    success = "P(rate > 0.35) > 0.99"
    asked = ["plan", fits / "sound", *ASKED, "--success", success, "--alternative", "0.6"]
    limits = ["--power", "0.7", "--alpha", "0.1", "--n-max", "70"]
    assert run(*asked, *limits, "--out", tmp_path / "plan", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    vague = bm.BetaMixture([1], [1], [1])
    none = bm.smallest_n(success, vague, alternative=0.6, power=0.7, alpha=0.1, n_max=70)
    assert found["sample_size"]["smallest"]["none"] == none.n
    assert found["n"] == found["sample_size"]["smallest"]["robust"]
    assert found["type_one_error"] <= 0.1
    sizes = pd.read_csv(tmp_path / "plan" / "sample_size.csv")
    assert set(sizes["prior"]) == {"MAP", "robust", "none"}
    sam = ["--sam-delta", "0.15", "--sam-odds", "2"]
    assert run(*asked, *limits, *sam) == 0
    printed = capsys.readouterr().out
    assert "Patients   for a type-I error of at most 10% (one-sided)" in printed
    assert [line.split()[0] for line in printed.splitlines()[2:6]] == ["MAP", "robust", "SAM", "no"]
    few = ["--n-max", "3", "--out", tmp_path / "none"]
    assert run(*asked, *few) == 0
    assert "No plan: with the robust prior, no sample size up to 3" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "none").iterdir()] == ["sample_size.csv"]
    assert run(*asked, "--n-max", "3", "--json") == 0
    assert json.loads(capsys.readouterr().out)["n"] is None
    assert run(*asked, "--n-max", "3", "--n", "20", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n"], found["sample_size"]["smallest"]["robust"]) == (20, None)


@pytest.mark.slow
def test_two_arms_are_planned(
    fits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    success = "P(rate - control > 0) > 0.95"
    arms = ["--n", "20", "--control-n", "10", "--control-rates", "0.3,0.5", "--rates", "0.7"]
    asked = ["plan", fits / "sound", *ASKED, "--success", success, *arms]
    assert run(*asked, "--out", tmp_path / "plan", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    prior = bm.map_prior(bm.load_fit(fits / "sound"), profile={"regimen_class": "ven_hma"})
    trial = bm.TwoArmTrial(
        20, 10, bm.BetaMixture([1], [1], [1]), prior.robustify(weight=0.2), success
    )
    errors = [row for row in found["threshold_errors"] if row["prior"] == "robust"]
    expected = trial.type_one_error([0.3, 0.5])["success"].tolist()
    assert [row["success"] for row in errors] == pytest.approx(expected)
    files = {path.name for path in (tmp_path / "plan").iterdir()}
    assert {"prior.json", "largest_errors.csv", "operating_characteristics.csv"} <= files
    assert run(*asked) == 0
    printed = capsys.readouterr().out
    assert (
        "20 patients in the treated arm, 10 in the control arm. The prior of the treated rate is uniform"
        in printed
    )
    assert "Type-I error at the null, a true difference of 0" in printed


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
    assert run(*asked, "--allow-unreliable") == 1
    printed = capsys.readouterr().out
    assert printed.startswith("NOT RELIABLE")
    assert "With the robust prior none of 0 to 1 responders succeed." in printed
    assert run(*asked, "--allow-unreliable", "--json") == 1
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


@pytest.mark.slow
def test_a_plan_replaces_its_tables_only_where_asked_and_writes_rates_as_asked(
    fits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["plan", fits / "sound", "--success", SUCCESS, "--n", "20", "--out", tmp_path / "plan"]
    assert run(*asked, "--rates-per", "1000") == 0
    shown = re.search(r"mean \d+, 95% interval \d+ to \d+ per 1,000", capsys.readouterr().out)
    assert shown is not None
    assert run(*asked) == 2
    assert "replace them with --force" in capsys.readouterr().err
    assert run(*asked, "--force") == 0


@pytest.mark.slow
def test_a_sam_and_a_design_prior_are_asked_for(
    fits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["plan", fits / "sound", *ASKED, "--n", "30", "--success", SUCCESS]
    written = "0.75 Beta(12, 18) + 0.25 Beta(1, 1)"
    more = ["--sam-delta", "0.15", "--sam-odds", "0.5", "--design", written]
    assert run(*asked, *more, "--out", tmp_path / "plan", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    prior = bm.map_prior(bm.load_fit(fits / "sound"), profile={"regimen_class": "ven_hma"})
    sam = bm.SamPrior(prior.mixture, 0.15, 0.5)
    design = bm.BetaMixture([0.75, 0.25], a=[12, 1], b=[18, 1])
    trial = bm.SingleArmTrial(30, sam, SUCCESS)
    direct = trial.bayesian_characteristics(design)
    assert found["bayesian_characteristics"]["SAM"]["missed"] == pytest.approx(direct.missed)
    weights = pd.read_csv(tmp_path / "plan" / "sam_weights.csv")
    assert weights["weight"].to_numpy() == pytest.approx(sam.history_weights(30))
    table = pd.read_csv(tmp_path / "plan" / "borrowing.csv")
    assert set(table["prior"]) == {"MAP", "robust", "SAM", "none"}
    assert run(*asked, *more, "--out", tmp_path / "again") == 0
    printed = capsys.readouterr().out
    assert "averaged over the design prior" in printed
    assert printed.rstrip().endswith(f"Saved in {tmp_path / 'again'}.")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--sam-odds", "0.5"], "`--sam-odds` has no effect without --sam-delta"),
        (["--design", "Normal(0, 1)"], "'Normal(0, 1)' cannot be read"),
        (["--design", "0.5 Beta(1, 2) + x"], "'x' cannot be read. Write it such as"),
        (["--design", "0.5 Beta(1, 2)"], "`--design`: `weights` must be at least 0 and sum to 1"),
        (["--design", "Beta(1)"], "'Beta(1)' cannot be read"),
        (
            ["--design", "Beta(0, 2)"],
            "cannot be read. `a` of Beta must be positive and finite; got",
        ),
        (["--design", "half Beta(1, 2)"], "'half Beta(1, 2)' cannot be read. Write it such as"),
    ],
)
def test_a_design_prior_that_can_not_be_read_is_refused(
    capsys: pytest.CaptureFixture[str], given: list[str], message: str, tmp_path: Path
) -> None:
    assert run("plan", tmp_path, "--n", "30", "--success", SUCCESS, *given) == 2
    assert message in capsys.readouterr().err
