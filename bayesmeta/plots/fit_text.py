"""What figures of a fit say in words: its model and its evidence."""

from collections.abc import Sequence

from bayesmeta.errors import counted
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.result import Fit
from bayesmeta.plots.lettering import UNKNOWN, printable

__all__ = ["about_characters", "about_evidence", "title_of_fit"]


def title_of_fit(fit: Fit) -> str:
    """Return the outcome and the model."""
    outcome = words_of(fit).outcome(fit.arms.selection.get("outcome") or "Response rate")
    return f"{outcome}, model '{fit.spec.name}'"


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
