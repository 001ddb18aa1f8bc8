"""What the numbers do not say: sentences from the evidence and the model, and some that always hold."""

from collections.abc import Iterator, Sequence

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.evidence import Arms
from bayesmeta.report.document import Items, Section
from bayesmeta.report.sections.evidence import DEFINITION, DERIVATION, words_of
from bayesmeta.report.sections.titles import LIMITS

__all__ = ["about_frame", "inferred_sentence", "limits_section", "section_of_limits"]


DERIVED = {
    "from_percent": "worked out from a percentage",
    "from_sum": "added up",
    "from_parts": "added up from parts",
    "inferred": "inferred from other figures",
    "adjudicated": "chosen where the source is ambiguous",
}
"""Ways in which counts are had that do not stand in their source as counts, in words."""

FEW_STUDIES, SHOWN = 5, 8


def limits_section(arms: Arms, notes: Sequence[str], *, covariates: bool, tau: bool) -> Section:
    """Return the limits of a result: notes of the fit, and what the evidence itself leaves open."""
    own = list(about_frame(arms.frame, covariates=covariates))
    studies = len(arms.studies)
    if tau and studies < FEW_STUDIES:
        own.append(
            f"With {counted(studies, 'study', 'studies')}, how much studies differ rests largely on the prior of tau."
        )
    return section_of_limits([*notes, *own])


def section_of_limits(found: Sequence[str]) -> Section:
    """Return the limits found, and those that always hold."""
    return Section(LIMITS, (Items((*found, *_always())),))


def about_frame(frame: pd.DataFrame, *, covariates: bool) -> Iterator[str]:
    """Yield what rows of evidence leave open, by the columns that they have."""
    if covariates:
        yield (
            "Covariates are those of studies and arms, not of patients: differences between studies need not hold "
            "between patients (ecological bias)."
        )
    yield from _about_overlap(frame)
    for name in frame.columns:
        if str(name).endswith(DEFINITION):
            yield from _about_definition(frame, str(name))
    if DERIVATION in frame.columns:
        ways = words_of(frame, DERIVATION).value_counts()
        parts = [f"{DERIVED[way]} {count}" for way, count in ways.items() if way in DERIVED]
        if parts:
            yield f"Of {len(frame)} counts, these do not stand in their source as counts: {', '.join(parts)}."


def inferred_sentence(frame: pd.DataFrame) -> str:
    """Return how many counts are inferred; empty where the table does not say."""
    if DERIVATION not in frame.columns:
        return ""
    inferred = int((words_of(frame, DERIVATION) == "inferred").sum())
    if not inferred:
        return "No count is inferred from other figures."
    return f"{inferred} of the {len(frame)} counts {'is' if inferred == 1 else 'are'} inferred from other figures."


def _about_overlap(frame: pd.DataFrame) -> Iterator[str]:
    if "overlap_risk" not in frame.columns:
        yield "Whether cohorts share patients is not known: the table does not say."
        return
    risky = frame[words_of(frame, "overlap_risk") != ""]
    if len(risky):
        named = risky["label"] if "label" in risky.columns else risky["study"]
        names = list(dict.fromkeys(map(str, named)))
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield (
            f"Patients of these studies may be counted in others, too, though nothing proves it: "
            f"{', '.join(names[:SHOWN])}{more}."
        )


def _about_definition(frame: pd.DataFrame, column: str) -> Iterator[str]:
    what = column.removesuffix(DEFINITION).upper()
    if "outcome" in frame.columns:
        outcome = words_of(frame, "outcome").str.upper()
        # Rows of other outcomes don't define this one.
        frame = frame[(outcome == what) | (outcome == "")]
    found = words_of(frame, column).replace("", "left blank").value_counts()
    if len(found) > 1:
        parts = "; ".join(
            f"{definition} ({counted(arms, 'arm')})" for definition, arms in found.items()
        )
        yield f"Studies define {what} differently, and their counts are pooled as they are: {parts}."


def _always() -> tuple[str, ...]:
    return (
        "Studies that were never published are not seen, and nothing here corrects for them.",
        "Risk of bias of the studies is not part of the model.",
        "An interval holds if the model does; a credible interval of the typical rate is not where the next study "
        "will lie: that is the prediction interval.",
        "Nothing here is meant for decisions on the treatment of a patient.",
    )
