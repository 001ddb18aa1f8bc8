"""What a figure says first, in red, of draws that should not be used."""

from bayesmeta.errors import listed
from bayesmeta.inference.diagnosis import Diagnostics, diagnose
from bayesmeta.inference.result import Fit

__all__ = ["warning_of", "warning_of_diagnostics", "warning_of_fits"]


def warning_of(fit: object) -> str:
    """Return what is wrong with the draws of a fit; nothing if they may be used, or there are none."""
    return warning_of_diagnostics(diagnose(fit)) if isinstance(fit, Fit) else ""


def warning_of_diagnostics(diagnostics: Diagnostics) -> str:
    """Return what is wrong with draws that were diagnosed; nothing if they may be used."""
    if diagnostics.ok:
        return ""
    kinds = listed(
        dict.fromkeys(problem.kind.replace("_", " ") for problem in diagnostics.problems)
    )
    return f"WARNING: the draws failed their diagnostics ({kinds}): do not use these results."


def warning_of_fits(failed: int, fits: int) -> str:
    """Return that some of several fits should not be used; nothing if all may be."""
    if not failed:
        return ""
    return f"WARNING: {failed} of {fits} fits failed, or their draws the diagnostics: do not use these results."
