"""What a stored result depends on, and whether that is still so.

Three things are kept with each result. The model and the layout of its evidence, as a hash. The
density, as its values and those of the variables at fixed points: rewriting it leaves them, another
posterior or other coordinates do not. The code of every module that a fit runs through, as a hash
each, of its syntax without docstrings, comments and formatting.

A result is *stale* if one of the first two differs: it is about another posterior. It is *edited*
if only code differs: to be run again in time, but not disproved.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.calibration.case import Case
from bayesmeta.calibration.cases import all_cases
from bayesmeta.calibration.results import CaseResult
from bayesmeta.errors import listed
from bayesmeta.inference.targets import Target

ROOT = "bayesmeta.calibration.trials"
"""Module where the code of a result begins; what it imports of this package belongs to it."""

APART = ("bayesmeta.evidence", "bayesmeta.errors", "bayesmeta.calibration.layouts")
"""What cannot change a result, or only through the model and layout, which are kept themselves."""

POINTS = 6
RATE = 0.4
"""Share of responders in the evidence that the density is evaluated on, among all patients or those
with the enclosing outcome."""

TOLERANCE = 1e-6
"""Relative difference that is rounding; platforms differ by less."""

Identity = dict[str, Any]

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Change:
    """What became of a result since it was stored: why it is `stale`, and modules that were `edited`."""

    stale: str = ""
    edited: tuple[str, ...] = ()

    @property
    def current(self) -> bool:
        """Whether nothing differs."""
        return not self.stale and not self.edited


def identity_of(case: Case) -> Identity:
    """Return what the result of a case depends on, as JSON can hold it."""
    # One of them where both are the same.
    designs = case.designs[: 1 if case.judged else 2]
    probes = [_probe(case.probed(design, RATE)) for design in designs]
    return {
        "model": sha256(case.text.encode()).hexdigest()[:16],
        "density": [float(f"{value:.10g}") for probe in probes for value in probe],
        "code": dict(_code()),
    }


def changes(stored: Mapping[str, Any], now: Mapping[str, Any]) -> Change:
    """Return what differs between the identity stored with a result and that of its case now."""
    before, after = stored["code"], now["code"]
    edited = tuple(
        name for name in sorted({*before, *after}) if before.get(name) != after.get(name)
    )
    if stored["model"] != now["model"]:
        return Change("its model or the layout of its evidence is another", edited)
    same = len(stored["density"]) == len(now["density"]) and np.allclose(
        stored["density"], now["density"], rtol=TOLERANCE, atol=TOLERANCE
    )
    return Change("" if same else "its density has other values", edited)


def status(results: Sequence[CaseResult]) -> pd.DataFrame:
    """Return what became of stored results, and which cases have none.

    One row per case: `case`, `part`, `state` (``"current"``, ``"edited"``, ``"stale"`` or
    ``"missing"``) and `reason`.
    """
    cases = {case.name: case for case in all_cases()}
    rows = [(result.name, result.part, *_state(result, cases)) for result in results]
    stored = {result.name for result in results}
    rows += [
        (case.name, case.part, "missing", "it was never run")
        for case in cases.values()
        if case.name not in stored
    ]
    return pd.DataFrame(rows, columns=["case", "part", "state", "reason"])


def _state(result: CaseResult, cases: Mapping[str, Case]) -> tuple[str, str]:
    if result.name not in cases:
        return "stale", "there is no such case any more"
    change = changes(result.identity, identity_of(cases[result.name]))
    if change.stale:
        return "stale", change.stale
    return ("edited", listed(change.edited)) if change.edited else ("current", "")


def _probe(probed: Target) -> Iterator[float]:
    """Yield the density, its gradient and the variables at points that never change."""
    for k in range(POINTS):
        # Sines rather than random numbers, whose streams may change with numpy.
        point = 1.5 * np.sin(1.0 + 12.9898 * k + 78.233 * np.arange(probed.size))
        gradient = np.zeros(probed.size)
        yield probed.log_density(point, gradient)
        yield float(gradient @ np.cos(np.arange(probed.size)))
        for _, values in sorted(probed.probed(point).items()):
            yield float(values.ravel() @ np.cos(np.arange(values.size)))


@cache
def _code() -> Mapping[str, str]:
    """Return the hash of every module that a fit runs through, by name."""
    found: dict[str, str] = {}
    waiting = [ROOT]
    while waiting:
        name = waiting.pop()
        if name in found or name.startswith(APART):
            continue
        tree = ast.parse(_source(name))
        found[name] = sha256("".join(_syntax(tree)).encode()).hexdigest()[:12]
        waiting += _imports(tree)
    return dict(sorted(found.items()))


def _source(name: str) -> str:
    path = _PACKAGE.joinpath(*name.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return file.read_text(encoding="utf-8")


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of this package that a module imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bayesmeta."):
            yield str(node.module)


def _syntax(node: Any) -> Iterator[str]:
    """Yield the syntax of a node without docstrings and without what is empty.

    Own text rather than `ast.dump`, whose form differs between versions of Python.
    """
    if isinstance(node, list):
        for child in node:
            yield from _syntax(child)
    elif not isinstance(node, ast.AST):
        yield repr(node)
    elif not _is_docstring(node):
        yield type(node).__name__
        for name, value in ast.iter_fields(node):
            if value not in (None, []) and name != "type_comment":
                yield f"({name}="
                yield from _syntax(value)
                yield ")"


def _is_docstring(node: ast.AST) -> bool:
    """Return whether a statement is text alone, which does nothing."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
