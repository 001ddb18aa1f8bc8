"""Make each fault of `bugs.toml` in a copy of the package, and see whether its tests fail.

Run from the project root, some minutes: ``uv run python tests/seeded_bugs/run.py [--workers 2]``.
It prints a line for each and ends with an error if fewer than 95% are caught.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WANTED = 0.95
PASSED, FAILED, STOPPED = 0, 1, 2
COPIED = ("bayesmeta", "tests", "models", "notebooks", "pyproject.toml", "README.md", ".ci")


def main() -> None:
    """Run them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1, help="copies that are tested at once")
    workers = parser.parse_args().workers
    bugs = tomllib.loads((Path(__file__).parent / "bugs.toml").read_text(encoding="utf-8"))["bug"]
    with ThreadPoolExecutor(workers) as pool:
        caught = list(pool.map(tell, bugs))
    share = sum(caught) / len(bugs)
    print(f"{sum(caught)} of {len(bugs)} caught, {share:.0%}")
    sys.exit(0 if share >= WANTED else 1)


def tell(bug: dict[str, Any]) -> bool:
    """Return whether the tests of a bug fail, and print it."""
    found = caught(bug)
    print(f"{'caught' if found else 'MISSED'}  {bug['name']}", flush=True)
    return found


def caught(bug: dict[str, Any]) -> bool:
    """Return whether the tests of a bug pass without it and fail with it."""
    tests = tuple(bug["tests"])
    if outcome(tests) != PASSED:
        sys.exit(f"{' '.join(tests)} fail without a fault. Mend them first.")
    # Tests that can't be collected any more are as plain as failures.
    return outcome(tests, bug["name"], bug["file"], bug["old"], bug["new"]) in (FAILED, STOPPED)


@cache
def outcome(tests: tuple[str, ...], name: str = "", file: str = "", *texts: str) -> int:
    """Return pytest's exit code in a copy of the project, with a fault where one is given."""
    with tempfile.TemporaryDirectory() as folder:
        for copied in COPIED:
            source = ROOT / copied
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, Path(folder) / copied)
        if texts:
            path = Path(folder) / "bayesmeta" / file
            text = path.read_text(encoding="utf-8")
            if texts[0] not in text:
                sys.exit(f"{name}: its text no longer stands in {file}. Correct bugs.toml.")
            path.write_text(text.replace(*texts), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        environment = os.environ | {"PYTHONPATH": folder}
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, check=False
        ).returncode


if __name__ == "__main__":
    main()
