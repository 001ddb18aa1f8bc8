"""The right-hand side of a regression formula, checked before anything in it is evaluated.

formulaic would evaluate any Python that stands in a formula. Only column names, numbers,
arithmetic and the functions of `FUNCTIONS` are let through. Names in backquotes are replaced by
plain ones (`bayesmeta.model.quoting`) before formulaic sees them.
"""

import ast
import re
from dataclasses import dataclass
from functools import cache, cached_property

from bayesmeta.errors import SpecError, nearest
from bayesmeta.evidence.columns import EVENTS, STUDY
from bayesmeta.model.level_terms import LevelTerm, split_levels
from bayesmeta.model.products import check_products
from bayesmeta.model.quoting import column_name, quoted, unquoted
from bayesmeta.model.within_between import SplitColumn, is_plain, part_label, split_terms

FUNCTIONS = frozenset({"C", "I", "bs", "exp", "log", "log10", "poly", "sqrt"})
"""Functions that a formula may use."""

_SPLINES = frozenset({"bs", "poly"})
LONGEST = 1000
"""Characters of the longest formula that is read."""

GREATEST_POWER = 5
_POWER = re.compile(r"(?:\*\*|\^)\s*([\w.]*)")
_ALLOWED = re.compile(r"[\w\s+\-*/:().,=^%{}']*")
_HELP = "Write column names joined by +, : or *, such as 'regimen_class + log(age_median)'."
_NAMES = (
    "A column whose name has blanks, dots or symbols, or is a word of Python, stands in backquotes: "
    "`max dose`. Or rename it."
)
_NODES: tuple[type[ast.AST], ...] = (
    ast.BinOp,
    ast.Call,
    ast.Constant,
    ast.Load,
    ast.Name,
    ast.UnaryOp,
)
_NODES += (ast.keyword, ast.operator, ast.unaryop)
_UNREADABLE = (SyntaxError, AttributeError, ValueError, TypeError, RecursionError)


@dataclass(frozen=True)
class Factor:
    """A variable or expression, such as ``log(age)``; its `code` has plain names of columns."""

    code: str

    @cached_property
    def text(self) -> str:
        """The expression as people write it."""
        return unquoted(self.code)

    @cached_property
    def tree(self) -> ast.expr:
        """The expression as Python parses it; its names are those of `code`."""
        return ast.parse(self.code, mode="eval").body

    @property
    def column(self) -> str | None:
        """The column, where the factor is nothing but one, perhaps within ``C()``."""
        tree = self.tree
        if self.categorical and isinstance(tree, ast.Call) and tree.args:
            tree = tree.args[0]
        return column_name(tree.id) if isinstance(tree, ast.Name) else None

    @property
    def categorical(self) -> bool:
        """Whether the factor is marked by ``C()`` as one of levels."""
        return called(self.tree) == "C"

    @property
    def spline(self) -> bool:
        """Whether the factor holds a basis of several columns."""
        return any(called(node) in _SPLINES for node in ast.walk(self.tree))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the factor needs."""
        functions = {id(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}
        names = [
            column_name(node.id)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name) and id(node) not in functions
        ]
        return tuple(dict.fromkeys(names))


def called(node: ast.AST) -> str:
    """Return the name of the function that a node calls; empty if it calls none."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


@dataclass(frozen=True)
class Formula:
    """Terms of a formula, each a product of factors; the intercept is not among them."""

    terms: tuple[tuple[Factor, ...], ...]
    levels: tuple[LevelTerm, ...] = ()
    """Terms of exchangeable levels, and of random walks."""
    split: tuple[SplitColumn, ...] = ()
    """Columns of which the terms are the parts within and between studies."""

    def split_of(self, term: tuple[Factor, ...]) -> SplitColumn | None:
        """Return the parts of the column that a term is; None where it is not split."""
        if len(term) > 1:
            return None
        return next((one for one in self.split if one.column == term[0].column), None)

    def labels_of(self, term: tuple[Factor, ...], label: str) -> tuple[str, ...]:
        """Return the labels of a term's parts, or its own label where it is not split."""
        split = self.split_of(term)
        return tuple(part_label(part, label, label) for part in split.parts) if split else (label,)

    @property
    def term_names(self) -> tuple[str, ...]:
        """Terms as people write them, exchangeable levels aside."""
        return tuple(
            name
            for term in self.terms
            for name in self.labels_of(term, ":".join(factor.text for factor in term))
        )

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Every factor once, in order of appearance."""
        return tuple(dict.fromkeys(factor for term in self.terms for factor in term))

    @property
    def fixed_columns(self) -> tuple[str, ...]:
        """Every column that has coefficients, once, in order of appearance."""
        return tuple(dict.fromkeys(column for factor in self.factors for column in factor.columns))

    @property
    def grouping_columns(self) -> tuple[str, ...]:
        """Every column of exchangeable levels, once, in order of appearance."""
        own = (term.columns for term in self.levels if not term.walk)
        return tuple(dict.fromkeys(column for columns in own for column in columns))

    @property
    def walk_columns(self) -> tuple[str, ...]:
        """Every column of calendar years of a random walk."""
        return tuple(column for term in self.levels if term.walk for column in term.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column needed, once."""
        return (*self.fixed_columns, *self.grouping_columns, *self.walk_columns)


@cache
def parse_formula(text: str) -> Formula:
    """Return the terms of `text`, none for ``""`` and ``"1"``."""
    if len(text) > LONGEST:
        raise SpecError(f"`formula` must have at most {LONGEST} characters; got {len(text)}.")
    stripped = quoted(text).strip().removeprefix("~").strip()
    if "~" in stripped:
        raise SpecError(
            f"`formula` has no left-hand side: the response is events of n; got '{text}'. {_HELP}"
        )
    stripped, levels = split_levels(stripped)
    if stripped in ("", "1"):
        return _checked(Formula((), levels), text)
    if not _ALLOWED.fullmatch(stripped):
        marks = sorted(set(re.sub(r"[\w\s+\-*/:().,=^%{}']", "", stripped)))
        raise SpecError(f"`formula` may not hold {' '.join(marks)}; got '{text}'. {_HELP} {_NAMES}")
    _check_powers(stripped, text)
    terms, split = split_terms(_terms(stripped, text), text)
    formula = Formula(tuple(tuple(map(_factor, term)) for term in terms), levels, split)
    if not formula.terms:
        raise SpecError(
            f"`formula` leaves no covariate; got '{text}'. Leave it out, or name columns."
        )
    return _checked(formula, text)


def _checked(formula: Formula, text: str) -> Formula:
    """Return a formula after checking that its columns may stand where they do."""
    fixed, grouping = formula.fixed_columns, formula.grouping_columns
    for own, others, what in (
        (grouping, fixed, "coefficients and exchangeable levels"),
        (formula.walk_columns, (*fixed, *grouping), "a random walk and another term"),
    ):
        if twice := [column for column in own if column in others]:
            raise SpecError(f"`formula` gives '{twice[0]}' {what}; got '{text}'. Keep one of them.")
    for term in formula.levels:
        if term.slope is not None and term.slope not in formula.fixed_columns:
            raise SpecError(
                f"`formula` lets the slope of '{term.slope}' differ between levels, but has no slope of it; got "
                f"'{text}'. Add '{term.slope}' as a term."
            )
        if any(term.slope == one.column for one in formula.split):
            raise SpecError(
                f"`formula` lets the slope of '{term.slope}' differ between levels, and has parts of it within and "
                f"between studies; got '{text}'. Keep one of them."
            )
    for column, what in ((EVENTS, "the response"), (STUDY, "the grouping of the study effects")):
        allowed = column == STUDY and _only_slopes_by_study(formula)
        if column in formula.columns and not allowed:
            slope = ", or write (0 + column | study)" if column == STUDY else ""
            raise SpecError(
                f"`formula` uses '{column}', which is {what}; got '{text}'. Leave it out{slope}."
            )
    return formula


def _only_slopes_by_study(formula: Formula) -> bool:
    """Return whether studies stand for slopes alone: their intercepts are the study effects."""
    own = [term for term in formula.levels if STUDY in term.columns]
    alone = all(term.columns == (STUDY,) and term.slope is not None for term in own)
    return alone and STUDY not in formula.fixed_columns


def _check_powers(stripped: str, text: str) -> None:
    """Refuse what would keep a parser busy for ever."""
    powers = _POWER.findall(stripped)
    if any(not power.isdigit() or int(power) > GREATEST_POWER for power in powers) or re.search(
        r"(\*\*|\^)\s*\d+\s*(\*\*|\^)", stripped
    ):
        raise SpecError(
            f"`formula` may raise to whole powers up to {GREATEST_POWER} only; got '{text}'. {_HELP}"
        )


def _terms(stripped: str, text: str) -> list[list[str]]:
    """Return the expressions of the factors of each term, the intercept aside."""
    names = [name.strip() for name in stripped.split("+")]
    if all(map(is_plain, names)):
        return [[name] for name in dict.fromkeys(names)]
    # Imported here: it takes long, and most models do without.
    from formulaic import Formula as Formulaic
    from formulaic.errors import FormulaicError

    try:
        check_products(stripped)
        parsed = [[factor.expr for factor in term.factors] for term in Formulaic(stripped)]
    except (FormulaicError, *_UNREADABLE) as error:
        if isinstance(error, SpecError):
            raise
        reason = unquoted(str(error).splitlines()[0]) if str(error) else "it is not a formula"
        raise SpecError(
            f"`formula` cannot be read: '{text}' ({reason}). {_HELP} {_NAMES}"
        ) from error
    if ["1"] not in parsed:
        raise SpecError(
            f"`formula` must keep its intercept, which is `mu`; got '{text}'. Leave out 0 and -1."
        )
    return [term for term in parsed if term != ["1"]]


def _factor(expression: str) -> Factor:
    try:
        tree = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise SpecError(
            f"`formula` cannot be read at '{unquoted(expression)}'. {_HELP} {_NAMES}"
        ) from error
    for node in ast.walk(tree):
        _check_node(node, unquoted(expression))
    factor = Factor(expression)
    if not factor.columns:
        raise SpecError(f"`formula` names no column in '{factor.text}'. {_HELP}")
    if factor.categorical and (factor.column is None or not _takes_one(tree)):
        raise SpecError(f"`C()` takes one column and nothing else; got '{factor.text}'.")
    return factor


def _takes_one(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Call) and len(tree.args) == 1 and not tree.keywords


def _check_node(node: ast.AST, expression: str) -> None:
    if not isinstance(node, _NODES):
        hint = _NAMES if isinstance(node, ast.Attribute) else _HELP
        raise SpecError(
            f"`formula` may not hold '{unquoted(ast.unparse(node))}', as in '{expression}'. {hint}"
        )
    if isinstance(node, ast.BitXor):
        power = expression.replace("^", "**")
        shown = power if power.startswith("I(") else f"I({power})"
        raise SpecError(
            f"`formula`: powers of numbers are written **, not ^; got '{expression}'. Write {shown}."
        )
    if (name := called(node)) and name not in FUNCTIONS:
        raise SpecError(
            f"`formula` may not call '{name}', as in '{expression}'. {nearest(name, FUNCTIONS)}"
        )
    if isinstance(node, ast.Constant) and not isinstance(node.value, int | float):
        raise SpecError(
            f"`formula` may hold no constants but numbers; got {node.value!r} in '{expression}'."
        )
