"""`bayesmeta update` and `bayesmeta evidence diff`: what they print, write and refuse."""

import contextlib
import io
import json
from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app
from bayesmeta.inference import saved

COUNTS = [(3, 10), (9, 22), (14, 41), (3, 15), (8, 60), (10, 33)]
REGIMENS = ["x", "y", "x", "y", "x", "y"]

MODEL = """schema = 2
name = "regimen"
[study_effects]
distribution = "normal"
tau = "HalfNormal(0.5)"
[covariates]
formula = "regimen + age"
reference = { regimen = "x" }
[priors]
mu = "Normal(0, 1.5)"
"""

FIT = ("--where", "events >= 0", "--columns", "events=xi", "--seed", "7", "--warmup", "200")


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app([str(one) for one in arguments])
    return int(left.value.code)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a table, and a run of the first."""
    made = tmp_path_factory.mktemp("update")
    old = pd.DataFrame(COUNTS, columns=["xi", "n"])
    old = old.assign(regimen=REGIMENS, age=[61, 70, 66, 58, 64, 69], outcome="CR")
    old.insert(0, "study", list("abcdef"))
    more = [("g", 6, 30, "x", 63, "CR"), ("h", 38, 40, "y", 67, "CR")]
    new = pd.concat([old, pd.DataFrame(more, columns=old.columns)])
    new.iloc[1, 1] = 10
    for name, frame in {"old": old, "new": new}.items():
        frame.to_csv(made / f"{name}.csv", index=False)
    (made / "model.toml").write_text(MODEL, encoding="utf-8")
    assert run("fit", made / "model.toml", "--evidence", made / "old.csv", *FIT, "--out", made / "run") == 0  # fmt: skip
    return made


@pytest.mark.slow
def test_the_run_is_that_of_a_fresh_fit_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    assert run("update", folder / "run", "--evidence", folder / "new.csv", "--out", tmp_path / "a") == 0  # fmt: skip
    model = folder / "run" / "model.toml"
    assert run("fit", model, "--evidence", folder / "new.csv", *FIT, "--out", tmp_path / "b") == 0  # fmt: skip
    one, other = ({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in "ab")  # fmt: skip
    assert set(one) == set(other)
    manifests = [json.loads(files.pop("fit.json")) for files in (one, other)]
    assert one == other
    for manifest in manifests:
        # What two fits at two times differ in.
        assert manifest["provenance"].pop("created")
        assert manifest["provenance"].pop("seconds") >= 0
    assert manifests[0] == manifests[1]
    assert run("run", tmp_path / "a", "--check") == 0


@pytest.fixture(scope="module")
def printed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("printed") / "run"
    asked = ["--rate-above", 0.9, "--event", "rate < 0.6", "--certainty", 0.7]
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        assert run("update", folder / "run", "--evidence", folder / "new.csv", "--out", out, *asked) == 0  # fmt: skip
    return "\n".join(" ".join(line.split()) for line in told.getvalue().splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "8 arms of 8 studies, 92 of 251 patients responded; before, 6 arms of 6 studies, 47 of 181",
        "2 studies added, 0 removed.",
        "h CR 38 40",
        "b events 9 10",
        "What moved: median and 95% interval (regimen=x (reference), age=64.7 (centre))",
        "h 38/40",
        "of 2 inside 95%",
        "Decisions: a probability of 0.7 is required",
        "P(rate of a new study > 0.9)",
        "P(rate of a new study < 0.6)",
        "The centre of age is 64.8 and was 64.7",
        "not adjusted for repeated looks.",
        "random seed 7.",
    ],
)
def test_it_prints_what_is_new_and_what_moved(text: str, printed: str) -> None:
    assert text in printed


@pytest.mark.slow
def test_json_is_that_of_the_library(folder: Path, tmp_path: Path, capsys) -> None:
    asked = ["--evidence", folder / "new.csv", "--out", tmp_path / "run", "--json"]
    assert run("update", folder / "run", *asked, "--rate-above", 0.2, "--certainty", 0.9) == 0
    found = json.loads(capsys.readouterr().out)
    own = bm.update(folder / "run", folder / "new.csv", rate_above=0.2, certainty=0.9)
    assert found["updated"] is True
    assert found["decisions"] == own.decisions.to_dict("records")
    assert [row["after"] for row in found["moves"]] == own.moves["after"].tolist()
    assert [row["pit"] for row in found["new_studies"]] == own.new_studies["pit"].tolist()
    assert [(row["column"], row["new"]) for row in found["changed"]] == [("events", 10)]
    assert found["after"]["table_hash"] == own.after.arms.selection["table_hash"]


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "json"])
def test_nothing_new_is_told_and_nothing_written(
    as_json: list[str], folder: Path, tmp_path: Path, capsys
) -> None:
    asked = ["--evidence", folder / "old.csv", "--out", tmp_path / "run"]
    assert run("update", folder / "run", *asked, *as_json) == 0
    assert "Nothing to update: from old.csv" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_what_makes_no_sense_is_refused(folder: Path, tmp_path: Path, capsys) -> None:
    new, out = ["--evidence", folder / "new.csv"], ["--out", tmp_path / "run"]
    frame = pd.read_csv(folder / "new.csv")
    frame.drop(columns="age").to_csv(tmp_path / "ageless.csv", index=False)
    frame.rename(columns={"xi": "events"}).to_csv(tmp_path / "renamed.csv", index=False)
    (tmp_path / "other").mkdir()
    for asked, message in {
        ("run", "--evidence", folder / "none.csv", *out): "none.csv",
        ("run", "--evidence", "none", *out): "There is no bundled table 'none'",
        ("run", "--evidence", tmp_path / "ageless.csv", *out): "`formula` names 'age', which is not a column",
        ("run", "--evidence", tmp_path / "renamed.csv", *out): "names 'xi', which is not a column",
        ("none", *new, *out): "There is no run folder",
        (".", *new, *out): "is not a saved run",
        ("run", *new, "--out", folder / "run"): "or replace it with --force",
        ("run", *new, "--out", tmp_path / "other"): "exists and is not a saved run",
        ("run", *new, *out, "--certainty", 0.9): "`--certainty` has no effect without a question",
        ("run", *new, *out, "--time", 12): "`--time` has no effect",
        ("run", *new, *out, "--at-least", 3): "`--at-least` needs `--n`",
        ("run", *new, *out, "--profile", "dose=3"): "`--profile` names 'dose'",
        ("run", *new): "Missing option '--out'",
        ("run", *out): "Missing option '--evidence'",
    }.items():  # fmt: skip
        assert run("update", folder / asked[0], *asked[1:]) == 2
        assert message in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_column_that_is_called_otherwise_can_be_named(folder: Path, tmp_path: Path) -> None:
    renamed = pd.read_csv(folder / "new.csv").rename(columns={"xi": "cr"})
    renamed.to_csv(tmp_path / "new.csv", index=False)
    asked = ["--evidence", tmp_path / "new.csv", "--columns", "events=cr", "--out", tmp_path / "run"]  # fmt: skip
    assert run("update", folder / "run", *asked) == 0
    assert bm.load_fit(tmp_path / "run").arms.selection["reading"] == {"columns": {"events": "cr"}}


@pytest.mark.parametrize("name", ["draws.nc", "arms.csv", "fit.json"])
def test_a_run_that_cannot_be_written_whole_is_not_written(
    name: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder stands as it did, wherever the writing stops."""
    asked = ["--evidence", folder / "new.csv", "--out", tmp_path / "run"]
    real = saved.sha256_of, saved.write_tree, saved._write_json

    def stopped(path: Path) -> None:
        if path.name == name:
            raise KeyboardInterrupt

    def write_tree(tree, path: Path) -> None:
        stopped(path)
        real[1](tree, path)

    def write_json(content, path: Path) -> None:
        stopped(path)
        real[2](content, path)

    def sha256_of(path: Path) -> str:
        stopped(path)
        return real[0](path)

    with monkeypatch.context() as patched:
        patched.setattr(saved, "write_tree", write_tree)
        patched.setattr(saved, "_write_json", write_json)
        patched.setattr(saved, "sha256_of", sha256_of)
        assert run("update", folder / "run", *asked) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_difference_is_printed_and_written(folder: Path, tmp_path: Path, capsys) -> None:
    both = [folder / "old.csv", folder / "new.csv", "--columns", "events=xi"]
    assert run("evidence", "diff", *both, "--out", tmp_path / "t") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "old.csv to new.csv: 2 rows added, 0 removed, 1 changed." in told
    assert "b CR events 9 10" in told
    assert "CR 6 -> 8 6 -> 8 181 -> 251 47 -> 92" in told
    names = ["added", "changed", "counts", "overlaps", "removed"]
    assert sorted(file.stem for file in (tmp_path / "t").iterdir()) == names
    assert pd.read_csv(tmp_path / "t" / "added.csv")["study"].tolist() == ["g", "h"]
    assert run("evidence", "diff", *both, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["same"], [row["study"] for row in found["added"]]) == (False, ["g", "h"])
    assert found["counts"][0]["events_new"] == 92


@pytest.mark.slow
def test_the_same_table_has_no_differences(folder: Path, capsys) -> None:
    same = ["rr_aml_venetoclax", "rr_aml_venetoclax"]
    assert run("evidence", "diff", *same, "--kind", "survival") == 0
    assert capsys.readouterr().out == "rr_aml_venetoclax to rr_aml_venetoclax: no differences.\n"
    # Options of reading are those of the file, beside a bundled table.
    asked = ["rr_aml_venetoclax", folder / "new.csv", "--columns", "events=xi"]
    assert run("evidence", "diff", *asked) == 0


def test_differences_that_make_no_sense_are_refused(folder: Path, tmp_path: Path, capsys) -> None:
    old, new = folder / "old.csv", folder / "new.csv"
    (tmp_path / "added.csv").write_text("", encoding="utf-8")
    named = ["--columns", "events=xi"]
    for asked, message in {
        (old, new): "'events' is missing",
        (old, folder / "none.csv", *named): "none.csv",
        (old, "none", *named): "There is no bundled table 'none'",
        ("rr_aml_venetoclax", "rr_aml_venetoclax", *named): "`--column` has no effect on",
        (old, new, "--kind", "survival"): "the unit of time is not known",
        (old, new, *named, "--out", tmp_path): "holds added.csv",
        (old,): "Missing argument 'NEW'",
    }.items():
        assert run("evidence", "diff", *asked) == 2
        assert message in capsys.readouterr().err.replace("\n", " ")
