"""`run_selfcheck`: all checks, one after the other."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bayesmeta.selfcheck.bad_input import BAD_INPUT
from bayesmeta.selfcheck.checks import Check, Task, performed
from bayesmeta.selfcheck.environment import (
    ENVIRONMENT,
    REPRODUCIBILITY,
    Environment,
    this_environment,
)
from bayesmeta.selfcheck.installation import INSTALLATION
from bayesmeta.selfcheck.interruption import INTERRUPTION
from bayesmeta.selfcheck.published import PUBLISHED
from bayesmeta.selfcheck.quadrature import QUADRATURE
from bayesmeta.selfcheck.trials import TRIALS

TASKS = (
    *ENVIRONMENT,
    *INSTALLATION,
    *PUBLISHED,
    *QUADRATURE,
    *TRIALS,
    *REPRODUCIBILITY,
    *BAD_INPUT,
    *INTERRUPTION,
)
"""All checks, in the order in which they are done."""


@dataclass(frozen=True)
class SelfCheck:
    """What became of all checks, in the order in which they were done."""

    environment: Environment
    checks: tuple[Check, ...]
    seconds: float

    @property
    def failed(self) -> tuple[Check, ...]:
        """Checks that found something wrong."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def ok(self) -> bool:
        """Whether there were checks and all found everything as it should be."""
        return bool(self.checks) and not self.failed


def run_selfcheck(
    tasks: Sequence[Task] = TASKS, *, ended: Callable[[Check], None] = lambda _: None
) -> SelfCheck:
    """Check on this machine that known answers are found, bad input is refused and runs survive.

    An error in a check is a check that failed; the others go on, and `ended` is called with each.
    Files are written to a temporary folder only, which is removed.
    """
    started = time.perf_counter()
    checks = []
    with tempfile.TemporaryDirectory(prefix="bayesmeta-", ignore_cleanup_errors=True) as base:
        for number, task in enumerate(tasks):
            folder = Path(base) / str(number)
            folder.mkdir()
            checks.append(performed(task, folder))
            ended(checks[-1])
    seconds = round(time.perf_counter() - started, 3)
    return SelfCheck(this_environment(), tuple(checks), seconds)
