"""Arms as they were observed, for figures that draw them beside what a model says."""

import pandas as pd

from bayesmeta.errors import EvidenceError
from bayesmeta.estimates.forest_table import arm_labels
from bayesmeta.evidence import Arms

__all__ = ["observed_arms"]


def observed_arms(arms: Arms) -> pd.DataFrame:
    """Return the arms with patients: study, arm, label, events, n and rate (probability).

    The index is the position of each among all arms.
    """
    frame = pd.DataFrame(
        {
            "study": arms.frame["study"].astype(str).to_numpy(),
            "arm": arms.frame["arm"].astype(str).to_numpy(),
            "label": arm_labels(arms),
            "events": arms.events,
            "n": arms.n,
        }
    )
    there = frame[frame["n"] > 0]
    if not len(there):
        raise EvidenceError(
            "`fit`: no arm has patients, so there is nothing to draw. Select arms with patients."
        )
    return there.assign(rate=there["events"] / there["n"])
