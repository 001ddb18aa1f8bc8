"""Dossiers: numbers that stand where rows say, hashes, the same bytes again, folders, commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from dossier_reading import check_manifest, check_rows, content, numbers_of, row_of
from report_reading import run
from scipy.stats import binom

import bayesmeta as bm

pytestmark = pytest.mark.stored

SUCCESS = "P(rate > 0.2) > 0.9 and P(rate > 0.3) > 0.5"


@pytest.fixture(scope="module")
def run_folder(reviewed_fit: bm.Fit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "run"
    reviewed_fit.save(folder)
    return folder


@pytest.fixture(scope="module")
def plan(reviewed_fit: bm.Fit) -> bm.Plan:
    return bm.plan(bm.map_prior(reviewed_fit, components=2), n=40, success=SUCCESS, interim=(3, 15))


@pytest.fixture(scope="module")
def dossier(plan: bm.Plan, tmp_path_factory: pytest.TempPathFactory) -> bm.WrittenDossier:
    return bm.write_dossier(plan, tmp_path_factory.mktemp("made") / "dossier")


@pytest.mark.slow
def test_every_row_has_its_number_in_a_file_with_its_hash_or_who_must_say_it(
    dossier: bm.WrittenDossier,
) -> None:
    check_rows(dossier.path)
    check_manifest(dossier.path)
    assert dossier.warning == ""
    told = dossier.rows
    assert set(told["guideline"]) == {"FDA Bayesian", "ICH E20"}
    assert set(told.loc[told["state"] == "to be said", "source"]) == {"sponsor"}
    assert (told["state"] == "answered").sum() > 40
    files = {path.name for path in dossier.path.iterdir()}
    assert {"dossier.html", "priors.csv", "conflict.csv", "certainties.csv", "arms.csv"} <= files


@pytest.mark.slow
def test_numbers_are_those_of_the_plan(plan: bm.Plan, dossier: bm.WrittenDossier) -> None:
    least = plan.trial.boundary
    assert least is not None
    # The type-I error is a binomial tail, whatever made the boundary.
    tail = binom.sf(least - 1, 40, 0.2)
    assert numbers_of(dossier, "type_one_error")["type-I error"] == pytest.approx(tail, rel=1e-12)
    found = numbers_of(dossier, "operating_characteristics")
    assert found["true rate 0.4"] == pytest.approx(binom.sf(least - 1, 40, 0.4), rel=1e-12)
    assert numbers_of(dossier, "decision_values")["rate 0.3"] == pytest.approx(
        binom.sf(least - 1, 40, 0.3), rel=1e-12
    )
    sizes = numbers_of(dossier, "effective_sample_size")
    robust = plan.priors["robust"]
    assert sizes["ELIR, robust"] == bm.effective_sample_size(robust)
    assert sizes["moments, MAP"] == bm.effective_sample_size(plan.map_prior, method="moment")
    assert (
        numbers_of(dossier, "calibration")["rounded, 2.5%"]
        == plan.trial.certainty_for(0.025).rounded
    )
    expected = plan.trial.probability_of_success(plan.map_prior.mixture)
    success = numbers_of(dossier, "expected_success")["probability of success"]
    assert success == pytest.approx(expected, rel=1e-12)
    components = numbers_of(dossier, "prior")
    assert [components[f"component {i}, a"] for i in (1, 2, 3)] == list(robust.a)
    assert components["component 3, weight"] == pytest.approx(0.2)
    counts = numbers_of(dossier, "evidence")
    arms = plan.map_prior.origin.fit.arms  # type: ignore[union-attr]
    assert counts["patients"] == arms.frame["n"].sum() == 503
    assert counts["rows left out"] == len(arms.excluded)
    assert numbers_of(dossier, "provenance")["SHA-256 of the arms"] == arms.hash
    endpoint = row_of(dossier, "endpoint")["answer"]
    assert endpoint.startswith(f"Outcome {arms.selection['outcome']}. The criterion is on")
    table = numbers_of(dossier, "materials")["SHA-256 of the table"]
    assert table == arms.selection["table_hash"]
    assert f"table of evidence: {table[:12]}." in row_of(dossier, "materials")["answer"]
    within = plan.conflict.index[~plan.conflict["conflict"]]
    assert f"more than {within[-1]} responders of 40" in row_of(dossier, "conflict")["answer"]


@pytest.mark.slow
def test_an_interim_tells_what_it_costs_beside_what_it_saves(
    plan: bm.Plan, dossier: bm.WrittenDossier
) -> None:
    table = plan.interim.look.operating_characteristics([0.3])  # type: ignore[union-attr]
    [row] = table.to_dict("records")
    found = numbers_of(dossier, "interim")
    for column in ("success", "stop", "expected_n"):
        assert found[f"{column}, true rate 0.3"] == pytest.approx(row[column], rel=1e-12)
    told = " and ".join(
        [f"{100 * row['stop']:.1f}%, {100 * row['success']:.1f}%", f"{row['expected_n']:.1f}"]
    )
    assert f"; {told} at 0.3; " in row_of(dossier, "interim")["answer"]


@pytest.mark.slow
def test_intervals_hold_the_rate_as_often_as_their_posteriors_say(
    plan: bm.Plan, dossier: bm.WrittenDossier
) -> None:
    after = [plan.compared.robust.update(events=events, n=40) for events in range(41)]
    holds = [low <= 0.4 <= high for low, high in (each.interval(0.95) for each in after)]
    expected = binom.pmf(range(41), 40, 0.4) @ holds
    found = numbers_of(dossier, "coverage")["coverage, robust, true rate 0.4"]
    assert found == pytest.approx(expected, abs=1e-12)
    assert f"{100 * expected:.1f}% at 0.4" in row_of(dossier, "coverage")["answer"]
    assert "has one arm" in row_of(dossier, "effect_estimation")["answer"]


@pytest.mark.slow
def test_without_other_priors_decisions_are_averaged_over_the_map_prior(
    plan: bm.Plan, dossier: bm.WrittenDossier
) -> None:
    assert "over the MAP prior: " in row_of(dossier, "expected_success")["answer"]
    found = numbers_of(dossier, "bayesian_characteristics")
    assert set(found) == {
        f"{what}, {prior}"
        for what in ("P(rate <= 0.2 | success)", "P(rate > 0.3 | failure)")
        for prior in ("MAP", "robust", "no borrowing")
    }
    assert found["P(rate <= 0.2 | success), robust"] == plan.characteristics["robust"].false_success
    mean = [plan.compared.robust.update(events=events, n=40).mean for events in range(41)]
    weights = binom.pmf(range(41), 40, 0.4)
    bias = numbers_of(dossier, "estimation")["bias, robust, true rate 0.4"]
    assert bias == pytest.approx(weights @ mean - 0.4, abs=1e-12)
    for source, reason in (("sam_prior", "no self-adapting"), ("design_prior", "over the MAP")):
        row = row_of(dossier, source)
        assert (row["state"], reason in row["answer"]) == ("not applicable", True)


@pytest.mark.slow
def test_people_read_the_same_rows(dossier: bm.WrittenDossier) -> None:
    page = (dossier.path / "dossier.html").read_text(encoding="utf-8")
    answered = dossier.rows[dossier.rows["state"] == "answered"]
    for name, found in zip(answered["file"], answered["sha256"], strict=True):
        assert found in page
        assert f">{found[:12]}<" in page
        assert name.split("_")[-1] in page
    assert page.count("The sponsor must say: ") == (dossier.rows["state"] == "to be said").sum()
    assert "Secondary sources" in page


SCRIPT = """
import sys
import bayesmeta as bm
fit = bm.load_fit(sys.argv[1])
prior = bm.map_prior(fit, components=2)
plan = bm.plan(prior, n=40, success="P(rate > 0.2) > 0.9", robust=[0.2, 0.5], interim=(3, 15))
bm.write_dossier(plan, sys.argv[2] + "/dossier")
bm.write_prisma(fit, sys.argv[2] + "/prisma")
"""


@pytest.mark.slow
def test_the_same_inputs_make_the_same_bytes_in_another_process(
    run_folder: Path, tmp_path: Path
) -> None:
    made = []
    for seed in ("1", "2"):
        (tmp_path / seed).mkdir()
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(run_folder), str(tmp_path / seed)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        files = sorted(path for path in (tmp_path / seed).rglob("*") if path.is_file())
        made.append({str(path.relative_to(tmp_path / seed)): path.read_bytes() for path in files})
    first, second = made
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []
    created = bm.load_fit(run_folder).provenance.created.encode()
    assert not any(created in content for content in first.values())


@pytest.mark.slow
def test_what_two_arms_lack_is_not_applicable_with_a_reason(
    exact_prior: bm.MapPrior, tmp_path: Path
) -> None:
    rule = "P(rate - control > 0) > 0.95"
    both = bm.plan_two_arms(exact_prior, n=20, n_control=10, success=rule, controls=[0.2, 0.3])
    written = bm.write_dossier(both, tmp_path / "two")
    check_rows(written.path)
    expected = both.trial.type_one_error(both.expected_controls)["success"].max()
    assert numbers_of(written, "type_one_error")["largest, expected"] == expected
    assert row_of(written, "conflict")["state"] == "answered"
    success = numbers_of(written, "expected_success")["probability of success"]
    assert success == both.characteristics["robust"].success
    assert "mse, robust, true control rate 0.3" in numbers_of(written, "estimation")
    assert "coverage, robust, true control rate 0.3" in numbers_of(written, "coverage")
    means = [
        [prior.update(events=events, n=n).mean for events in range(n + 1)]
        for prior, n in ((both.trial.prior_treated, 20), (both.compared.robust, 10))
    ]
    chances = [binom.pmf(range(n + 1), n, true) for n, true in ((20, 0.5), (10, 0.3))]
    bias = chances[0] @ means[0] - chances[1] @ means[1] - (0.5 - 0.3)
    found = numbers_of(written, "effect_estimation")["bias, true rates 0.5 and 0.3"]
    assert found == pytest.approx(bias, abs=1e-12)
    reasons = {
        "interim": "no interim analysis",
        "design_prior": "over a uniform treated rate and the MAP prior of the control rate",
        "sam_prior": "no self-adapting",
        "sam_characteristics": "no self-adapting",
        "decision_values": "one threshold",
        "sample_size": "was given",
        "diagnostics": "by quadrature",
        "tau_prior": "by quadrature",
    }
    for source, reason in reasons.items():
        row = row_of(written, source)
        assert (row["state"], row["file"]) == ("not applicable", "")
        assert reason in row["answer"]

    alone = bm.plan_two_arms(exact_prior, n=20, n_control=0, success=rule, controls=[0.2])
    written = bm.write_dossier(alone, tmp_path / "alone")
    check_rows(written.path)
    assert "no control arm" in row_of(written, "conflict")["answer"]
    assert not (written.path / "conflict.csv").exists()


@pytest.mark.slow
def test_a_prior_that_no_fit_made_has_no_evidence(exact_prior: bm.MapPrior, tmp_path: Path) -> None:
    mine = bm.MapPrior(exact_prior.fitted, "an expert's", reliable=False)
    written = bm.write_dossier(
        bm.plan(mine, n=12, success="P(rate > 0.2) > 0.9"), tmp_path / "mine"
    )
    check_rows(written.path)
    check_manifest(written.path)
    row = row_of(written, "evidence")
    assert (row["state"], "not made from a fit" in row["answer"]) == ("not applicable", True)
    assert not (written.path / "arms.csv").exists()
    assert written.warning.startswith("NOT RELIABLE")
    assert "NOT RELIABLE" in (written.path / "dossier.html").read_text(encoding="utf-8")
    assert set(pd.read_csv(written.path / "priors.csv")["reliable"]) == {"no"}


@pytest.mark.slow
def test_a_folder_is_replaced_only_by_force_and_never_half(
    exact_prior: bm.MapPrior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = bm.plan(exact_prior, n=12, success="P(rate > 0.2) > 0.9")
    written = bm.write_dossier(plan, tmp_path / "made", title="First")
    before = {path.name: path.read_bytes() for path in written.path.iterdir()}
    with pytest.raises(bm.RunError, match=r"made exists\. .* replace it with force=True"):
        bm.write_dossier(plan, written.path)

    whole = Path.write_bytes

    def full(found: Path, written: bytes) -> int:
        if found.parent.suffix == ".partial":
            raise OSError(28, "No space left on device")
        return whole(found, written)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "write_bytes", full)
        with pytest.raises(bm.RunError, match=r"No space left.*Nothing was kept"):
            bm.write_dossier(plan, written.path, force=True)
        with pytest.raises(bm.RunError, match="Nothing was kept"):
            bm.write_dossier(plan, tmp_path / "new")
    assert {path.name: path.read_bytes() for path in written.path.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["made"]

    again = bm.write_dossier(plan, written.path, title="Second", force=True)
    assert again.title == content(again.path)["title"] == "Second"
    (written.path / "notes.txt").write_text("mine")
    with pytest.raises(bm.RunError, match=r"would be lost: notes\.txt"):
        bm.write_dossier(plan, written.path, force=True)
    (tmp_path / "other").mkdir()
    with pytest.raises(bm.RunError, match=r"is not a dossier \(it holds no dossier\.json\)"):
        bm.write_dossier(plan, tmp_path / "other", force=True)
    with pytest.raises(
        bm.SettingsError, match=r"`plan` must be a Plan or TwoArmPlan; got MapPrior"
    ):
        bm.write_dossier(exact_prior, tmp_path / "no")  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_rate_may_be_asked_for_twice(exact_prior: bm.MapPrior, tmp_path: Path) -> None:
    plan = bm.plan(exact_prior, n=12, success="P(rate > 0.2) > 0.9", rates=[0.3, 0.3])
    written = bm.write_dossier(plan, tmp_path / "twice")
    assert numbers_of(written, "operating_characteristics") == {
        "true rate 0.3": plan.trial.operating_characteristics([0.3])["success"].item()
    }


@pytest.mark.slow
def test_the_commands_write_both(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["plan", run_folder, "--success", "P(rate > 0.2) > 0.95", "--alternative", "0.4"]
    made = tmp_path / "dossier"
    assert run(*asked, "--dossier", made) == 0
    printed = capsys.readouterr().out.splitlines()[-1]
    rows = content(made)["rows"]
    states = [row["state"] for row in rows]
    assert printed == (
        f"Dossier in {made}: {states.count('answered')} rows are answered, {states.count('not applicable')} not applicable, "
        f"{states.count('to be said')} the sponsor must say."
    )
    check_rows(made)
    [size] = [
        row for row in rows if (row["item"], row["source"]) == ("sample-size", "sample_size")
    ][:1]
    assert size["state"] == "answered"
    assert run(*asked, "--dossier", made) == 2
    assert "or replace it with --force." in capsys.readouterr().err
    assert run(*asked, "--dossier", made, "--force", "--json") == 0
    assert json.loads(capsys.readouterr().out)["dossier"] == str(made)

    review = tmp_path / "prisma"
    assert run("prisma", run_folder, "--out", review, "--title", "Responses") == 0
    assert "the authors must say." in capsys.readouterr().out
    assert content(review, "prisma")["title"] == "Responses"
    assert run("prisma", run_folder, "--out", review, "--json", "--force") == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["rows"]) == len(content(review, "prisma")["rows"])
    assert run("prisma", run_folder, "--out", review) == 2
    assert "or replace it with --force." in capsys.readouterr().err


@pytest.mark.slow
def test_the_first_lines_of_a_dossier_are_given(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["plan", run_folder, "--success", "P(rate > 0.2) > 0.95", "--n", "12"]
    front = ["--title", "Phase II", "--protocol", "P-12", "--author", "Us"]
    assert run(*asked, "--dossier", tmp_path / "d", *front) == 0
    assert content(tmp_path / "d")["title"] == "Phase II"
    assert "P-12" in (tmp_path / "d" / "dossier.html").read_text(encoding="utf-8")
    capsys.readouterr()
    assert run(*asked, *front) == 2
    assert "`--title` has no effect without `--dossier`" in capsys.readouterr().err
    assert run(*asked, "--dossier", tmp_path / "new", "--protocol", "a\nb") == 2
    assert "must be text in one line" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
@pytest.mark.parametrize("place", ["d", "d/in", "other/../d"])
def test_nothing_else_is_written_into_a_dossier(
    place: str, run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["plan", run_folder, "--success", "P(rate > 0.2) > 0.95", "--n", "12"]
    assert run(*asked, "--out", tmp_path / place, "--dossier", tmp_path / "d") == 2
    assert "lies in the folder of `--dossier`" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_no_dossier_is_written_of_no_plan(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = ["--success", "P(rate > 0.2) > 0.95", "--alternative", "0.21", "--n-max", "8"]
    assert run("plan", run_folder, *rule, "--dossier", tmp_path / "no") == 0
    assert "No dossier" in capsys.readouterr().out
    assert not (tmp_path / "no").exists()
