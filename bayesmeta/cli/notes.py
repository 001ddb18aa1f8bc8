"""What a command tells beside its answer: notes on standard error, each once, and in its JSON."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bayesmeta.errors import EvidenceWarning, ModelWarning

__all__ = ["telling", "told"]

_TOLD: ContextVar[tuple[str, ...]] = ContextVar("told", default=())


@contextmanager
def telling() -> Iterator[None]:
    """Print our own warnings as notes; others are for developers."""
    ours = (EvidenceWarning, ModelWarning)

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        text = str(message)
        # Several answers at one profile would each tell it.
        if issubclass(category, ours) and text not in told():
            _TOLD.set((*told(), text))
            print(f"Note: {text}", file=sys.stderr)

    before = _TOLD.set(())
    try:
        with warnings.catch_warnings():
            for kind in ours:
                warnings.simplefilter("always", kind)
            warnings.showwarning = show
            yield
    finally:
        _TOLD.reset(before)


def told() -> tuple[str, ...]:
    """Return the notes told so far."""
    return _TOLD.get()
