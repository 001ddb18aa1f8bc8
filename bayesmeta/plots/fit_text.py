"""What figures of a fit say in words: its model, its evidence, and whether its draws may be used."""

from collections.abc import Sequence

from bayesmeta.errors import counted, listed
from bayesmeta.estimates.posterior import has_draws, outcomes_of
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.diagnosis import Diagnostics, diagnose
from bayesmeta.inference.nested.result import NestedFit
from bayesmeta.inference.result import Fit
from bayesmeta.plots.lettering import UNKNOWN, printable
from bayesmeta.plots.pages import Words

__all__ = [
    "about_characters",
    "about_evidence",
    "fit_words",
    "title_of_fit",
    "warning_of",
    "warning_of_diagnostics",
    "warning_of_fits",
]


def fit_words(what: str, fit: Fit | NestedFit, notes: Sequence[str], more: Sequence[str]) -> Words:
    """Return the text around a figure of a fit: what it shows, own notes, more, and the evidence."""
    title = title_of_fit(fit)
    return Words(
        f"{what}: {title}" if what else title,
        [*notes, about_evidence(fit), *more],
        warning_of(fit),
    )


def title_of_fit(fit: Fit | NestedFit) -> str:
    """Return the outcomes, outermost first, and the model."""
    names = outcomes_of(fit) or (fit.arms.selection.get("outcome") or "Response rate",)
    return f"{' > '.join(map(words_of(fit).outcome, names))}, model '{fit.spec.name}'"


def about_evidence(fit: Fit | NestedFit) -> str:
    """Return what the fit rests on, and what makes it again."""
    arms, origin = fit.arms, fit.provenance
    lacking = getattr(arms, "without_patients", ())
    empty = f" ({len(lacking)} without patients)" if lacking else ""
    return (
        f"Evidence: {counted(len(arms.studies), 'study', 'studies')}, {counted(len(arms), 'arm')}"
        f"{empty}, {counted(int(arms.n.sum()), 'patient')}. "
        f"Random seed {origin.seed}, bayesmeta {origin.versions['bayesmeta']}."
    )


def about_characters(labels: Sequence[str]) -> str:
    """Return what replaced characters mean, if any label has some."""
    if UNKNOWN not in "".join(printable(label) for label in labels):
        return ""
    return f"{UNKNOWN} stands for a character that no installed font has."


def warning_of(fit: object) -> str:
    """Return what is wrong with the draws of a fit; nothing if they may be used, or there are none."""
    return warning_of_diagnostics(diagnose(fit)) if has_draws(fit) else ""


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
