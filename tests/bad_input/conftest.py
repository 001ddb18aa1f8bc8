"""Fixtures of the tests of bad input."""

import json
import shutil
import signal
import sys
from collections.abc import Iterator

import pytest
from corpus import HERE, Refuse, Workspace, check_refusal, contents

import bayesmeta as bm
from bayesmeta.cli import main

LONGEST_WAIT = 60


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("workspace")
    shutil.copy(HERE / "evidence.csv", folder)
    shutil.copytree(HERE / "judgements", folder / "judgements")
    (folder / "notes.txt").write_text("not a run\n")
    (folder / "empty").mkdir()
    (folder / "other").mkdir()
    (folder / "other" / "keep.txt").write_text("keep me\n")
    (folder / "planned").mkdir()
    (folder / "planned" / "prior.json").write_text("keep me\n")
    table = bm.read_evidence(folder / "evidence.csv")
    settings = bm.SamplerSettings(chains=2, warmup=100, draws=100)
    spec = bm.ModelSpec("run", covariates=bm.Covariates("regimen + age", {"regimen": "mono"}))
    run = bm.fit(spec, table.select(), seed=1, settings=settings)
    pooled = bm.fit(bm.load_model("pooled"), table.select(), seed=1, settings=settings)
    run.save(folder / "run")
    pooled.save(folder / "pooled")
    return Workspace(folder, table, run, pooled)


class TooSlowError(BaseException):
    """Not an Exception, so that nothing takes it for a refusal."""


@pytest.fixture
def impatient(workspace: Workspace) -> Iterator[Workspace]:
    """Stop a test whose input keeps the computer busy, where the system has alarms."""

    def stop(*_: object) -> None:
        raise TooSlowError(f"no answer within {LONGEST_WAIT} seconds")

    if not hasattr(signal, "setitimer"):
        yield workspace
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_WAIT)
    yield workspace
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def refused(
    impatient: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Refuse]:
    """Yield a function that runs a command line, demands a refusal and returns its message."""
    monkeypatch.chdir(impatient.folder)

    def refuse(arguments: list[str]) -> str:
        monkeypatch.setattr(sys, "argv", ["bayesmeta", *arguments])
        before = contents(impatient.folder)
        with pytest.raises(SystemExit) as left:
            main()
        printed, message = capsys.readouterr()
        assert contents(impatient.folder) == before
        if "--json" in arguments:
            assert json.loads(printed)["error"] in message
            printed = ""
        check_refusal(left.value.code, printed, message)
        return message

    yield refuse
    # Were a bad input accepted, its run must not get in the way of the next case.
    shutil.rmtree(impatient.folder / "new", ignore_errors=True)
