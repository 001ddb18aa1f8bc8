"""Checks of an installed package against known answers.

All that it needs comes with the package: no tests, no network. It writes to a temporary folder.
"""

from bayesmeta.selfcheck.checks import Check, Compared
from bayesmeta.selfcheck.environment import Environment, this_environment
from bayesmeta.selfcheck.running import SelfCheck, run_selfcheck

__all__ = ["Check", "Compared", "Environment", "SelfCheck", "run_selfcheck", "this_environment"]
