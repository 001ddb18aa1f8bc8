"""Make each fault of `bugs.toml` in a copy of the package, and see whether its tests fail.

Run from the project root, some minutes: ``uv run python tests/seeded_bugs/run.py [--workers 2]``;
``--only TEXT`` makes those whose name or file holds the text. It prints a line for each and ends with
an error if fewer than 95% are caught.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

ROOT = Path(__file__).parents[2]
WANTED = 0.95
PASSED, FAILED, STOPPED = 0, 1, 2
COPIED = ("bayesmeta", "tests", "models", "notebooks", "pyproject.toml", "README.md", ".ci")
TESTS = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:suite",
    "-n",
    "0",
    "-m",
    "slow or not slow",
    "--rerun-stored",
)


def main() -> None:
    """Run them all, or some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1, help="copies that are tested at once")
    parser.add_argument("--only", default="", help="a text in the name or file of a fault")
    asked = parser.parse_args()
    text = (Path(__file__).parent / "bugs.toml").read_text(encoding="utf-8")
    bugs = [
        bug
        for bug in tomllib.loads(text)["bug"]
        if asked.only in bug["name"] or asked.only in bug["file"]
    ]
    if not bugs:
        parser.error(f"no name or file of a fault holds {asked.only!r}")
    with tempfile.TemporaryDirectory() as folder:
        copies = Copies(Path(folder), asked.workers)
        with ThreadPoolExecutor(asked.workers) as pool:
            caught = list(pool.map(copies.tell, bugs))
    share = sum(caught) / len(bugs)
    print(f"{sum(caught)} of {len(bugs)} caught, {share:.0%}")
    sys.exit(0 if share >= WANTED else 1)


class Copies:
    """Copies of the project, one for each worker, each with one fault at a time."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.free: Queue[Path] = Queue()
        self.without_fault: dict[tuple[str, ...], int] = {}
        for worker in range(workers):
            copy = folder / str(worker)
            for name in COPIED:
                _copy(ROOT / name, copy / name)
            self.free.put(copy)

    def tell(self, bug: dict[str, Any]) -> bool:
        """Return whether the tests of a fault pass without it and fail with it, and print it."""
        copy = self.free.get()
        try:
            found = self._caught(copy, bug)
        finally:
            self.free.put(copy)
        print(f"{'caught' if found else 'MISSED'}  {bug['name']}", flush=True)
        return found

    def _caught(self, copy: Path, bug: dict[str, Any]) -> bool:
        tests = tuple(bug["tests"])
        if tests not in self.without_fault:
            self.without_fault[tests] = _outcome(copy, tests, copy / ".compiled")
        if self.without_fault[tests] != PASSED:
            sys.exit(f"{' '.join(tests)} fail without a fault. Mend them first.")
        with _fault(copy, bug), tempfile.TemporaryDirectory() as compiled:
            # A fault in compiled code must not replace what other faults' tests share.
            own = Path(compiled) if bug["file"].startswith("inference") else copy / ".compiled"
            # Tests that cannot be collected any more are as plain as failures.
            return _outcome(copy, tests, own) in (FAILED, STOPPED)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


@contextmanager
def _fault(copy: Path, bug: dict[str, Any]) -> Iterator[None]:
    """Make a fault in a copy, and take it away again."""
    path = copy / "bayesmeta" / bug["file"]
    text = path.read_text(encoding="utf-8")
    if bug["old"] not in text:
        sys.exit(f"{bug['name']}: its text no longer stands in {bug['file']}. Correct bugs.toml.")
    path.write_text(text.replace(bug["old"], bug["new"]), encoding="utf-8")
    try:
        yield
    finally:
        shutil.copy2(ROOT / "bayesmeta" / bug["file"], path)


def _outcome(copy: Path, tests: tuple[str, ...], compiled: Path) -> int:
    """Return pytest's exit code."""
    environment = os.environ | {"PYTHONPATH": str(copy), "NUMBA_CACHE_DIR": str(compiled)}
    command = [sys.executable, "-m", "pytest", *TESTS, *tests]
    return subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, check=False
    ).returncode


if __name__ == "__main__":
    main()
