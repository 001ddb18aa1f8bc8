"""Conditions on which a script stops: what is wrong with a comparison, if anything."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.comparison.comparison import Comparison
from bayesmeta.comparison.left_out import predicted_word
from bayesmeta.errors import SettingsError, nearest

LEAST_P = 0.01
"""Probability below which so few arms inside their 95% intervals are no chance."""

NOTHING = "nothing"


def asked_gates(names: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the gates that a command was asked for; ``"nothing"`` is none."""
    for name in names:
        if name not in (*known, NOTHING):
            raise SettingsError(
                f"`--fail-on` names no gate '{name}'. {nearest(name, (*known, NOTHING))}"
            )
    if NOTHING in names and len(names) > 1:
        raise SettingsError(
            f"`--fail-on {NOTHING}` cannot be asked for beside others. Leave it out."
        )
    return tuple(name for name in names if name != NOTHING)


def tripped(comparison: Comparison, gates: Sequence[str]) -> tuple[str, ...]:
    """Return what is wrong with a comparison by the gates asked for; nothing where all hold.

    ``"failures"``: a fit failed, or a model does not apply. ``"diagnostics"``: a fit failed, or its
    diagnostics did. ``"coverage"``: so few arms are inside the 95% prediction intervals of the best
    model that the probability of it under that model, arms being independent, is below 0.01.
    """
    found = (GATES[gate](comparison) for gate in gates)
    return tuple(message for message in found if message)


def coverage_gate(arms: pd.DataFrame, what: str) -> str:
    """Return what is wrong with the coverage of arms predicted, if anything."""
    inside, number = int(arms["inside_95"].sum()), len(arms)
    expected = arms["expected_95"].to_numpy(dtype=np.float64)
    probability = _at_most(inside, expected)
    if probability >= LEAST_P:
        return ""
    return (
        f"coverage: {inside} of {number} {predicted_word(arms)}s are inside their 95% prediction intervals by {what}, which expects "
        f"{expected.sum():.1f}; so few would be with probability {probability:.2g}."
    )


def _at_most(inside: int, probabilities: Array) -> float:
    """Return the probability that at most so many arms are inside, each with its own probability."""
    counts = np.ones(1)
    for one in probabilities:
        counts = np.convolve(counts, [1 - one, one])
    return float(counts[: inside + 1].sum())


def _coverage(comparison: Comparison) -> str:
    best = comparison.best
    if best is None:
        return "coverage: no model has all its scores."
    return coverage_gate(best.arms, f"the best model, {best.model}")


def _diagnostics(comparison: Comparison) -> str:
    fits = comparison.fits
    flagged = fits[(fits["state"] == "done") & ~fits["ok"].astype(bool)]
    # A fit that failed has no draws that could pass.
    said = f"diagnostics: {len(flagged)} of {len(fits)} fits failed them"
    return _first(flagged, said, "problems") or _failed(fits)


def _failures(comparison: Comparison) -> str:
    if (found := _failed(comparison.fits)) or not comparison.not_applicable:
        return found
    name, reason = next(iter(comparison.not_applicable.items()))
    return f"failures: {len(comparison.not_applicable)} of {len(comparison.table)} models do not apply; first {name}: {reason}"


def _failed(fits: pd.DataFrame) -> str:
    failed = fits[fits["state"] == "failed"]
    return _first(failed, f"failures: {len(failed)} of {len(fits)} fits failed", "error")


def _first(found: pd.DataFrame, said: str, why: str) -> str:
    """Return what is said of the fits that were found, and why of the first; nothing where none was."""
    if found.empty:
        return ""
    first = found.iloc[0]
    where = f"{first['model']}{' without ' + first['left_out'] if first['left_out'] else ''}"
    return f"{said}; first {where}: {first[why]}"


GATES = {"failures": _failures, "diagnostics": _diagnostics, "coverage": _coverage}
"""Every gate by its name."""
