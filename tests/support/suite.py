"""How the suite runs: compiled code is warmed once, a worker has one processor, examples share fits."""

import functools
import gc
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bayesmeta-tests"

SLOW_EXAMPLES = (
    "comparison.compare.compare",
    "sensitivity.tipping_point.tipping_point",
    "comparison.leave_one_out.leave_one_study_out",
    "sensitivity.power_scaling.power_scaling",
    "sensitivity.sensitivity.sensitivity",
    "plots.sensitivity.sensitivity",
    "report.interactive.write_interactive",
    "report.writing.WrittenReport",
    "report.writing.write_report",
)
"""Examples in docstrings that take a second or more."""

# Before anything compiled is imported, here or in a process that a test starts.
os.environ.setdefault("NUMBA_CACHE_DIR", str(CACHE / "compiled"))


def pytest_configure(config: pytest.Config) -> None:
    """Warm the compiled code before workers start; in a worker, keep to one processor."""
    if hasattr(config, "workerinput"):
        _keep_to_one_processor(config.workerinput["workerid"])
    elif not (config.option.collectonly or config.option.help or config.option.markers):
        _warm()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow examples, before slow tests are left out."""
    for item in items:
        if isinstance(item, pytest.DoctestItem) and item.name.endswith(SLOW_EXAMPLES):
            item.add_marker("slow")


def pytest_collection_finish() -> None:
    """Have the search for garbage pass over what was collected, which stays until the end."""
    gc.collect()
    gc.freeze()


def _keep_to_one_processor(worker: str) -> None:
    """Chains and other processes of this worker share its processor, so that workers do not compete."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    if hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {mine[int(worker.removeprefix("gw")) % len(mine)]})


def _warm() -> None:
    """Compile what the tests use, unless this source has been compiled before."""
    stamp = Path(os.environ["NUMBA_CACHE_DIR"]) / "warmed"
    now = _digest()
    if stamp.exists() and stamp.read_text() == now:
        return
    subprocess.run(
        [sys.executable, "-m", "bayesmeta", "warm"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now)


def _digest() -> str:
    """Return a digest of the interpreter, numba, the checkout and the sources of the package."""
    digest = hashlib.sha256(f"{sys.version}\0{sys.prefix}\0{version('numba')}\0".encode())
    for path in sorted((ROOT / "bayesmeta").rglob("*.py")):
        digest.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@pytest.fixture(autouse=True)
def _examples_share_fits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give examples in docstrings, which fit the same few models, each fit once."""
    if isinstance(request.node, pytest.DoctestItem):
        import bayesmeta as bm

        monkeypatch.setattr(bm, "fit", _fit_once())


@pytest.fixture(autouse=True, scope="session")
def _one_command_line() -> Iterator[None]:
    """Make the parser of the command line once, as a process that runs one command does."""
    import typer.main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
        yield


@functools.cache
def _fit_once() -> Any:
    """Return `fit`, which remembers its answers by model, arms, settings and seed."""
    import bayesmeta as bm

    fit, known = bm.fit, {}

    @functools.wraps(fit)
    def remembered(spec: Any, arms: Any, **options: Any) -> Any:
        key = repr((arms, arms.hash, sorted(options.items())))
        models = known.setdefault(key, [])
        if not any(spec == model for model, _ in models):
            models.append((spec, fit(spec, arms, **options)))
        return next(answer for model, answer in models if spec == model)

    return remembered
