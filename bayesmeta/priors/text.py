"""Priors as text: ``"HalfNormal(0.5)"`` and back."""

import ast
from dataclasses import fields

from bayesmeta.errors import SpecError, nearest, shortened
from bayesmeta.priors.base import Prior
from bayesmeta.priors.bounded import Beta, Uniform
from bayesmeta.priors.positive import Exponential, Gamma, InverseGamma, LogNormal
from bayesmeta.priors.symmetric import (
    Cauchy,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    StudentT,
)

FAMILIES: dict[str, type[Prior]] = {
    family.__name__: family
    for family in (
        Normal,
        StudentT,
        Cauchy,
        HalfNormal,
        HalfStudentT,
        HalfCauchy,
        LogNormal,
        Exponential,
        Uniform,
        Gamma,
        InverseGamma,
        Beta,
    )
}
"""Every prior family by name, such as ``"HalfNormal"``: those that `parse_prior` reads."""


def parse_prior(text: str) -> Prior:
    """Return the prior that `text` writes down, such as ``"HalfNormal(0.5)"``.

    Parameters
    ----------
    text : str
        A family's name with its parameters in order or by name; only numbers are read, nothing
        is evaluated.

    Raises
    ------
    SpecError
        If the text is not a prior, names no family, or its parameters are wrong.

    Examples
    --------
    >>> from bayesmeta.priors import parse_prior
    >>> parse_prior("StudentT(df=4, loc=0, scale=1)")
    StudentT(4, 0, 1)
    """
    call = _call(text)
    family = FAMILIES.get(call.func.id)  # type: ignore[attr-defined]
    if family is None:
        name = call.func.id  # type: ignore[attr-defined]
        raise SpecError(f"'{shortened(name)}' is not a prior family. {nearest(name, FAMILIES)}")
    names = [field.name for field in fields(family)]  # type: ignore[arg-type]
    try:
        positional = [ast.literal_eval(node) for node in call.args]
        named = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
        return family(*positional, **named)
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, SpecError):
            raise
        form = f"{family.__name__}({', '.join(names)})"
        raise SpecError(
            f"A prior of this family is written {form}, in numbers; got '{shortened(text)}'."
        ) from error


def _call(text: str) -> ast.Call:
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # The last two are of text that is nested too deep, which of them differs by version of Python.
        node = None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise SpecError(f"A prior is written like 'Normal(0, 1.5)'; got '{shortened(text)}'.")
    return node
