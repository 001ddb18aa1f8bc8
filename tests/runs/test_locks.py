"""Two processes on one folder: the second is refused, and a killed one holds nothing."""

import os
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from run_works import small_run, tables_in

import bayesmeta as bm
from bayesmeta.runs import check_run, open_run

HOLD = """
import sys
from bayesmeta.runs import open_run
with open_run(sys.argv[1], kind="small", identity={"seed": 1}, texts={}) as run:
    print("open", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that holds a run until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process


def opened(folder: Path) -> None:
    with open_run(folder, kind="small", identity={"seed": 1}):
        pass


def test_the_second_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        who = rf"process {first.pid} on {re.escape(platform.node())}"
        with pytest.raises(bm.RunError, match=rf"is in use by another run \({who}\)\. Wait"):
            opened(tmp_path)
        first.communicate("", timeout=60)
    opened(tmp_path)
    assert not (tmp_path / "holder.json").exists()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        first.kill()
        first.wait(timeout=60)
    assert (tmp_path / "holder.json").exists()
    opened(tmp_path)
    assert check_run(tmp_path) == ()


def test_not_even_one_process_opens_a_run_twice(tmp_path: Path) -> None:
    with (
        open_run(tmp_path, kind="small", identity={}),
        pytest.raises(bm.RunError, match=rf"in use by another run \(process {os.getpid()} on"),
    ):
        opened(tmp_path)


@pytest.mark.slow
def test_two_that_start_at_once_do_each_job_once(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    code = (
        f"import sys; sys.path.insert(0, {here!r})\n"
        "from pathlib import Path; from run_works import small_run; from bayesmeta.errors import RunError\n"
        "import time; time.sleep(max(0, float(sys.argv[2]) - time.time()))\n"
        "base = Path(sys.argv[1])\n"
        "try:\n    small_run(base / 'run', base / 'log', range(30))\n"
        "except RunError as error:\n    sys.exit(2 if 'in use' in str(error) else 1)\n"
    )
    import time

    start = str(time.time() + 2)
    command = [sys.executable, "-c", code, str(tmp_path), start]
    processes = [subprocess.Popen(command) for _ in range(3)]
    codes = [process.wait(timeout=120) for process in processes]
    assert 0 in codes
    assert set(codes) <= {0, 2}
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == len({line.split()[0] for line in lines}) == 31
    reference = tmp_path / "reference"
    small_run(reference, tmp_path / "log2", range(30))
    assert tables_in(tmp_path / "run") == tables_in(reference)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM")
def test_so_does_one_that_is_told_to_end(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        first.send_signal(signal.SIGTERM)
        first.wait(timeout=60)
    opened(tmp_path)
