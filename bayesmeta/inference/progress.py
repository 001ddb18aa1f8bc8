"""Progress of sampling, where a person watches: a terminal or a notebook."""

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["is_watched", "progress_bar"]


def progress_bar(lib: Any, *, progress: bool | None) -> Any:
    """Return a progress bar where a person watches: a terminal or a notebook."""
    if progress is False:
        return lib.ProgressType.none()
    if _in_notebook():
        return lib.ProgressType.template_callback(200, _TEMPLATE, 1, _notebook_display())
    return (
        lib.ProgressType.indicatif(100)
        if is_watched(progress=progress)
        else lib.ProgressType.none()
    )


def is_watched(*, progress: bool | None) -> bool:
    """Return whether progress is to be shown: where asked for, or else where a person watches."""
    return (sys.stderr.isatty() or _in_notebook()) if progress is None else progress


_TEMPLATE = "Sampling: {{ total_finished_draws }} of {{ total_draws }} draws"


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def _notebook_display() -> Callable[[str], None]:
    from IPython.display import HTML, display

    shown = display(HTML(""), display_id=True)
    return lambda text: shown.update(HTML(text))
