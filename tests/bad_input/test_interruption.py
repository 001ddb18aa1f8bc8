"""Ctrl-C and a full disk: the message says what happened, and no run is left half written."""

import errno
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import xarray as xr
from corpus import Workspace, contents

from bayesmeta.cli import main
from bayesmeta.inference import saved

BAD_INPUT, INTERRUPTED = 2, 3
FIT = "fit pooled --evidence evidence.csv --seed 1"
QUICK = "--chains 2 --warmup 100 --draws 100"
FAULTS = {
    "Ctrl-C": (KeyboardInterrupt(), INTERRUPTED, "Interrupted"),
    "disk full": (OSError(errno.ENOSPC, "No space left on device"), BAD_INPUT, "No space left"),
}

Stop = Callable[[str, int], str]


@pytest.fixture
def stopped(
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Stop:
    """Return a function that runs a command, demands its exit code and an untouched folder, and
    returns its message.
    """
    folder = shutil.copytree(workspace.folder, tmp_path / "workspace")
    monkeypatch.chdir(folder)

    def stop(command: str, code: int) -> str:
        monkeypatch.setattr(sys, "argv", ["bayesmeta", *shlex.split(command)])
        before = contents(folder)
        with pytest.raises(SystemExit) as left:
            main()
        printed, message = capsys.readouterr()
        assert (left.value.code, printed) == (code, "")
        assert "Traceback" not in message
        assert contents(folder) == before
        return message

    return stop


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", ["--out new", "--out run --force"])
def test_nothing_is_half_written(
    fault: str, place: str, stopped: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    error, code, words = FAULTS[fault]

    def write_half(_: xr.DataTree, file: Path, **__: object) -> None:
        Path(file).write_bytes(b"half of the dra")
        raise error

    monkeypatch.setattr(saved, "write_tree", write_half)
    assert words in stopped(f"{FIT} {QUICK} {place}", code)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", [1, 2])
def test_a_run_to_be_replaced_is_never_lost(
    fault: str, step: int, stopped: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    error, code, words = FAULTS[fault]
    rename, calls = os.rename, []

    def rename_or_fail(*arguments: object, **options: object) -> None:
        calls.append(arguments)
        if len(calls) == step:
            raise error
        rename(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "rename", rename_or_fail)
    assert words in stopped(f"{FIT} {QUICK} --out run --force", code)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal to watch")
@pytest.mark.parametrize("sign", ["draws:", "00:01"], ids=["at once", "a second later"])
def test_ctrl_c_while_sampling(sign: str, workspace: Workspace) -> None:
    # Not there on Windows.
    import termios

    before = contents(workspace.folder)
    program = shutil.which("bayesmeta", path=str(Path(sys.executable).parent))
    assert program is not None
    arguments = [program, *shlex.split(f"{FIT} --out new --draws 200000")]
    # The progress bar, which only a terminal gets, shows that sampling has begun.
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = subprocess.Popen(
        arguments,
        cwd=workspace.folder,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
        # A shell that starts the tests in the background has interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(theirs)
    assert sign in until(ours, sign)
    process.send_signal(signal.SIGINT)
    message = until(ours, None)
    os.close(ours)
    printed, _ = process.communicate(timeout=60)
    assert (process.returncode, printed) == (INTERRUPTED, "")
    assert "Interrupted; nothing was left half written" in message
    assert "Traceback" not in message
    assert contents(workspace.folder) == before


def until(terminal: int, sign: str | None) -> str:
    """Return what a terminal shows until `sign` comes up, or until the program has left it."""
    shown = b""
    while sign is None or sign.encode() not in shown:
        try:
            more = os.read(terminal, 4_096)
        except OSError:  # Linux says so when the program has left, macOS sends nothing
            break
        if not more:
            break
        shown += more
    return shown.decode(errors="replace")
