"""What figures of a fit say in words: its model, its evidence, and whether its draws may be used."""

from collections.abc import Sequence

from bayesmeta.errors import counted, listed
from bayesmeta.estimates.posterior import has_draws, is_survival, outcomes_of
from bayesmeta.estimates.survival_summary import person_of
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.diagnosis import Diagnostics, diagnose
from bayesmeta.inference.result import Fit
from bayesmeta.plots.lettering import UNKNOWN, printable
from bayesmeta.plots.pages import Words


def fit_words(
    what: str, fit: Fit, notes: Sequence[str], more: Sequence[str], *, outcome: str | None = None
) -> Words:
    """Return the text around a figure of a fit: what it shows, own notes, the evidence, and more."""
    # Of all outcomes, outermost first, where none is named.
    several = (outcome,) if outcome else outcomes_of(fit)
    unnamed = "one outcome" if is_survival(fit) else "Response rate"
    names = several or (fit.arms.selection.get("outcome") or unnamed,)
    of = f"{' > '.join(map(words_of(fit).outcome, names))}, model '{fit.spec.name}'"
    said = [*notes, _about_evidence(fit, outcome), *more]
    return Words(f"{what}: {of}" if what else of, said, warning_of(fit))


def _about_evidence(fit: Fit, outcome: str | None = None) -> str:
    """Return what the fit rests on, and what makes it again."""
    arms, origin = fit.arms.of(outcome) if outcome else fit.arms, fit.provenance
    lacking = arms.without_patients
    empty = f" ({len(lacking)} without patients)" if lacking else ""
    people = counted(int(arms.n.sum()), person_of(arms))
    return (
        f"Evidence: {counted(len(arms.studies), 'study', 'studies')}, {counted(len(arms), 'arm')}"
        f"{empty}, {people}. "
        f"Random seed {origin.seed}, bayesmeta {origin.versions['bayesmeta']}."
    )


def conditional_of(fit: Fit, outcome: str | None) -> str:
    """Return an outcome and the one that encloses it; nothing of the outermost or the only one."""
    place = fit.arms.outcomes.index(outcome) if outcome else 0
    pair = fit.arms.outcomes[place - 1 : place + 1] if place else ()
    return " given ".join(map(words_of(fit).outcome, reversed(pair)))


def about_conditional(fit: Fit, outcome: str | None, what: str) -> str:
    """Return whose parameters a figure of an outcome within another has; nothing of others."""
    pair = conditional_of(fit, outcome)
    return f"{what} of the conditional probability of {pair}." if pair else ""


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
    found = dict.fromkeys(problem.kind.replace("_", " ") for problem in diagnostics.problems)
    return (
        f"WARNING: the draws failed their diagnostics ({listed(found)}): do not use these results."
    )


def warning_of_fits(failed: int, fits: int) -> str:
    """Return that some of several fits should not be used; nothing if all may be."""
    if not failed:
        return ""
    return f"WARNING: {failed} of {fits} fits failed, or their draws failed their diagnostics: do not use these."


def names_of(quantity: str) -> tuple[str, str]:
    """Return the two lines of a parameter: of a coefficient its level, or outcome and level."""
    level, versus, reference = quantity.partition(" vs ")
    if versus:
        return level, f"vs {reference}"
    if quantity.startswith("correlation["):
        return "correlation", quantity.removeprefix("correlation[").removesuffix("]")
    if not quantity.startswith("beta["):
        return quantity, ""
    inside = quantity.removeprefix("beta[").removesuffix("]")
    level = inside.rpartition("[")[2].rstrip("]")
    outcome, comma, covariate = inside.partition("[")[0].rpartition(", ")
    return (
        (f"beta[{outcome}]", level if "[" in inside else covariate)
        if comma
        else (f"beta: {level}", "")
    )
