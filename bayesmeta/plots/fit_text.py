"""What figures of a fit say in words: its model, its evidence, and whether its draws may be used."""

from collections.abc import Sequence

from bayesmeta.errors import listed
from bayesmeta.inference.nested.result import NestedFit
from bayesmeta.inference.result import Fit
from bayesmeta.plots.lettering import UNKNOWN, counted, printable

__all__ = ["about_characters", "about_evidence", "title_of_fit", "warning_of"]


def warning_of(fit: Fit | NestedFit) -> str:
    """Return what is wrong with the draws; nothing if they may be used."""
    from bayesmeta.inference.diagnosis import diagnose

    problems = diagnose(fit).problems
    if not problems:
        return ""
    kinds = listed(dict.fromkeys(problem.kind.replace("_", " ") for problem in problems))
    return f"WARNING: the draws failed their diagnostics ({kinds}): do not use these results."


def title_of_fit(fit: Fit) -> str:
    """Return the outcome and the model."""
    return f"{fit.arms.selection.get('outcome') or 'Response rate'}, model '{fit.spec.name}'"


def about_evidence(fit: Fit) -> str:
    """Return what the fit rests on, and what makes it again."""
    arms, origin = fit.arms, fit.provenance
    empty = f" ({len(arms.without_patients)} without patients)" if arms.without_patients else ""
    return (
        f"Evidence: {counted(len(arms.studies), 'study', 'studies')}, {counted(len(arms), 'arm')}"
        f"{empty}, {counted(int(arms.n.sum()), 'patient')}. "
        f"Seed {origin.seed}, bayesmeta {origin.versions['bayesmeta']}."
    )


def about_characters(labels: Sequence[str]) -> str:
    """Return what replaced characters mean, if any label has some."""
    if UNKNOWN not in "".join(printable(label) for label in labels):
        return ""
    return f"{UNKNOWN} stands for a character that no installed font has."
