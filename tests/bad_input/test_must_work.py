"""Input that looks odd and is right: it works, and its answer means what it should.

Tolerances are five Monte-Carlo standard errors of 2 chains of 300 draws, or more.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import main
from bayesmeta.report.text import evidence_lines

SETTINGS = bm.SamplerSettings(chains=2, warmup=300, draws=300)
AWKWARD = (
    "Smith, Jones & Co. 2019",
    'the "great" trial',
    "l'étude de Liège",
    "白血病研究 第2号",
    "<script>alert(1)</script>",
    "$\\frac{a}{b}$ at $5",
    "=HYPERLINK(A1)",
    "{curly} %s %d",
    "a/b\\c",
    "line\nbreak",
    "007",
    "NaN",
    "-",
    "🩸 blood",
)


def arms_of(counts: Sequence[tuple[int, int]], studies: Sequence[str] | None = None) -> bm.Arms:
    names = studies or [f"trial{i:03}" for i in range(len(counts))]
    events, n = zip(*counts, strict=True)
    return bm.read_evidence(pd.DataFrame({"study": names, "events": events, "n": n})).select()


def pooled(arms: bm.Arms) -> bm.Fit:
    return bm.fit(bm.load_model("pooled"), arms, seed=1, settings=SETTINGS)


def quantities(fit: bm.Fit) -> pd.DataFrame:
    """Return the summary by quantity, all of it finite where it is an estimate."""
    table = bm.summary(fit).set_index("quantity")
    assert np.isfinite(
        table[["mean", "sd", "median", "lower", "upper"]].to_numpy(dtype=float)
    ).all()
    return table


def width(row: pd.Series) -> float:
    return float(row["upper"] - row["lower"])


def test_one_study_says_little_about_the_next() -> None:
    fit = pooled(arms_of([(8, 20)]))
    table = quantities(fit)
    assert fit.arms.studies.tolist() == ["trial000"]
    # Alone, a study cannot show how much studies differ: tau nearly keeps its prior, HalfNormal(1),
    # of mean 0.798. The value is by quadrature over mu, tau and the study's effect.
    assert table.loc["tau", "mean"] == pytest.approx(0.718, abs=0.08)
    shrunken = bm.shrinkage(fit).iloc[0]
    assert width(table.loc["new study"]) > width(shrunken)
    assert shrunken["weight"] == pytest.approx(1)


def test_two_studies_that_disagree_show_heterogeneity() -> None:
    alike, apart = pooled(arms_of([(20, 40), (20, 40)])), pooled(arms_of([(4, 40), (36, 40)]))
    assert quantities(apart).loc["tau", "mean"] > 2 * quantities(alike).loc["tau", "mean"]
    low, high = bm.shrinkage(apart)["rate"]
    assert 0.1 < low < 0.5 < high < 0.9


def test_no_responders_at_all_leave_a_rate_near_zero_not_at_it() -> None:
    fit = pooled(arms_of([(0, 10), (0, 20), (0, 15)]))
    table = quantities(fit)
    assert 0 < table.loc["typical rate", "lower"] < table.loc["typical rate", "upper"] < 0.2
    assert (bm.shrinkage(fit)["rate"] > 0).all()
    assert bm.predict(fit, n=20, seed=1).probability(events_at_most=0) > 0.4


def test_responders_only_mirror_no_responders() -> None:
    patients = (10, 20, 15)
    none = quantities(pooled(arms_of([(0, n) for n in patients])))
    everyone = quantities(pooled(arms_of([(n, n) for n in patients])))
    for bound, mirrored in (("lower", "upper"), ("median", "median"), ("upper", "lower")):
        expected = 1 - none.loc["typical rate", mirrored]
        assert everyone.loc["typical rate", bound] == pytest.approx(expected, abs=0.03)
    for table, sign in ((none, -1), (everyone, 1)):  # -5.106 by quadrature
        mu = table.loc["mu"]
        assert mu["median"] == pytest.approx(5.106 * sign, abs=4 * mu["mcse_median"])


def test_an_arm_without_patients_is_told_and_changes_nothing() -> None:
    counts = [(3, 10), (7, 20), (4, 15)]
    without, beside = pooled(arms_of(counts)), pooled(arms_of([*counts, (0, 0)]))
    assert beside.arms.without_patients == ("trial003",)
    assert "1 without patients" in repr(beside.arms)
    assert any(
        "Without patients" in line and "trial003" in line for line in evidence_lines(beside.arms)
    )
    empty = bm.shrinkage(beside).iloc[-1]
    assert (empty["n"], empty["weight"]) == (0, 0)
    assert np.isnan(empty["observed"])
    assert (empty["observed_lower"], empty["observed_upper"]) == (0, 1)
    row, expected = quantities(beside).loc["new study"], quantities(without).loc["new study"]
    assert row["median"] == pytest.approx(expected["median"], abs=0.07)
    assert width(row) == pytest.approx(width(expected), abs=0.2)


def test_no_patients_anywhere_leave_the_prior() -> None:
    fit = pooled(arms_of([(0, 0), (0, 0)]))
    posterior = fit.posterior
    assert fit.arms.without_patients == ("trial000", "trial001")
    assert float(posterior["mu"].mean()) == pytest.approx(0, abs=0.5)
    # Student's t of 3 degrees of freedom has its quartiles at 0.765; its tails leave no mean square.
    assert float(abs(posterior["mu"]).median()) == pytest.approx(1.5 * 0.765, abs=0.3)


def test_single_patients_add_up() -> None:
    fit = pooled(arms_of([(1, 1), (0, 1), (1, 1), (0, 1)]))
    shrunken = bm.shrinkage(fit)
    assert shrunken["rate"].between(0.2, 0.8).all()
    assert shrunken["weight"].to_numpy() == pytest.approx(0.25, abs=0.05)
    one = bm.predict(fit, n=1, seed=1)
    assert one.pmf["probability"].to_numpy() == pytest.approx([0.5, 0.5], abs=0.1)


def test_four_hundred_arms_find_what_made_them() -> None:
    rng = np.random.default_rng(20190701)
    n = rng.integers(10, 60, size=400)
    events = rng.binomial(n, 1 / (1 + np.exp(-rng.normal(-0.5, 0.8, size=400))))
    fit = pooled(arms_of(list(zip(events.tolist(), n.tolist(), strict=True))))
    table = quantities(fit)
    assert fit.posterior.sizes["study"] == 400
    assert table.loc["mu", "mean"] == pytest.approx(-0.5, abs=0.2)
    assert table.loc["tau", "mean"] == pytest.approx(0.8, abs=0.15)


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bm.Fit]:
    folder = tmp_path_factory.mktemp("awkward")
    names = pd.DataFrame({"study": AWKWARD, "events": range(1, len(AWKWARD) + 1), "n": 20})
    names.to_csv(folder / "names.csv", index=False)
    fit = pooled(bm.read_evidence(folder / "names.csv").select())
    fit.save(folder / "run")
    return folder, fit


def test_awkward_names_stay_as_they_were_written(awkward: tuple[Path, bm.Fit]) -> None:
    folder, fit = awkward
    assert fit.arms.studies.tolist() == list(AWKWARD)
    assert fit.posterior.coords["study"].to_numpy().tolist() == list(AWKWARD)
    again = bm.load_fit(folder / "run")
    assert again.arms.labels.tolist() == list(AWKWARD)
    assert again.posterior.identical(fit.posterior)


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_names_can_be_asked_for(name: str, awkward: tuple[Path, bm.Fit]) -> None:
    _, fit = awkward
    prediction = bm.predict(fit, n=20, study=name, seed=1)
    assert prediction.study == name
    expected = bm.shrinkage(fit).set_index("study").loc[name, "rate"]
    assert float(prediction.draws["rate"].median()) == pytest.approx(expected)


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_names_pass_the_command_line(
    name: str,
    awkward: tuple[Path, bm.Fit],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, _ = awkward
    command = ["predict", str(folder / "run"), "--n", "20", f"--study={name}", "--json"]
    monkeypatch.setattr(sys, "argv", ["bayesmeta", *command])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code in (0, 1)  # so few draws may fail their diagnostics
    assert json.loads(capsys.readouterr().out)["study"] == name


def test_too_few_draws_still_make_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = bm.SamplerSettings(chains=2, warmup=50, draws=2)
    arms = arms_of([(3, 10), (7, 20)])
    bm.fit(bm.load_model("pooled"), arms, seed=1, settings=few).save(tmp_path / "run")
    command = ["predict", str(tmp_path / "run"), "--n", "20", "--at-least", "5", "--json"]
    monkeypatch.setattr(sys, "argv", ["bayesmeta", *command])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 1
    assert json.loads(capsys.readouterr().out)["diagnostics_ok"] is False


@pytest.mark.slow
def test_a_terminal_without_the_letters_gets_others(awkward: tuple[Path, bm.Fit]) -> None:
    folder, _ = awkward
    program = shutil.which("bayesmeta", path=str(Path(sys.executable).parent))
    assert program is not None
    shown = subprocess.run(
        [program, "evidence", "show", "names.csv"],
        cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert b"Smith, Jones & Co. 2019" in shown.stdout


@pytest.mark.parametrize(
    "text",
    [
        "study,events,n\n\n,,\na,1,10\n  \nb,2,20\n,,\n",
        "\ufeffstudy,events,n\r\na,1,10\r\nb,2,20\r\n",
        "study,events,n\ra,1,10\rb,2,20\r",
        ' study , events,n\n a , 1,"10"\n"b",2, 20 \n',
        "study,events,n\na,1.0,10\nb,2,20.",
        "n,study,events\n10,a,1\n20,b,2\n",
        "study,outcome,events,n\na,CR,1,10\nb,CR,2,20\n",
        "study,events,n,age\na,1,10,NA\nb,2,20,\n",
    ],
    ids=["blank rows", "Windows", "old Mac", "blanks", "points", "order", "outcome", "no values"],
)
def test_the_same_table_in_other_clothes(text: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(text, encoding="utf-8", newline="")
    frame = bm.read_evidence(tmp_path / "table.csv").select().frame
    assert frame[["study", "events", "n"]].to_numpy().tolist() == [["a", 1, 10], ["b", 2, 20]]
