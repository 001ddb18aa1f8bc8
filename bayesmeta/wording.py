"""How rates and names are written for people: a scale of rates, and labels in place of names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bayesmeta.labels import OUTCOME, Labels
from bayesmeta.rounding import Rates

__all__ = ["PLAIN", "Wording"]

_PART = re.compile(r"(within|between)\((.*)\)")
"""A part of a covariate, as the formula has it."""


@dataclass(frozen=True)
class Wording:
    """How the numbers and names of an answer are written.

    Parameters
    ----------
    rates : Rates
        Percent, or per more patients.
    labels : Labels
        What people call columns, levels and outcomes.
    references : mapping
        Reference level of each factor of the model, against which coefficients stand.
    by : str
        Column whose levels each have a tau of their own; empty without one.
    """

    rates: Rates = field(default_factory=Rates)
    labels: Labels = field(default_factory=Labels)
    references: Mapping[str, str] = field(default_factory=dict)
    by: str = ""

    def outcome(self, name: str) -> str:
        """Return an outcome as people call it."""
        return self.labels.outcome(name)

    def category(self, name: str) -> str:
        """Return a category of nested outcomes, such as ``ORR, not CR``, as people call it."""
        parts = re.split(r"(, not |^not )", name)
        return "".join(part if i % 2 else self.outcome(part) for i, part in enumerate(parts))

    def column(self, name: str) -> str:
        """Return a column as people call it."""
        return self.labels.column(name)

    def level(self, column: str, level: str) -> str:
        """Return a level of a column as people call it."""
        return self.labels.of(column, level)

    def text(self, text: str) -> str:
        """Return a text with labels in place of ``column[level]`` and ``column=level``."""
        return self.labels.text(text)

    def parameter(self, name: str) -> str:
        """Return a parameter as people call it: of a labelled level, against the reference."""
        kind, _, inner = name.removesuffix("]").partition("[")
        if not inner or not name.endswith("]"):
            return self.text(name)
        if kind == "tau" and self.by:
            return f"tau[{self.level(self.by, inner)}]"
        if kind == "correlation":
            return f"correlation[{', '.join(map(self.outcome, inner.split(', ')))}]"
        outcome, comma, covariate = inner.partition(", ")
        if outcome in self.labels.names.get(OUTCOME, {}):
            return f"{kind}[{self.outcome(outcome)}{comma}{self.text(covariate)}]"
        return self._coefficient(inner) if kind == "beta" else self.text(name)

    def _coefficient(self, name: str) -> str:
        column, bracket, level = name.removesuffix("]").partition("[")
        if part := _PART.fullmatch(column):
            whole = self._coefficient(name.replace(column, part[2], 1))
            plain = whole.startswith("beta[") and bracket
            return f"beta[{name}]" if plain else _around(part[1], whole)
        if not bracket:
            return f"beta[{self.labels.column(name)}]"
        reference = self.references.get(column)
        if (
            reference is None
            or not self.labels.knows(column)
            or not re.fullmatch(r"[^\[\]]+", level)
        ):
            return f"beta[{self.text(name)}]"
        return f"{self.level(column, level)} vs {self.level(column, reference)}"

    def note(self, note: str) -> str:
        """Return a note as people read it; of nested outcomes it may begin with one or name some."""
        head, colon, rest = _outcomes_of(self.text(note), self.labels).partition(": ")
        return f"{self.outcome(head)}{colon}{rest}"


def _outcomes_of(text: str, labels: Labels) -> str:
    """Return a text with labels of outcomes in it, such as that of ``mu of CR``."""
    names = sorted(labels.names.get(OUTCOME, {}), key=len, reverse=True)
    if not names:
        return text
    named = rf"(?<=\bof )({'|'.join(map(re.escape, names))})(?=[\s,;:)]|\.(?:\s|$)|$)"
    return re.sub(named, lambda found: labels.outcome(found[1]), text)


def _around(part: str, name: str) -> str:
    """Return the name of a part of a coefficient from that of the whole."""
    if not name.startswith("beta["):
        return f"{part}({name})"
    return f"beta[{part}({name.removeprefix('beta[').removesuffix(']')})]"


PLAIN = Wording()
"""Percent, and names as they are."""
