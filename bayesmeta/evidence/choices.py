"""The choices that every selection has, whatever the kind of table: checked, as rules, and as kept."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from bayesmeta.evidence.requests import check_choice
from bayesmeta.evidence.selection import (
    Rule,
    derived_otherwise,
    excluded_by_default,
    mixed_beside_target,
    mixed_population,
    overlapping,
)


@dataclass(frozen=True)
class Choices:
    """Arguments of `EvidenceTable.select` and `SurvivalTable.select`."""

    parts: str
    derivations: Sequence[str] | None
    overlaps: str
    include: str
    mixed: bool

    def __post_init__(self) -> None:
        check_choice("parts", self.parts, ("parts", "whole"))
        check_choice("overlaps", self.overlaps, ("resolve", "keep"))
        check_choice("include", self.include, ("default", "all"))
        check_choice("mixed", self.mixed, (True, False))

    def rules(self, *, unusable: Rule, strata: Rule, parts: Sequence[Rule]) -> list[Rule]:
        """Return the rules of `select` in order.

        `unusable` drops rows that inform no model, `strata` those of patients who stand in others;
        `parts` chooses between an arm and its parts.
        """
        rules: list[Rule] = [unusable]
        if self.derivations is not None:
            rules.append(partial(derived_otherwise, derivations=self.derivations))
        if self.include == "default":
            rules.append(excluded_by_default)
        if not self.mixed:
            rules.append(mixed_population)
        rules += [strata, mixed_beside_target, *parts]
        return [*rules, overlapping] if self.overlaps == "resolve" else rules

    @property
    def plain(self) -> dict[str, Any]:
        """The choices as a selection keeps them."""
        derivations = None if self.derivations is None else list(self.derivations)
        return {**asdict(self), "derivations": derivations}
