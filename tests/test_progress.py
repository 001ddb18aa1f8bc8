"""Progress: a bar where a person watches or where it is asked for, and nothing elsewhere."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from run_works import jobs_of

import bayesmeta as bm
from bayesmeta.progress import progress_bar
from bayesmeta.runs import run_jobs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Return what takes standard error to a terminal for the rest of a test."""

    def watch() -> Terminal:
        shown = Terminal()
        monkeypatch.setattr(sys, "stderr", shown)
        return shown

    monkeypatch.setenv("COLUMNS", "100")
    return watch


def advanced(total: int, done: int = 0, *, shown: bool | None = None, what: str = "fits") -> None:
    with progress_bar(total, done, shown=shown, what=what) as advance:
        for _ in range(total - done):
            advance(1)


def test_a_terminal_gets_a_bar(watched: Callable[[], Terminal]) -> None:
    terminal = watched()
    advanced(4, what="data sets")
    assert "data sets: 100%" in terminal.getvalue()
    assert "4/4" in terminal.getvalue()


def test_unless_it_is_not_wanted(watched: Callable[[], Terminal]) -> None:
    terminal = watched()
    advanced(4, shown=False)
    assert terminal.getvalue() == ""


def test_elsewhere_it_is_shown_only_where_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    advanced(4)
    assert capsys.readouterr().err == ""
    advanced(4, shown=True)
    assert "fits: 100%" in capsys.readouterr().err


def test_what_was_done_before_counts(watched: Callable[[], Terminal]) -> None:
    terminal = watched()
    advanced(100, 60)
    assert "60/100" in terminal.getvalue()
    assert "100/100" in terminal.getvalue()


def test_nothing_is_shown_where_all_was_done_before(watched: Callable[[], Terminal]) -> None:
    terminal = watched()
    advanced(100, 100)
    assert terminal.getvalue() == ""


def test_jobs_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_jobs(jobs_of(tmp_path / "log", range(5)), progress=True, what="squares")
    assert "squares: 100%" in capsys.readouterr().err


def test_draws_are_counted(
    make_arms: Callable[..., bm.Arms],
    watched: Callable[[], Terminal],
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = watched()
    few = bm.SamplerSettings(chains=2, warmup=100, draws=50)
    bm.fit(bm.ModelSpec(), make_arms([(3, 9), (4, 11), (6, 12)]), seed=1, settings=few)
    assert "draws: 100%" in terminal.getvalue()
    assert "300/300" in terminal.getvalue()
    assert capsys.readouterr().out == ""
