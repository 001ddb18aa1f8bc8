"""What commands about a saved fit of one outcome share."""

from pathlib import Path
from typing import TYPE_CHECKING

from bayesmeta.errors import SettingsError

if TYPE_CHECKING:
    import bayesmeta as bm

__all__ = ["load_one_fit"]


def load_one_fit(command: str, run: Path) -> "bm.Fit":
    """Return a saved fit of one outcome.

    Raises
    ------
    SettingsError
        If it is of nested outcomes.
    RunError
        If it can't be read.
    """
    import bayesmeta as bm

    found = bm.load_fit(run)
    if len(found.outcomes) > 1:
        raise SettingsError(
            f"`{command}` is not available for runs of nested outcomes, such as {run}. Fit one of its outcomes by "
            "--outcome, or see the rates of each level by predict."
        )
    return found
