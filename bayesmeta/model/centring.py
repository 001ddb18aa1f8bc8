"""Where `mu` stands on numeric columns: as the user centred them, or at their mean over arms."""

import ast
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bayesmeta.errors import SpecError, listed
from bayesmeta.evidence.columns import STUDY
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.formula import Factor, Formula, called
from bayesmeta.model.quoting import column_name, plain_name
from bayesmeta.model.terms import evaluated


class _Line(NamedTuple):
    """An expression ``slope * column + level``; a plain number has no column."""

    column: str
    slope: Fraction
    level: Fraction


def centre_of(name: str, covariates: Covariates, frame: pd.DataFrame) -> float:
    """Return where `mu` stands: at `centre`, else where the formula centres, else at the mean."""
    infinite = frame.loc[np.isinf(frame[name].astype("float64")), STUDY]
    if len(infinite):
        raise SpecError(
            f"`formula`: covariate '{name}' must be finite; not so in study {listed(infinite)}. Correct the table."
        )
    if frame[name].nunique() < 2:  # noqa: PLR2004
        raise SpecError(
            f"`formula`: covariate '{name}' has one value only, {frame[name].iloc[0]:g}, in these arms. Leave it out."
        )
    if name in covariates.centre:
        return covariates.centre[name]
    written = written_centres(covariates.parsed).get(name, ())
    if len(written) > 1:
        shown = " and at ".join(f"{value:g}" for value in written)
        raise SpecError(
            f"`formula` centres '{name}' at {shown}; mu stands at one value. Say which by `centre`, "
            f"such as {{'{name}': {written[0]:g}}}."
        )
    return float(written[0] if written else frame[name].mean())


def written_centres(formula: Formula) -> dict[str, tuple[float, ...]]:
    """Return the values at which a formula centres columns, outside of functions such as `log`."""
    found: dict[str, dict[float, None]] = {}
    for factor in formula.factors:
        if factor.column is None:
            for column, value in _centred(factor.tree):
                found.setdefault(column, {})[value] = None
    return {column: tuple(values) for column, values in found.items()}


def relative_to(factor: Factor, centres: Mapping[str, float]) -> str:
    """Return a factor less its value at the centres; factors of levels and splines stay as they are."""
    if factor.column in centres:
        return f"{{{plain_name(factor.column)} - {centres[factor.column]!r}}}"  # type: ignore[index, arg-type]
    if factor.column is not None:
        return plain_name(factor.column)
    if factor.spline:
        return factor.code
    return f"{{{factor.code} - {_value_at(factor, centres)!r}}}"


def _value_at(factor: Factor, centres: Mapping[str, float]) -> float:
    at = {name: centres[name] for name in factor.columns}
    row = pd.DataFrame([{plain_name(name): value for name, value in at.items()}])
    try:
        with np.errstate(all="ignore"):
            found = evaluated(f"0 + {{{factor.code}}}", row)
        # Of a value that is not known, formulaic drops the row.
        value = float(np.asarray(found)[0, 0]) if len(found) else np.nan
    except (ValueError, TypeError, ArithmeticError):
        value = np.nan
    if not np.isfinite(value):
        shown = ", ".join(f"{name} {number:.4g}" for name, number in at.items())
        raise SpecError(
            f"`formula`: '{factor.text}' has no finite value at {shown}, where mu would stand. Name another `centre`, "
            "or correct the covariates."
        )
    return value


def _centred(node: ast.AST) -> Iterator[tuple[str, float]]:
    """Yield columns and the values at which an expression centres them."""
    line = _line(node)
    if line is not None:
        if line.column and line.slope and line.level:
            yield line.column, float(-line.level / line.slope)
        return
    if isinstance(node, ast.BinOp):
        # A denominator is kept clear of 0, not centred.
        parts = [node.left] if isinstance(node.op, ast.Div | ast.Pow) else [node.left, node.right]
    elif isinstance(node, ast.UnaryOp):
        parts = [node.operand]
    else:
        parts = node.args if isinstance(node, ast.Call) and called(node) == "I" else []
    for part in parts:
        yield from _centred(part)


def _line(node: ast.AST) -> _Line | None:
    """Return an expression as a line in one column; None where it is none."""
    match node:
        case ast.Constant(value=value):
            return _Line("", Fraction(0), Fraction(str(value)))
        case ast.Name(id=name):
            return _Line(column_name(name), Fraction(1), Fraction(0))
        case ast.UnaryOp(op=op, operand=operand):
            return _times(_line(operand), Fraction(-1 if isinstance(op, ast.USub) else 1))
        case ast.BinOp(left=left, op=op, right=right):
            return _combined(_line(left), op, _line(right))
    inner = node.args if isinstance(node, ast.Call) and called(node) == "I" else []
    return _line(inner[0]) if inner else None


def _combined(left: _Line | None, op: Any, right: _Line | None) -> _Line | None:
    if left is None or right is None:
        return None
    if isinstance(op, ast.Add | ast.Sub) and "" in (left.column, right.column):
        sign = -1 if isinstance(op, ast.Sub) else 1
        column = left.column or right.column
        return _Line(column, left.slope + sign * right.slope, left.level + sign * right.level)
    if isinstance(op, ast.Mult) and not right.column:
        return _times(left, right.level)
    if isinstance(op, ast.Mult) and not left.column:
        return _times(right, left.level)
    if isinstance(op, ast.Div) and not right.column and right.level:
        return _times(left, 1 / right.level)
    return None


def _times(line: _Line | None, factor: Fraction) -> _Line | None:
    return line and _Line(line.column, line.slope * factor, line.level * factor)
