"""Products of a formula in which a factor meets itself, which no parser refuses."""

from typing import Any

from bayesmeta.errors import SpecError
from bayesmeta.model.quoting import unquoted

_POWERS = ("**", "^")
_PRODUCTS = ("*", ":", "/", "in")
_SEVERAL = ("+", "-", "*", "/")
"""Operators that may give several terms."""


def check_products(formula: str) -> None:
    """Refuse products in which a factor meets itself: ``x*x`` and ``x**2`` would be `x`."""
    from formulaic.parser import DefaultFormulaParser

    _check(DefaultFormulaParser().get_ast(formula))


def _check(node: Any) -> None:
    symbol, parts = _split(node)
    for part in parts:
        _check(part)
    if symbol in _POWERS and not _is_several(parts[0]):
        raise _meets_itself(_factors(parts[0])[0], node)
    if symbol in _PRODUCTS:
        others = _factors(parts[1])
        for factor in _factors(parts[0]):
            if factor in others:
                raise _meets_itself(factor, node)


def _is_several(node: Any) -> bool:
    """Return whether a part of a formula is several terms, so that a power holds their products."""
    return _split(node)[0] in _SEVERAL and len(set(_factors(node))) > 1


def _meets_itself(factor: str, node: Any) -> SpecError:
    shown = unquoted(factor)
    levels = shown.startswith("C(")
    remedy = "Leave it out." if levels else f"For a square, write I({shown}**2)."
    return SpecError(
        f"`formula` multiplies '{shown}' by itself in '{_written(node)}', which in a formula is '{shown}' alone. {remedy}"
    )


def _split(node: Any) -> tuple[str, tuple[Any, ...]]:
    """Return operator and operands of a part of a formula; none of a factor."""
    operator = getattr(node, "operator", None)
    return ("", ()) if operator is None else (operator.symbol, tuple(node.args))


def _factors(node: Any) -> list[str]:
    """Return the factors of a part of a formula, exponents and other numbers aside."""
    symbol, parts = _split(node)
    if not symbol:
        return [] if str(node).isdecimal() else [str(node)]
    found = parts[:1] if symbol in _POWERS else parts
    return [factor for part in found for factor in _factors(part)]


def _written(node: Any) -> str:
    """Return a part of a formula as people write it."""
    symbol, parts = _split(node)
    if not symbol:
        return unquoted(str(node))
    space = "" if symbol in (":", *_POWERS) else " "
    sides = [f"({_written(part)})" if _split(part)[0] else _written(part) for part in parts]
    return f"{space}{symbol}{space}".join(sides)
