"""`bayesmeta bias`: what it prints, writes and refuses."""

import json
from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app
from bayesmeta.report.fit_report import fit_document
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.options import Options
from bayesmeta.report.rendering.markdown import as_markdown

pytestmark = pytest.mark.stored

ROWS = [(3, 10), (9, 22), (14, 41), (3, 15), (18, 30)]
STUDIES = list("abcde")
OVERALL = ["Low", "Low", "Some concerns", "Low", "High"]


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app([str(one) for one in arguments])
    return int(left.value.code)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bias")
    frame = pd.DataFrame(ROWS, columns=["events", "n"]).assign(study=STUDIES)
    arms = bm.read_evidence(frame).select()
    bm.fit(bm.ModelSpec(), arms, seed=1).save(made / "run")
    domains = {f"D{k}": "Low" for k in range(1, 6)}
    judged = pd.DataFrame({"Study": STUDIES}).assign(**domains, Overall=OVERALL)
    judged.to_csv(made / "judged.csv", index=False)
    judged.iloc[:4].to_csv(made / "few.csv", index=False)
    return made


def asked(folder: Path, file: str = "judged.csv", tool: str = "RoB 2") -> list[object]:
    return ["bias", folder / "run", "--judgements", folder / file, "--tool", tool]


@pytest.mark.slow
def test_the_answer_is_that_of_the_library(folder: Path, capsys, tmp_path: Path) -> None:
    given = ["--elicited", "e=0.3,0.2", "--weight", "High=0.5", "--weight", "Some concerns=0.8"]
    own = [*given, "--rate-above", 0.3, "--ci", 0.9]
    assert run(*asked(folder), *own, "--json", "--out", tmp_path / "t") == 0
    printed = json.loads(capsys.readouterr().out)
    found = bm.bias_sensitivity(
        bm.load_fit(folder / "run"),
        bm.read_risk_of_bias(folder / "judged.csv", tool="RoB 2"),
        elicited={"e": (0.3, 0.2)},
        weights={"High": 0.5, "Some concerns": 0.8},
        ci_prob=0.9,
        rate_above=0.3,
    )
    assert [row["typical"] for row in printed["models"]] == found.table["typical"].tolist()
    assert [row["model"] for row in printed["models"]] == found.table["model"].tolist()
    assert printed["judgements"] == dict(zip(STUDIES, OVERALL, strict=True))
    assert printed["high"] == ["High"]
    assert printed["elicited"] == {"e": [0.3, 0.2]}
    assert printed["refused"] == {}
    assert [file.name for file in (tmp_path / "t").iterdir()] == ["models.csv"]


@pytest.mark.slow
def test_it_prints_what_is_assumed(folder: Path, capsys) -> None:
    own = ["--elicited", "e=0.3,0.2", "--weight", "High=0.5", "--event", "rate > 0.3"]
    assert run(*asked(folder), *own) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for text in (
        "If studies were biased: median and 95% interval (all studies)",
        "Judged by RoB 2. High risk (High): 1 study: e. Low risk (Low): 3 studies; neither: 1.",
        "Elicited biases: biases of 1 study elicited from experts, Normal(mean, sd) on the scale of the link: e (0.3, 0.2).",
        "b0 ~ Normal(0, 0.5) and kappa ~ HalfNormal(0.25)",
        "Weights: the likelihood of a study to a power by its judgement: High 0.5.",
        "Without high risk: studies at high risk left out.",
        "All rates are those without bias.",
        "P(rate of a new study > 0.3)",
    ):
        assert text in printed


@pytest.mark.slow
def test_a_model_that_is_refused_is_told(folder: Path, capsys) -> None:
    assert run(*asked(folder), "--low", "Some concerns") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert (
        "Not fitted, bias at high risk: 1 study at low risk (Some concerns), and fewer" in printed
    )


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (["--elicited", "e"], "`--elicited` is written study=mean,sd; got 'e'"),
        (["--elicited", "e=1"], "`--elicited` is written study=mean,sd, such as smith2019=0.2,0.3"),
        (["--elicited", "z=1,2"], "`--elicited` names 'z', no study of the arms"),
        (["--elicited", "e=1,0"], "`--elicited` of 'e' must have a standard deviation above 0"),
        (["--weight", "High=x"], "`--weight` is written label=number, such as High=0.5"),
        (["--weight", "High=2"], "`--weight` of 'High' must lie within 0 (left out) and 1"),
        (["--weight", "Bad=0.5"], "`--weight` names 'Bad', which is no overall judgement of RoB 2"),
        (["--high", "Severe"], "`--high` names 'Severe', which is no overall judgement of RoB 2"),
        (["--ci", "95"], "`--ci` must lie between 0 and 1"),
        (["--profile", "x=1"], "names 'x', which is not a covariate of the model"),
    ],
)
def test_what_makes_no_sense_is_refused(
    folder: Path, capsys, tmp_path: Path, own: list[str], message: str
) -> None:
    assert run(*asked(folder), *own, "--out", tmp_path / "t") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_judgements_that_do_not_fit_are_refused(folder: Path, capsys, tmp_path: Path) -> None:
    for given, message in (
        (asked(folder, "few.csv"), "1 of 5 are missing: e."),
        (asked(folder, "none.csv"), "none.csv"),
        (asked(folder, tool="RoB"), "`--tool` must name a tool and its version; got 'RoB'"),
        (asked(folder, tool="NOS"), "domains"),
    ):
        assert run(*given, "--out", tmp_path / "t") == 2
        assert message in capsys.readouterr().err
        assert not (tmp_path / "t").exists()


@pytest.mark.slow
def test_a_sheet_of_judgements_is_named(folder: Path, capsys, tmp_path: Path) -> None:
    judged = pd.read_csv(folder / "judged.csv")
    with pd.ExcelWriter(tmp_path / "two.xlsx") as book:
        for name in ("first", "second"):
            judged.to_excel(book, sheet_name=name, index=False)
        judged.drop(columns="Study").to_excel(book, sheet_name="notes", index=False)
    own = ["--judgements", tmp_path / "two.xlsx", "--tool", "RoB 2"]
    for command in (
        ["bias", folder / "run"],
        ["report", folder / "run", "--out", tmp_path / "a.md"],
    ):
        assert run(*command, *own) == 2
        told = capsys.readouterr().err
        assert "'first', 'second'. Name one by `--sheet`." in told
        assert run(*command, *own, "--sheet", "third") == 2
        assert "has no sheet 'third'" in capsys.readouterr().err
    assert run("report", folder / "run", "--out", tmp_path / "a.md", "--sheet", "first") == 2
    assert "`--sheet` has no effect without `--judgements`" in capsys.readouterr().err
    assert not (tmp_path / "a.md").exists()


@pytest.mark.slow
def test_the_report_has_the_models(folder: Path) -> None:
    fit = bm.load_fit(folder / "run")
    judged = bm.read_risk_of_bias(folder / "judged.csv", tool="RoB 2")
    results = FitResults(fit, options=Options(judgements=judged))
    text = as_markdown(fit_document(results)).decode()
    assert "If studies were biased" in text
    assert r"Of the models of the risk of bias \(RoB 2\), 'without high risk' moves" in text
    quick = FitResults(fit, options=Options(judgements=judged, refits=False))
    assert (
        "Models of the risk of bias were not fitted: the model"
        in as_markdown(fit_document(quick)).decode()
    )
