"""A model of survival in words: what its symbols are, and how reports enter it."""

from collections.abc import Iterator

from bayesmeta.model.curves import SurvivalCurve

OF_MEDIANS = (
    "mu is the log of the typical median in months at these values; a coefficient is the log of the ratio of medians "
    "that goes with one unit of its coded column: of a level, compared with the reference level."
)


def survival_words(curve: SurvivalCurve) -> Iterator[str]:
    """Yield what the symbols are, and how medians and landmarks enter the likelihood."""
    own = (
        ". Each arm has a shape k of its own, log-normal about the typical one"
        if curve.has_shape
        else ""
    )
    yield (
        "S is the share of the patients of arm i in study s(i) who are alive, or without the event, at t months; m is the "
        f"median (months). Curves are {curve.words}{own}."
    )
    yield (
        "A median is normal on the log scale. Its standard error is that of its interval (of the lower half, if the upper "
        "limit was not reached); without an interval it is that of a share of its patients, the retention, which is "
        "estimated."
    )
    yield (
        "A landmark with an interval is normal on the complementary log-log scale. Beside other reports of its curve, or "
        "without an interval, it is binomial given the reports next to it, as they count the same patients."
    )
    yield "A median that was not reached lies beyond the follow-up; landmarks of its arm stand in its place."
