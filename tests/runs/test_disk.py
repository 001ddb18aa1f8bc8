"""A full disk, a limit on files and a read-only folder: a clear error, nothing lost, resumed later."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from run_works import log_lines, small_run, tables_in

import bayesmeta as bm
from bayesmeta.runs import check_run, open_run
from bayesmeta.runs.jobs import read_records

HERE = Path(__file__).parent
FULL = OSError(errno.ENOSPC, "No space left on device")


def failing(operation: Callable[..., Any], calls: list[int], last: int, *, half: bool) -> Any:
    """Return a file operation that fails from its `last` call on, at first after half its work."""

    def call(descriptor: int, *more: Any) -> Any:
        calls.append(1)
        if len(calls) < last:
            return operation(descriptor, *more)
        if half and more and len(calls) == last:
            return operation(descriptor, bytes(more[0])[: len(more[0]) // 2])
        raise FULL

    return call


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    base = tmp_path_factory.mktemp("reference")
    small_run(base / "run", base / "log")
    return tables_in(base / "run")


@pytest.mark.parametrize("name", ["write", "fsync"])
@pytest.mark.parametrize("last", range(1, 36, 2))
def test_a_disk_that_is_full_from_some_moment_on(
    name: str, last: int, tmp_path: Path, reference: dict[str, bytes]
) -> None:
    folder, log, calls = tmp_path / "run", tmp_path / "log", []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, name, failing(getattr(os, name), calls, last, half=name == "write"))
        try:
            small_run(folder, log)
        except bm.RunError as error:
            message = str(error)
        else:
            message = ""
    assert (message == "") == (len(calls) < last)
    if message:
        assert "cannot be written: No space left on device. Free some space" in message
        assert not list(folder.rglob("*.partial"))
    kept = {record.name for _, record in read_records(folder) if record}
    small_run(folder, log)
    assert tables_in(folder) == reference
    assert check_run(folder) == ()
    assert all(len(log_lines(str(log), k)) == 1 for k in range(3) if f"job {k}" in kept)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_folder_that_can_not_be_written(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "mkdir", refuse)
        with pytest.raises(bm.RunError, match=r"cannot be written: .*\. Make it writable"):
            small_run(tmp_path / "run", tmp_path / "log")
    small_run(tmp_path / "run", tmp_path / "log")
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(bm.RunError, match=r"cannot be written: .*\. Make it writable"):
            small_run(tmp_path / "run", tmp_path / "log")
    assert check_run(tmp_path / "run") == ()


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs Linux")
def test_a_place_where_nobody_may_write() -> None:
    with pytest.raises(bm.RunError, match=r"/sys/kernel/run cannot be written: "):
        open_run("/sys/kernel/run", kind="small", identity={}).__enter__()


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files")
def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    code = (
        f"import resource, sys; sys.path.insert(0, {str(HERE)!r})\n"
        "from bayesmeta.runs import open_run\n"
        "with open_run(sys.argv[1], kind='small', identity={}) as run:\n"
        "    run.write('table.csv', b'as it was')\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "    run.write('table.csv', b'x' * 10_000)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "cannot be written: File too large. Raise the limit" in done.stderr
    assert (tmp_path / "table.csv").read_bytes() == b"as it was"
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.slow
def test_a_real_small_disk(tmp_path: Path, reference: dict[str, bytes]) -> None:
    unshare = shutil.which("unshare")
    mount = [str(unshare), "--map-root-user", "--mount", "sh", "-c"]
    trial = f"mount -t tmpfs -o size=16k none {tmp_path}"
    if (
        unshare is None
        or subprocess.run([*mount, trial], capture_output=True, check=False).returncode
    ):
        pytest.skip("no file systems may be mounted here")
    script = f"mount -t tmpfs -o size=64k none {tmp_path} && {sys.executable} {HERE}/small_disk.py {tmp_path}"
    done = subprocess.run([*mount, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    full, kept, read_only, table = done.stdout.splitlines()
    assert "cannot be written: No space left on device. Free some space" in full
    assert 0 < int(kept) < 30
    assert "cannot be written: Read-only file system. Make it writable" in read_only
    assert table == "whole"
