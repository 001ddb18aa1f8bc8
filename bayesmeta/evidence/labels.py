"""Labels of arms, by which draws, tables and figures know them."""

import pandas as pd

from bayesmeta.evidence.columns import ARM, STRATUM, STUDY

__all__ = ["labels_of"]


def labels_of(frame: pd.DataFrame) -> list[str]:
    """Return each row's label: its study, its arm where named, its stratum where it is one."""
    named = [frame[column].tolist() for column in (STUDY, ARM, STRATUM) if column in frame.columns]
    return ["/".join(filter(None, parts)) for parts in zip(*named, strict=True)]
