"""Stored passes: expensive tests run again when code that they can reach has changed since they passed.

Slow tests marked ``stored`` are left out of a run if `passes.json` holds a pass of the code of today.
A file may be marked as a whole: its fast tests run all the same. The key of a pass is a hash of every
file that the tests can reach: the files beside their own, each `conftest.py` above it, and, since a
test that imports the package can reach all of it, `bayesmeta/`, `models/`, this folder and
`pyproject.toml`; further places are arguments of the mark, as in
``pytest.mark.stored("notebooks/*.ipynb")``. Versions of Python and of the packages that compute
count, too; others do not: the weekly run does everything.

``--rerun-stored`` runs them whatever is stored; ``--store-passes`` keeps the passes of a run, with
``-m "slow or not slow"``, of files all of whose tests ran and passed.
"""

import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

PASSES = Path("tests/reference/passes.json")
ALWAYS = ("bayesmeta", "models", "tests/support", "pyproject.toml")
COMPUTING = ("numba", "numpy", "nutpie", "pandas", "pymc", "pytensor", "scipy", "xarray")
WHOLE = "slow or not slow"
SOURCES = (".py", ".toml", ".ipynb", ".csv", ".txt")
PARTIAL = ("keyword", "deselect", "maxfail", "lf", "stepwise")
"""Options of pytest with which a run may leave out tests of a file."""

Passes = dict[str, dict[str, Any]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options."""
    group = parser.getgroup("stored passes")
    group.addoption("--rerun-stored", action="store_true", help="run tests whose pass is stored")
    group.addoption("--store-passes", action="store_true", help="keep the passes of this run")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the ledger where the results of all workers come together."""
    if hasattr(config, "workerinput"):
        return
    if config.getoption("--store-passes") and not _is_whole(config):
        raise pytest.UsageError(
            f'--store-passes keeps passes of whole files. Give -m "{WHOLE}", and nothing that leaves out tests.'
        )
    config.pluginmanager.register(Ledger(config), "stored-passes-ledger")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out files whose pass is of the code of today."""
    for item in filter(_is_stored, items):
        for mark in item.iter_markers("stored"):
            item.user_properties.append(("stored", list(mark.args)))
    if config.getoption("--rerun-stored"):
        return
    current = set(current_passes(config.rootpath))
    left_out = [item for item in items if _file(item) in current and _is_stored(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _file(item: pytest.Item) -> str:
    return item.nodeid.split("::")[0]


def _is_stored(item: pytest.Item) -> bool:
    return all(item.get_closest_marker(name) is not None for name in ("slow", "stored"))


class Ledger:
    """What became of the tests of each file that is marked ``stored``."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.outcomes: dict[str, set[str]] = defaultdict(set)
        self.reaches: dict[str, Sequence[str]] = {}
        self.failed: set[str] = set()
        # Taken now: what is changed while tests run is not what they ran.
        self.before = _state(config.rootpath)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a test of such a file came to; of a test that crashed, nothing else is known."""
        file = report.nodeid.split("::")[0]
        if report.failed:
            self.failed.add(file)
        for name, reaches in report.user_properties:
            if name == "stored":
                self.outcomes[file].add(report.outcome)
                self.reaches[file] = reaches

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which files were left out of a whole run."""
        if _is_whole(self.config) and not self.config.getoption("--rerun-stored"):
            names = sorted(set(current_passes(self.config.rootpath)) - set(self.outcomes))
            terminalreporter.write_line(f"stored passes stand for: {', '.join(names) or 'none'}")

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Keep the passes of files all of whose tests passed, if the run came to its end."""
        done = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        root = self.config.rootpath
        if not done or not self.config.getoption("--store-passes") or _state(root) != self.before:
            return
        found = {file: pass_ for file, pass_ in read_passes(root).items() if (root / file).exists()}
        for file, outcomes in self.outcomes.items():
            found.pop(file, None)
            if outcomes == {"passed"} and file not in self.failed:
                reaches = list(self.reaches[file])
                found[file] = {"reaches": reaches, "key": key_of(root, file, reaches)}
        text = json.dumps(dict(sorted(found.items())), indent=2)
        (root / PASSES).write_text(text + "\n", encoding="utf-8")


def _state(root: Path) -> tuple[tuple[str, int], ...]:
    """Return when each file that a test may reach was last written."""
    places = [root / name for name in ("bayesmeta", "models", "notebooks", "tests")]
    paths = [path for place in places for path in place.rglob("*") if path.suffix in SOURCES]
    return tuple(sorted((str(path), path.stat().st_mtime_ns) for path in paths))


def _is_whole(config: pytest.Config) -> bool:
    """Whether a run does whole files, slow tests included."""
    partial = [getattr(config.option, name, None) for name in PARTIAL]
    parts = any("::" in path for path in config.args)
    return config.option.markexpr == WHOLE and not any(partial) and not parts


def current_passes(root: Path) -> Iterator[str]:
    """Yield the test files whose stored pass is of the code of today."""
    for file, pass_ in read_passes(root).items():
        if (root / file).exists() and key_of(root, file, pass_["reaches"]) == pass_["key"]:
            yield file


def read_passes(root: Path) -> Passes:
    """Return the stored passes by test file."""
    path = root / PASSES
    found: Passes = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def key_of(root: Path, file: str, reaches: Sequence[str]) -> str:
    """Return the hash of every file that the tests of a file can reach."""
    test = root / file
    above = [folder / "conftest.py" for folder in test.parents if root in folder.parents]
    beside = test.parent.iterdir() if test.parent != root / "tests" else ()
    own = sorted({path for path in (test, *beside, *above) if path.is_file()})
    further = [path for place in reaches for path in sorted(root.glob(place))]
    digests = [_digest(path) for path in (*own, *(root / place for place in ALWAYS), *further)]
    return hashlib.sha256("".join((_versions(), *digests)).encode()).hexdigest()[:16]


@cache
def _versions() -> str:
    """Return the versions of Python and of what computes."""
    return f"{sys.version_info[:2]} {[_version(name) for name in COMPUTING]}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


@cache
def _digest(place: Path) -> str:
    """Return the hash of a file, or of all files of a folder, with their names."""
    digest = hashlib.sha256(place.name.encode())
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(place)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
