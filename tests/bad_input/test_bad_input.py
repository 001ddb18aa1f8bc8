"""Bad input ends in a message that names the place, the value, the rule and the remedy.

The corpus is data: tables/ and models/ hold one fault a file, commands.toml and calls.toml one a
case, and beside each stand the patterns that its message must match; tables in readable/ are no
fault, but something is told of them. Whatever is asked, nothing is
written, nothing is printed on standard output, no code in the input runs and nobody waits long.
"""

import re
import shlex
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from corpus import (
    HERE,
    Refuse,
    Workspace,
    check_message,
    check_refusal,
    contents,
    named,
    read_corpus,
)
from damaged_runs import DAMAGE

import bayesmeta as bm
from bayesmeta.cli import main

BUILTINS = {"ValueError": ValueError, "OSError": OSError}

TABLES, MODELS, READABLE = map(read_corpus, ("tables", "models", "readable"))
COMMANDS, CALLS = read_corpus("commands")["case"], read_corpus("calls")["case"]
PROCESSES = [case for case in COMMANDS if case.get("process")]

PARTS = (
    "ModelSpec",
    "Covariates",
    "Binomial",
    "BetaBinomial",
    "NormalEffects",
    "StudentTEffects",
    "ContaminatedEffects",
    "ArmEffects",
)
"""Parts of a model, which are made from their arguments alone."""


@pytest.mark.parametrize("name", TABLES)
def test_table(name: str, refused: Refuse) -> None:
    (file,) = (HERE / "tables").glob(f"{name}.*")
    check_message(refused(["evidence", "check", str(file)]), [re.escape(file.name), *TABLES[name]])


def _readable(name: str) -> Path:
    (file,) = (HERE / "readable").glob(f"{name}.*")
    return file


@pytest.mark.parametrize("name", READABLE)
def test_readable_table(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, wanted = _readable(name), READABLE[name]
    monkeypatch.setattr(sys, "argv", ["bayesmeta", "evidence", "check", str(file)])
    with pytest.raises(SystemExit) as left:
        main()
    printed, message = capsys.readouterr()
    assert (left.value.code, message) == (0, "")
    told = [line.removeprefix("- ") for line in printed.splitlines() if line.startswith("- ")]
    check_each(told, wanted.get("findings", []))
    assert ("no problem found" in printed) == (not told)


@pytest.mark.parametrize("name", READABLE)
def test_what_is_found_is_told_before_a_fit(name: str) -> None:
    wanted = READABLE[name]
    table = bm.read_evidence(_readable(name))
    with warnings.catch_warnings(record=True, action="always") as caught:
        table.select(outcome=wanted.get("outcome"))
    findings = wanted.get("findings", [])
    check_each([str(one.message) for one in caught], findings)
    assert all(one.category is bm.EvidenceWarning for one in caught)
    for column, values in wanted.get("columns", {}).items():
        assert _known(table.frame[column]) == _known(values)


def _known(values: Iterable[object]) -> list[object]:
    return ["" if pd.isna(value) else value for value in values]


def check_each(messages: list[str], patterns: list[str]) -> None:
    """Demand that messages match the patterns, one by one."""
    assert len(messages) == len(patterns), messages
    for message, pattern in zip(messages, patterns, strict=True):
        assert re.search(pattern, message)


@pytest.mark.parametrize("name", MODELS)
def test_model(name: str, refused: Refuse) -> None:
    file = str(HERE / "models" / f"{name}.toml")
    arguments = ["fit", file, "--evidence", "evidence.csv", "--seed", "1", "--out", "new"]
    check_message(refused(arguments), [re.escape(name), *MODELS[name]])


@pytest.fixture
def damaged(case: dict[str, Any], workspace: Workspace) -> Iterator[None]:
    """Keep a damaged run in the folder while a case that asks for one runs."""
    folder = workspace.folder / "damaged"
    if "damage" in case:
        shutil.copytree(workspace.folder / "pooled", folder)
        DAMAGE[case["damage"]](folder)
    yield
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.usefixtures("damaged")
@pytest.mark.parametrize("case", COMMANDS, ids=named)
def test_command(case: dict[str, Any], refused: Refuse) -> None:
    check_message(refused(shlex.split(case["command"])), case["message"])


@pytest.mark.slow
@pytest.mark.parametrize("case", PROCESSES, ids=named)
def test_command_as_a_process(case: dict[str, Any], workspace: Workspace) -> None:
    before = contents(workspace.folder)
    program = shutil.which("bayesmeta", path=str(Path(sys.executable).parent))
    assert program is not None
    arguments = [program, *shlex.split(case["command"])]
    ended = subprocess.run(
        arguments, cwd=workspace.folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert contents(workspace.folder) == before
    check_refusal(ended.returncode, ended.stdout, ended.stderr)
    check_message(ended.stderr, case["message"])


def call(name: str, workspace: Workspace, arguments: dict[str, Any]) -> object:
    """Make a call that works but for `arguments`."""
    settings = bm.SamplerSettings(chains=2, warmup=50, draws=50)
    sampled = {
        "spec": workspace.pooled.spec,
        "arms": workspace.pooled.arms,
        "seed": 1,
        "settings": settings,
    }
    cohort = {"fit": workspace.run, "n": 40, "seed": 1}
    calls: dict[str, Callable[[], object]] = {
        "predict": lambda: bm.predict(**(cohort | arguments)),
        "probability": lambda: bm.predict(**cohort).probability(**arguments),
        "summary": lambda: bm.summary(**({"fit": workspace.run} | arguments)),
        "fit": lambda: bm.fit(**(sampled | arguments)),
        "SamplerSettings": lambda: bm.SamplerSettings(**arguments),
        "read_evidence": lambda: bm.read_evidence(pd.DataFrame(arguments)),
        "select": lambda: workspace.table.select(**arguments),
        "select_where_nested": lambda: workspace.table.select(where="not " * 3_001 + "n > 3"),
        "load_fit": lambda: bm.load_fit(arguments["folder"]),
        "save": lambda: workspace.pooled.save(**arguments),
    }
    if name in PARTS:
        return getattr(bm, name)(**arguments)
    return calls[name]()


@pytest.mark.parametrize("case", CALLS, ids=named)
def test_call(case: dict[str, Any], impatient: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(impatient.folder)
    before = contents(impatient.folder)
    with pytest.raises(getattr(bm, case["error"]), match=case["message"][0]) as caught:
        call(case["call"], impatient, case["arguments"])
    assert isinstance(caught.value, bm.BayesmetaError)
    assert isinstance(caught.value, BUILTINS[case["builtin"]])
    assert contents(impatient.folder) == before
    check_message(str(caught.value), case["message"])


@pytest.mark.parametrize(
    ("folder", "expected"), [("tables", TABLES), ("models", MODELS), ("readable", READABLE)]
)
def test_every_file_has_its_message(folder: str, expected: dict[str, list[str]]) -> None:
    assert {file.stem for file in (HERE / folder).iterdir()} == set(expected)
    assert all(expected.values()) or expected is READABLE


def test_every_case_has_its_name_and_message() -> None:
    for cases in (COMMANDS, CALLS):
        assert len({case["name"] for case in cases}) == len(cases)
        assert all(case["message"] for case in cases)
    assert {case["damage"] for case in COMMANDS if "damage" in case} == set(DAMAGE)


def test_corpus_is_large() -> None:
    assert len(TABLES) >= 60
    assert len(MODELS) >= 60
    assert len(COMMANDS) + len(CALLS) >= 100
    assert len(PROCESSES) >= 6


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("utf16", b"\xff\xfes\x00"),
        ("old_mac_lines_before_fault", b"study,arm,events,n\ralpha2019"),
        ("windows_lines_before_fault", b"study,arm,events,n\r\nalpha2019"),
    ],
)
def test_no_editor_has_mended_a_table(name: str, start: bytes) -> None:
    (file,) = HERE.glob(f"*/{name}.csv")
    assert file.read_bytes().startswith(start)
