"""Labels of arms in figures and tables of one fit, and how arms stand to the levels of a stratum."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.arrays import Flags
from bayesmeta.estimates.outcome_draws import OutcomeDraws
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import (
    ARM,
    DERIVATION,
    SPLIT_BY,
    SPLIT_LEVEL,
    SPLIT_N,
    STRATUM,
    STUDY,
    N,
)
from bayesmeta.evidence.partition import BY_SUBTRACTION
from bayesmeta.model.mixtures import has_shares

Row = Mapping[Hashable, Any]


def arm_labels(arms: Arms, *, divided: bool = False) -> list[str]:
    """Return a label for each arm: its study's, with arm and stratum where the study has several.

    Where two arms would still be called alike, the name of the study in the table is added. Where the
    levels of the strata are shown apart (`divided`), labels leave them out.
    """
    study, frame = arms.frame[STUDY].astype(str), arms.frame
    key = [STUDY, STRATUM] if divided else [STUDY]
    several = frame.duplicated(key, keep=False)
    parts = [label[len(name) + 1 :] for label, name in zip(arms.labels, study, strict=True)]
    parts = list(frame[ARM].astype(str)) if divided else parts
    shown = [
        f"{label}, {part}" if part and many else str(label)
        for label, part, many in zip(arms.display_labels, parts, several, strict=True)
    ]
    own = frame[STRATUM].tolist() if divided else [""] * len(frame)
    alike = pd.DataFrame({"label": shown, "stratum": own}).duplicated(keep=False)
    named = zip(shown, study, alike, strict=True)
    return [f"{label} [{name}]" if twice else label for label, name, twice in named]


def totals_over(drawn: OutcomeDraws, factor: str | None) -> Flags:
    """Return which arms report two levels of a factor together, whose rates the model tells apart."""
    found = np.zeros(len(drawn.arms), dtype=bool)
    if SPLIT_BY in drawn.arms.frame.columns:
        found[drawn.fit.design.totals.arm] = True
        found &= (drawn.arms.frame[SPLIT_BY] == factor).to_numpy(dtype=bool)
    return found


def labels_of_rows(drawn: OutcomeDraws, factor: str | None, totals: Flags) -> list[str]:
    """Return the labels of arms; that of a mixture, a total or a difference says so."""
    mixed = drawn.coding.covariates.level_proportions.get(factor or "", {})
    frame = drawn.arms.frame
    labels = arm_labels(drawn.arms, divided=is_divided(drawn.arms, factor))
    shares = has_shares(frame, mixed)
    rows = frame.to_dict("records")
    return [
        f"{label} ({said})" if (said := _said(row, factor, total=total, mixture=share)) else label
        for label, row, total, share in zip(labels, rows, totals, shares, strict=True)
    ]


def _said(row: Row, factor: str | None, *, total: bool, mixture: bool) -> str:
    """Return what a label says of how an arm stands to the levels of a factor."""
    if total:
        if pd.isna(row[SPLIT_N]):
            return "sizes unknown"
        first = row[N] - row[SPLIT_N]
        return f"{first} {row[str(factor)]}, {row[SPLIT_N]} {row[SPLIT_LEVEL]}"
    if mixture:
        return f"mixed {factor}"
    return "by subtraction" if row.get(DERIVATION) == BY_SUBTRACTION else ""


def is_divided(arms: Arms, factor: str | None) -> bool:
    """Return whether arms are divided by the levels of a factor."""
    return factor is not None and arms.selection.get("strata") == factor
