"""What the numbers do not say: sentences from the evidence and the model, and some that always hold."""

from collections.abc import Iterator, Sequence

import pandas as pd

from bayesmeta.evidence import Arms, NestedArms
from bayesmeta.report.document import Items, Section
from bayesmeta.report.sections.evidence import DEFINITION

__all__ = ["LIMITS", "limits_section"]

LIMITS = "What the numbers do not say"

REPORTED = "reported"
"""The derivation of a count that stands in its source as a count."""

SHOWN = 8


def limits_section(
    arms: Arms | NestedArms | None, notes: Sequence[str], *, covariates: bool
) -> Section:
    """Return the limits of a result: notes of the fit, and what the evidence itself leaves open."""
    own = tuple(_about_arms(arms, covariates=covariates)) if arms is not None else ()
    return Section(LIMITS, (Items((*notes, *own, *_always())),))


def _about_arms(arms: Arms | NestedArms, *, covariates: bool) -> Iterator[str]:
    frame = arms.frame
    if covariates:
        yield (
            "Covariates are those of studies and arms, not of patients: differences between studies need not hold "
            "between patients (ecological bias)."
        )
    yield from _about_overlap(frame)
    for name in frame.columns:
        if str(name).endswith(DEFINITION):
            yield from _about_definition(frame, str(name))
    if "derivation" in frame.columns:
        derived = frame["derivation"].ne(REPORTED)
        if derived.any():
            yield (
                f"{int(derived.sum())} of {len(frame)} counts do not stand in their source as counts, but were worked "
                "out from percentages or parts, or inferred."
            )
    if len(arms.studies) < 5:  # noqa: PLR2004 - by common advice on prediction intervals
        yield f"With {len(arms.studies)} {'study' if len(arms.studies) == 1 else 'studies'}, how much studies differ rests largely on the prior of tau."


def _about_overlap(frame: pd.DataFrame) -> Iterator[str]:
    if "overlap_risk" not in frame.columns:
        yield "Whether cohorts share patients is not known: the table does not say."
        return
    risky = frame[frame["overlap_risk"].astype(str).str.strip() != ""]
    if len(risky):
        named = risky["label"] if "label" in risky.columns else risky["study"]
        names = list(dict.fromkeys(map(str, named)))
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield (
            f"Patients of these studies may be counted in others, too, though nothing proves it: "
            f"{', '.join(names[:SHOWN])}{more}."
        )


def _about_definition(frame: pd.DataFrame, column: str) -> Iterator[str]:
    found = frame[column].astype(str).replace("", "not stated").value_counts()
    if len(found) > 1:
        what = column.removesuffix(DEFINITION).upper()
        parts = "; ".join(f"{definition} ({arms} arms)" for definition, arms in found.items())
        yield f"Studies define {what} differently, and their counts are pooled as they are: {parts}."


def _always() -> tuple[str, ...]:
    return (
        "Studies that were never published are not seen, and nothing here corrects for them.",
        "Risk of bias of the studies is not part of the model.",
        "An interval holds if the model does; a credible interval of the typical rate is not where the next study "
        "will lie: that is the prediction interval.",
        "Nothing here is meant for decisions on the treatment of a patient.",
    )
