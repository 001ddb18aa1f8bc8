"""What arms report of nested outcomes, as binomial counts."""

from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array, Integers
from bayesmeta.evidence import Arms


class ConditionalCounts(NamedTuple):
    """What arms report, as binomial counts of one outcome among the enclosing outcome they report.

    An arm that does not report an outcome between the two contributes through the product of
    conditional probabilities from one to the other: CR_CRi alone, enclosed by ORR, is
    Binomial(n, r1 r2).
    """

    arm: Integers
    first: Integers
    """First conditional probability of the product, shape (count,)."""
    last: Integers
    """Last one, which is that of the outcome reported."""
    trials: Array
    """Patients with the enclosing outcome, or all patients of the arm."""
    events: Array
    """Patients with the outcome reported."""

    def spans(self, outcomes: int) -> Array:
        """Return 1 for each probability of a count's product, else 0, dims (count, outcome)."""
        place = np.arange(outcomes)
        return ((place >= self.first[:, None]) & (place <= self.last[:, None])).astype(np.float64)


def conditional_counts(arms: Arms) -> ConditionalCounts:
    """Return the counts that arms report, arm by arm."""
    rows = []
    for arm, (n, counts) in enumerate(zip(arms.n, arms.counts, strict=True)):
        trials, start = float(n), 0
        for place, count in enumerate(counts):
            if not np.isnan(count):
                rows.append((arm, start, place, trials, count))
                trials, start = count, place + 1
    arm, first, last, trials, events = np.array(rows, dtype=np.float64).T.copy()
    whole = np.int64
    return ConditionalCounts(
        arm.astype(whole), first.astype(whole), last.astype(whole), trials, events
    )
