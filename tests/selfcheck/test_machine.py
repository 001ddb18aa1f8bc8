"""Checks of the installation and of seeds."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import bayesmeta as bm
from bayesmeta.selfcheck import environment, this_environment
from bayesmeta.selfcheck.environment import check_cache, check_cores, check_version


def test_the_environment_names_what_matters() -> None:
    found = this_environment()
    assert found.bayesmeta == bm.__version__
    assert {"numpy", "nutpie", "numba", "pymc", "scipy"} <= set(found.packages)
    assert found.processors >= 1
    assert Path(found.installed).name == "bayesmeta"


def test_another_version_than_installed_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_version(tmp_path).ok
    monkeypatch.setattr(bm, "__version__", "0.0.1")
    found = check_version(tmp_path)
    assert not found.ok
    assert "the code is 0.0.1, the installation is" in found.detail


def test_compiled_code_is_kept_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_cache(tmp_path).ok
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    found = check_cache(tmp_path)
    assert found.ok
    assert Path(found.detail).parent == tmp_path / "cache"
    assert list(Path(found.detail).iterdir()) == []


def test_a_cache_that_cannot_be_written_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    found = check_cache(tmp_path)
    assert not found.ok
    assert found.detail.startswith("nowhere. Set NUMBA_CACHE_DIR")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_draws(tmp_path: Path) -> None:
    found = check_cores(tmp_path)
    assert found.ok, found.detail


@pytest.mark.parametrize(
    ("digest", "detail"),
    [
        (lambda one: f"{one.cores}" * 64, "SHA-256 11111111 with one core, 22222222 with two"),
        (lambda _: "0" * 64, "seeds 1 and 2 give the same draws, SHA-256 00000000"),
    ],
)
def test_draws_that_differ_or_are_the_same_where_they_should_not_fail(
    digest: Callable[[SimpleNamespace], str],
    detail: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(environment, "drawn", lambda **how: SimpleNamespace(**how))
    monkeypatch.setattr(environment, "digest", digest)
    found = check_cores(tmp_path)
    assert (found.ok, found.detail) == (False, detail)
