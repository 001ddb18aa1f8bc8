"""What the evidence can't tell of nested outcomes, as sentences."""

from collections.abc import Iterator

import numpy as np

from bayesmeta.errors import listed
from bayesmeta.estimates.prior_conflicts import nested_conflicts
from bayesmeta.inference.result import Fit

__all__ = ["nested_notes"]

FEW = 3
"""Studies below which a coefficient is said to rest on few."""


def nested_notes(fit: Fit) -> tuple[str, ...]:
    """Return what the evidence can't tell, one sentence each; empty if nothing.

    A study informs the coefficient of an outcome's ratio where it reports a count of which that ratio
    is a part, of an arm to which the coefficient applies.
    """
    return tuple([*_about_ratios(fit), *_about_coefficients(fit), *nested_conflicts(fit)])


def _about_ratios(fit: Fit) -> Iterator[str]:
    few = [
        f"{outcome} ({studies})"
        for outcome, studies in zip(fit.outcomes, _studies(fit)[0], strict=True)
        if studies < FEW
    ]
    if few:
        yield (
            f"Fewer than {FEW} studies inform the ratio of {listed(few)}: its tau rests on its prior."
        )


def _about_coefficients(fit: Fit) -> Iterator[str]:
    _, found = _studies(fit)
    for outcome, counts in zip(fit.outcomes, found, strict=True):
        named = list(zip(fit.coding.names, counts, strict=True))
        none = [name for name, studies in named if studies == 0]
        few = [f"{name} ({studies})" for name, studies in named if 0 < studies < FEW]
        if none:
            yield (
                f"{outcome}: no study informs the coefficient of {listed(none)}; it is its prior, and so is what "
                "is said of that ratio."
            )
        if few:
            yield f"{outcome}: few studies inform the coefficient of {listed(few)}."


def _studies(fit: Fit) -> "tuple[list[int], list[list[int]]]":
    """Return how many studies inform each ratio, and each coefficient of it."""
    design, seen = fit.design, fit.design.conditional_counts
    study, applies = fit.arms.study_index[seen.arm], design.matrix[seen.arm] != 0
    spans = (seen.spans(len(fit.outcomes)) > 0) & (seen.trials > 0)[:, None]
    ratios = [len(np.unique(study[span])) for span in spans.T]
    coefficients = [
        [len(np.unique(study[span & column])) for column in applies.T] for span in spans.T
    ]
    return ratios, coefficients
