"""Names of release 0.1.0 that have another name now: they work in this version, with a warning."""

import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

__all__ = ["renamed_arguments", "warn_deprecated"]


def warn_deprecated(message: str) -> None:
    """Warn of an old name; the warning points at the line that uses it, outside this package."""
    here = str(Path(__file__).parent)
    warnings.warn(message, DeprecationWarning, skip_file_prefixes=(here,))


def renamed_arguments[T: type](**names: str) -> Callable[[T], T]:
    """Return a decorator of classes that takes arguments by their old names, too, and warns."""

    def with_old_names(kind: T) -> T:
        init = kind.__init__  # type: ignore[misc]

        @wraps(init)
        def taking_old_names(self: Any, *values: Any, **arguments: Any) -> None:
            for old in names.keys() & arguments.keys():
                new = names[old]
                warn_deprecated(f"`{old}` of {kind.__name__} is now `{new}`. Write {new}=...")
                arguments[new] = arguments.pop(old)
            init(self, *values, **arguments)

        kind.__init__ = taking_old_names  # type: ignore[misc]
        return kind

    return with_old_names
