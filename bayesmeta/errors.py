"""The errors bayesmeta raises, all under one base.

::

    BayesmetaError
    ├── EvidenceError     (ValueError)    a table, or what is selected from it
    ├── SpecError         (ValueError)    a model: its formula, priors or TOML
    ├── ProfileError      (ValueError)    covariate values asked of a prediction
    ├── SettingsError     (ValueError)    an argument of a function
    ├── RunError          (OSError)       a run folder that can't be written or read
    ├── SamplingError     (RuntimeError)  the sampler could not go on
    └── DiagnosticsError  (RuntimeError)  draws that should not be used

Every message names the argument, the rule, what was got, where, and what to do.

>>> import bayesmeta as bm
>>> try:
...     bm.load_model("no_such_model")
... except bm.BayesmetaError as error:
...     print(type(error).__name__)
SpecError
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BayesmetaError",
    "DiagnosticsError",
    "EvidenceError",
    "ProfileError",
    "RunError",
    "SamplingError",
    "SettingsError",
    "SpecError",
    "listed",
    "nearest",
    "shortened",
]

SHOWN = 5
"""How many offenders a message lists before it only counts them."""

LONGEST = 120
"""Characters of an input that a message shows."""

LONG = 25
"""How many valid names a message lists in full."""


class BayesmetaError(Exception):
    """Base of every error raised on purpose by bayesmeta."""


class EvidenceError(BayesmetaError, ValueError):
    """An evidence table, or a selection from it, breaks a rule."""


class SpecError(BayesmetaError, ValueError):
    """A model specification is not valid, or does not fit the evidence."""


class ProfileError(BayesmetaError, ValueError):
    """A covariate profile can't be coded the way the fit was."""


class SettingsError(BayesmetaError, ValueError):
    """An argument is out of its range or would have no effect."""


class RunError(BayesmetaError, OSError):
    """A run folder can't be written, or what it holds can't be trusted."""


class SamplingError(BayesmetaError, RuntimeError):
    """The sampler could not start or could not go on."""


class DiagnosticsError(BayesmetaError, RuntimeError):
    """The draws failed their diagnostics."""


def listed(items: Iterable[object]) -> str:
    """Return the first few items as text, and how many more there are."""
    items = list(items)
    shown = ", ".join(str(item) for item in items[:SHOWN])
    rest = len(items) - SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def shortened(text: str) -> str:
    """Return `text` short enough to be shown in a message."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 4 :]}"


def nearest(word: str, valid: Iterable[str]) -> str:
    """Return a hint naming the valid word most like `word`, then the valid ones, if not too many."""
    valid = sorted(set(valid))
    folded = {name.casefold(): name for name in valid}
    close = get_close_matches(str(word).casefold(), folded, n=1, cutoff=0.6)
    hint = f"Did you mean '{folded[close[0]]}'? " if close else ""
    return f"{hint}Valid: {listed(valid) if len(valid) > LONG else ', '.join(valid) or 'none'}."
