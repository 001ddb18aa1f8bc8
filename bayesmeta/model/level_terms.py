"""Terms of a formula whose levels are exchangeable, such as ``(1 | regimen_class / regimen)``."""

import re
from dataclasses import dataclass

from bayesmeta.errors import SpecError
from bayesmeta.model.quoting import column_name, unquoted

_BARS = re.compile(r"\(([^()|]*)\|\|?([^()|]*)\)")
_JOINED = re.compile(r"[:/]")
MOST_TERMS = 5
"""Of exchangeable levels; no evidence tells more scales apart."""

_WRITE = "Write (1 | column), (1 | column / column) or (number | column)."


@dataclass(frozen=True)
class LevelTerm:
    """Exchangeable effects of the levels of a column, or of combinations of several."""

    columns: tuple[str, ...]
    """Columns whose combinations are the levels."""
    slope: str | None = None
    """Numeric column whose coefficient differs between levels; None where the intercept does."""

    @property
    def name(self) -> str:
        """How the term is called, such as ``"regimen_class"`` or ``"age|regimen_class"``."""
        levels = ":".join(self.columns)
        return levels if self.slope is None else f"{self.slope}|{levels}"


def split_levels(formula: str) -> tuple[str, tuple[LevelTerm, ...]]:
    """Return the rest of a formula, and its terms of exchangeable levels."""
    if "|" not in formula:
        return formula, ()
    terms = [term for found in _BARS.finditer(formula) for term in _terms(found[1], found[2])]
    parts = [part.strip() for part in _BARS.sub("|", formula).split("+")]
    fixed = [part for part in parts if part != "|"]
    if not terms or any("|" in part for part in fixed):
        raise SpecError(
            f"`formula` may hold | only in terms that + joins; got '{unquoted(formula)}'. {_WRITE}"
        )
    names = [term.name for term in terms]
    if len(terms) > MOST_TERMS:
        raise SpecError(
            f"`formula` may have at most {MOST_TERMS} terms of exchangeable levels; got {len(terms)}. Leave some out."
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise SpecError(f"`formula` has the exchangeable levels of '{twice}' twice. Keep one.")
    return " + ".join(fixed), tuple(terms)


def _terms(left: str, right: str) -> list[LevelTerm]:
    """Return the terms of one pair of brackets; intercepts and slopes are independent, as by ``||``."""
    slopes = _slopes(left)
    names = [_column(name) for name in _JOINED.split(right)]
    nested = "/" in right
    if (nested and ":" in right) or len(set(names)) < len(names):
        raise SpecError(f"`formula` names levels by '{right.strip()}', which is not read. {_WRITE}")
    groups = [tuple(names[: i + 1]) for i in range(len(names))] if nested else [tuple(names)]
    return [LevelTerm(group, slope) for group in groups for slope in slopes]


def _slopes(left: str) -> list[str | None]:
    """Return what differs between levels: None for the intercept, or the column of a slope."""
    parts = [part.strip() for part in left.split("+")]
    numbers = [part for part in parts if part in ("0", "1")]
    slopes: list[str | None] = [_column(part) for part in parts if part not in ("0", "1")]
    if len(numbers) > 1 or len(slopes) > 1 or (numbers == ["0"] and not slopes):
        raise SpecError(f"`formula` lets '{left.strip()}' differ between levels. {_WRITE}")
    return slopes if numbers == ["0"] else [None, *slopes]


def _column(text: str) -> str:
    name = text.strip()
    if not name.isidentifier():
        raise SpecError(f"`formula` names '{unquoted(name)}' where a column must stand. {_WRITE}")
    return column_name(name)
