"""Progress: a bar at a terminal, lines in a log, HTML in a notebook."""

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from run_works import jobs_of

from bayesmeta.runs import progress, run_jobs


class Clock:
    """Time that passes when a job is done."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def lines(
    capsys: pytest.CaptureFixture[str], clock: Clock, total: int, each: float, **options: Any
) -> list[str]:
    with progress.progress_bar(total, **options) as advance:
        for _ in range(total - options.get("done", 0)):
            clock.now += each
            advance(1)
    return capsys.readouterr().err.splitlines()


def test_a_log_gets_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    found = lines(capsys, clock, 400, 0.125, shown=True)
    assert len(found) == 10
    assert found[0] == "40 of 400 fits, 8.0 a second, 0:00:45 left"
    assert found[-1] == "400 of 400 fits, 8.0 a second, 0:00:00 left"


def test_and_at_least_every_half_minute(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    found = lines(capsys, clock, 1000, 10.0, shown=True, what="data sets")
    assert found[0] == "3 of 1,000 data sets, 6.0 a minute, 2:46:10 left"
    assert found[1].startswith("6 of 1,000")


def test_unless_asked_for_a_log_is_silent(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    assert lines(capsys, clock, 200, 1.0) == []
    assert lines(capsys, clock, 200, 1.0, shown=False) == []


def test_what_was_done_before_counts_but_not_for_the_rate(
    capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    found = lines(capsys, clock, 100, 0.5, done=60, shown=True)
    assert found[0] == "70 of 100 fits, 2.0 a second, 0:00:15 left"
    assert lines(capsys, clock, 100, 0.5, done=100, shown=True) == []


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress.progress_bar(4) as advance:
        for _ in range(4):
            advance(1)
    assert "4/4" in shown.getvalue()
    assert "a second, 0:00:00 left" in shown.getvalue()


def test_a_notebook_gets_html(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    from IPython import display

    shown: list[str] = []

    class Handle:
        def update(self, content: display.HTML) -> None:
            shown.append(content.data)

    def show(content: display.HTML, **_: object) -> Handle:
        shown.append(content.data)
        return Handle()

    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    monkeypatch.setattr(display, "display", show)
    with progress.progress_bar(10, what="<fits>") as advance:
        for _ in range(10):
            clock.now += 0.15
            advance(1)
    assert shown[0] == '<progress value="0" max="10"></progress> 0 of 10 &lt;fits&gt;'
    assert shown[-1].startswith('<progress value="10" max="10"></progress> 10 of 10')
    assert len(shown) == 6


def test_this_is_no_notebook() -> None:
    assert not progress._in_notebook()


def test_jobs_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_jobs(jobs_of(tmp_path / "log", range(5)), progress=True, what="squares")
    found = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in found] == [f"{k} of 5 squares" for k in range(1, 6)]
    assert os.linesep not in found[0]
