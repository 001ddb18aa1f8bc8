"""How far many jobs are: a bar where a person watches, and lines in a log that asks for them."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

__all__ = ["progress_bar"]

PAUSE = 30.0
"""Seconds between lines of a log, unless a tenth more is done before."""

REFRESH = 0.2
"""Seconds between changes of what a notebook shows."""

type Advance = Callable[[int], None]


@contextmanager
def progress_bar(
    total: int, done: int = 0, *, what: str = "fits", shown: bool | None = None
) -> Iterator[Advance]:
    """Yield what to call with the number of jobs that were done since; it shows how far all are.

    Parameters
    ----------
    total, done : int
        Jobs, and those that were done before.
    what : str
        What they are called.
    shown : bool, optional
        Nothing where False. A bar at a terminal or in a notebook; elsewhere lines on standard
        error where True, and nothing where None.
    """
    if total == done or shown is False:
        yield _nothing
    elif _in_notebook():
        yield _notebook(total, done, what)
    elif sys.stderr.isatty():
        with _terminal(total, done, what) as advance:
            yield advance
    elif shown:
        yield _log(total, done, what)
    else:
        yield _nothing


def _nothing(_: int) -> None:
    """Show nothing."""


@contextmanager
def _terminal(total: int, done: int, what: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total, completed=done)
        state = _State(total, done, what)

        def advance(count: int) -> None:
            state.add(count)
            bar.update(task, advance=count, description=f"{what}{state.pace()}")

        yield advance


def _notebook(total: int, done: int, what: str) -> Advance:
    from IPython.display import HTML, display

    state = _State(total, done, what)
    handle = display(HTML(state.html()), display_id=True)
    drawn = time.monotonic()

    def advance(count: int) -> None:
        nonlocal drawn
        state.add(count)
        if state.done >= total or time.monotonic() - drawn >= REFRESH:
            handle.update(HTML(state.html()))
            drawn = time.monotonic()

    return advance


def _log(total: int, done: int, what: str) -> Advance:
    state = _State(total, done, what)
    written, tenths = time.monotonic(), 10 * done // total

    def advance(count: int) -> None:
        nonlocal written, tenths
        state.add(count)
        now, reached = time.monotonic(), 10 * state.done // total
        if now - written >= PAUSE or reached > tenths:
            print(state.line(), file=sys.stderr, flush=True)  # noqa: T201
            written, tenths = now, reached

    return advance


class _State:
    """How many jobs are done, and since when they are counted."""

    def __init__(self, total: int, done: int, what: str) -> None:
        self.total, self.done, self.before, self.what = total, done, done, what
        self.started = time.monotonic()

    def add(self, count: int) -> None:
        self.done += count

    def pace(self) -> str:
        """Return the rate and the time that is left, as far as they are known."""
        new, seconds = self.done - self.before, time.monotonic() - self.started
        if not new or not seconds:
            return ""
        rate = new / seconds
        left = timedelta(seconds=round((self.total - self.done) / rate))
        return f", {_rate(rate)}, {left} left"

    def line(self) -> str:
        return f"{self.done:,} of {self.total:,} {self.what}{self.pace()}"

    def html(self) -> str:
        from html import escape

        return f'<progress value="{self.done}" max="{self.total}"></progress> {escape(self.line())}'


def _rate(rate: float) -> str:
    return f"{rate:.1f} a second" if rate >= 1 else f"{60 * rate:.1f} a minute"


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None
