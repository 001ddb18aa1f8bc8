"""Progress, where a person watches: one bar for sampling and for many fits."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

__all__ = ["is_watched", "progress_bar"]

PAUSE = 30.0
"""Seconds between the updates of a log."""


@contextmanager
def progress_bar(
    total: int, done: int = 0, *, what: str = "fits", shown: bool | None = None
) -> Iterator[Callable[[int], object]]:
    """Yield what to call with the number that were done since; a bar shows how far all are."""
    if total == done or not is_watched(progress=shown):
        yield lambda _: None
        return
    from tqdm.auto import tqdm

    pause = 0.1 if _watched() else PAUSE
    with tqdm(total=total, initial=done, desc=what, mininterval=pause, maxinterval=pause) as bar:
        yield bar.update


def is_watched(*, progress: bool | None) -> bool:
    """Return whether progress is to be shown: where asked for, or else where a person watches."""
    return _watched() if progress is None else progress


def _watched() -> bool:
    return sys.stderr.isatty() or _in_notebook()


def _in_notebook() -> bool:
    """Return whether this is a notebook that can show bars, which are widgets there."""
    if "IPython" not in sys.modules or find_spec("ipywidgets") is None:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None
