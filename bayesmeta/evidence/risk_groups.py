"""Studies at high and at low risk of bias, by the overall judgements of a tool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmeta.errors import EvidenceError, SettingsError, listed, nearest
from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.judged import judged_studies
from bayesmeta.evidence.risk_of_bias import OVERALL, TOOLS, RiskOfBias

V2_LOW = TOOLS["ROBINS-I V2"].overall[0]
SEVERE = ("Serious", "Critical")

HIGH: Mapping[str, tuple[str, ...]] = {
    "RoB 2": ("High",),
    "ROBINS-I 2016": SEVERE,
    "ROBINS-I V2": SEVERE,
}
"""Overall judgements that count as high risk by default; of other tools they must be given."""

LOW: Mapping[str, tuple[str, ...]] = {
    "RoB 2": ("Low",),
    "ROBINS-I 2016": ("Low", "Moderate"),
    "ROBINS-I V2": (V2_LOW, "Moderate"),
}
"""The same of low risk. Moderate risk is that of a sound study without randomisation."""


@dataclass(frozen=True)
class RiskGroups:
    """Overall judgement of each study of some arms, and which count as high and as low risk."""

    labels: Mapping[str, str]
    """Overall judgement by study, in the order of the arms."""
    high: tuple[str, ...]
    """Judgements that count as high risk."""
    low: tuple[str, ...]
    """Judgements that count as low risk."""

    def studies(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return the studies with one of these judgements."""
        return tuple(study for study, label in self.labels.items() if label in labels)


def risk_groups(
    judgements: RiskOfBias, arms: Arms, high: Any = None, low: Any = None
) -> RiskGroups:
    """Return the judgements of the studies of arms; `high` and `low` are the tool's own where None."""
    judged = judged_studies(arms, judgements)
    tool = judged.tool
    counted_high = _labels("high", high, HIGH, tool)
    counted_low = _labels("low", low, LOW, tool)
    if low is None:
        counted_low = tuple(label for label in counted_low if label not in counted_high)
    both = [label for label in counted_high if label in counted_low]
    if both:
        raise SettingsError(f"`high` and `low` both have {listed(both)}. Name each label once.")
    if judged.lacking:
        raise EvidenceError(
            f"`judgements` must have each study of the arms; {len(judged.lacking)} of {len(arms.studies)} are missing: "
            f"{listed(judged.lacking)}. {nearest(judged.lacking[0], judgements.overall.index, label='Studies judged')}"
        )
    labels = {study: each[OVERALL] for study, each in judged.of_study.items()}
    return RiskGroups(labels, counted_high, counted_low)


def _labels(
    name: str, given: Any, usual: Mapping[str, tuple[str, ...]], tool: str
) -> tuple[str, ...]:
    """Return the labels that were given, checked, or the usual ones of the tool."""
    valid = TOOLS[tool].overall
    if given is None:
        if tool not in usual:
            raise SettingsError(
                f"`{name}` must name the overall judgements of {tool} that count as {name} risk; the tool has none. "
                f"Labels: {', '.join(valid)}."
            )
        return usual[tool]
    found = [given] if isinstance(given, str) else given
    if not isinstance(found, Sequence | np.ndarray) or not len(found):
        raise SettingsError(f"`{name}` must list overall judgements of {tool}; got {given!r}.")
    for label in found:
        check_label(name, label, tool)
    return tuple(dict.fromkeys(map(str, found)))


def check_label(name: str, label: object, tool: str) -> None:
    """Raise unless this is an overall judgement of the tool; `name` is the argument that has it."""
    valid = TOOLS[tool].overall
    if label not in valid:
        raise SettingsError(
            f"`{name}` names {label!r}, which is no overall judgement of {tool}. {nearest(str(label), valid)}"
        )
