"""Terms of a formula whose effects are exchangeable: ``(1 | regimen_class / regimen)``, ``walk(year)``.

Of a random walk over calendar years it is the steps from year to year that are exchangeable.
"""

import re
from dataclasses import dataclass

from bayesmeta.errors import SpecError
from bayesmeta.model.quoting import column_name, unquoted

_BARS = re.compile(r"\(([^()|]*)\|\|?([^()|]*)\)")
_WALK = re.compile(r"\bwalk\s*\(((?:[^()]|\([^()]*\))*)\)")
_JOINED = re.compile(r"[:/]")
MOST_TERMS = 5
"""Of exchangeable levels; no evidence tells more scales apart."""

_WRITE = "Write (1 | column), (1 | column / column) or (number | column)."
_WRITE_WALK = "Write walk(year), joined to other terms by +."


@dataclass(frozen=True)
class LevelTerm:
    """Exchangeable effects of the levels of a column, or of combinations of several."""

    columns: tuple[str, ...]
    """Columns whose combinations are the levels."""
    slope: str | None = None
    """Numeric column whose coefficient differs between levels; None where the intercept does."""
    walk: bool = False
    """Whether the effects are the steps of a random walk over the years of the column."""

    @property
    def name(self) -> str:
        """How the term is called: ``"regimen_class"``, ``"age|regimen_class"`` or ``"walk(year)"``."""
        levels = ":".join(self.columns)
        if self.walk:
            return f"walk({levels})"
        return levels if self.slope is None else f"{self.slope}|{levels}"

    @property
    def has_rates(self) -> bool:
        """Whether each level has a rate of its own, which neither a slope nor a step has."""
        return self.slope is None and not self.walk

    @property
    def in_predictor(self) -> str:
        """What the term adds to the linear predictor, as it is written: ``"d(year)"``."""
        return f"d({self.columns[0]})" if self.walk else f"b({self.name})"

    def stated(self, symbol: str) -> str:
        """Return a distribution such as ``"b ~ Normal(0, sigma)"`` with the effects that have it."""
        year = self.columns[0]
        effect = f"d({year}) - d({year} - 1)" if self.walk else f"b({self.name})"
        return symbol.replace("b", effect, 1)


def split_levels(formula: str) -> tuple[str, tuple[LevelTerm, ...]]:
    """Return the rest of a formula, and its terms of exchangeable levels."""
    walks = [_walk(found[1]) for found in _WALK.finditer(formula)]
    if "|" not in formula and not walks:
        return formula, ()
    terms = [term for found in _BARS.finditer(formula) for term in _terms(found[1], found[2])]
    rest = _WALK.sub("|", _BARS.sub("|", formula))
    parts = [part.strip() for part in rest.split("+")]
    fixed = [part for part in parts if part != "|"]
    if not [*terms, *walks] or any("|" in part for part in fixed):
        what, write = ("|", _WRITE) if "|" in formula else ("walk()", _WRITE_WALK)
        raise SpecError(
            f"`formula` may hold {what} only in terms that + joins; got '{unquoted(formula)}'. {write}"
        )
    if len(walks) > 1:
        raise SpecError(
            f"`formula` may have one random walk; got {len(walks)} in '{unquoted(formula)}'. Keep one."
        )
    terms += walks
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


def _walk(column: str) -> LevelTerm:
    """Return the random walk over the years of a column."""
    if not column.strip().isidentifier():
        raise SpecError(
            f"`walk()` takes one column of calendar years; got '{unquoted(column.strip())}'. {_WRITE_WALK}"
        )
    return LevelTerm((_column(column),), walk=True)


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
