"""The command `bayesmeta run`."""

import json
from pathlib import Path

import pytest
from run_works import small_run

import bayesmeta as bm
from bayesmeta.cli import app


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(["run", *arguments])
    return int(left.value.code)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small_run(tmp_path / "run", tmp_path / "log")
    return tmp_path / "run"


def test_it_says_what_a_run_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(folder)) == 0
    printed = capsys.readouterr().out
    for part in (
        "a run of kind 'small'",
        ", finished",
        "3 done, 1 failed\n",
        "processors",
        "nutpie 0.",
        "job 100: SamplingError: The sampler stopped. Seed 100 reproduces it.",
    ):
        assert part in printed, part
    assert "as it was written" not in printed


def test_it_checks_every_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(folder), "--check") == 0
    assert "No file has changed since it was written." in capsys.readouterr().out
    (folder / "table.csv").write_text("better numbers")
    assert run(str(folder), "--check") == 2
    told = capsys.readouterr().err
    assert "has changed since it was written: table.csv differs. Run the same again" in told


def test_at_most_five_files_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in folder.rglob("*.*"):
        if path.is_file() and path.name not in ("hashes.json", "manifest.json"):
            path.write_bytes(path.read_bytes() + b" ")
    assert run(str(folder), "--check") == 2
    told = capsys.readouterr().err
    assert told.count(" differs") == 5
    assert "and 4 more" in told


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(folder), "--check", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["ok"] is True
    assert content["jobs"] == {"finished": 3, "failed": 1, "damaged": 0}
    assert content["identity"] == {"seed": 1}
    assert content["failed"][0]["error"] == "SamplingError"
    next((folder / "jobs").iterdir()).unlink()
    assert run(str(folder), "--check", "--json") == 2
    content = json.loads(capsys.readouterr().out)
    assert content["ok"] is False
    assert content["problems"][0].endswith("is missing")
    assert run(str(folder), "--json") == 0
    assert "ok" not in json.loads(capsys.readouterr().out)


def test_a_run_that_was_stopped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hashes.json").unlink()
    next((folder / "jobs").iterdir()).write_text("")
    assert run(str(folder)) == 0
    printed = capsys.readouterr().out
    assert "NOT FINISHED" in printed
    assert "1 with a damaged file, to be done again" in printed
    assert run(str(folder), "--check") == 2
    told = capsys.readouterr().err
    assert "run is not finished: 3 jobs ended, and hashes.json is missing" in told
    assert "Changed since written: jobs/" in told
    assert "run the same command again: jobs that ended are kept, the others are done" in told
    assert "has changed since it was written" not in told


def test_what_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path)) == 2
    assert "is not a run: it holds no manifest.json" in capsys.readouterr().err
    (tmp_path / "manifest.json").write_text("{")
    assert run(str(tmp_path), "--check") == 2
    assert "is damaged" in capsys.readouterr().err


def test_many_failures_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from run_works import fail, jobs_of

    from bayesmeta.runs import open_run, run_jobs

    with open_run(tmp_path / "run", kind="small", identity={}) as folder:
        run_jobs(jobs_of(tmp_path / "log", range(8), fail), folder=folder)
    assert run(str(tmp_path / "run")) == 0
    assert "  and 3 more" in capsys.readouterr().out


def test_a_saved_fit_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    few = bm.SamplerSettings(chains=2, warmup=200, draws=200)
    bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=few).save(tmp_path / "fit")
    assert run(str(tmp_path / "fit"), "--check") == 0
    printed = capsys.readouterr().out
    assert "a fit of model 'common_effect', made " in printed
    assert "No file has changed since it was written." in printed
    (tmp_path / "fit" / "arms.csv").write_text("study")
    assert run(str(tmp_path / "fit"), "--check") == 2
    assert (
        "has changed since it was written: arms.csv differs. Fit again." in capsys.readouterr().err
    )
    (tmp_path / "fit" / "fit.json").write_text("{}")
    assert run(str(tmp_path / "fit"), "--check", "--json") == 2
    assert "fit.json is damaged" in json.loads(capsys.readouterr().out)["problems"][0]
