"""The order of the rooms: imports flow one way, and no modules import each other in a circle."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "bayesmeta"

ORDER = (
    # What every room may use.
    (
        "spelling",
        "arrays",
        "errors",
        "deprecated",
        "numeric",
        "paths",
        "bundled",
        "labels",
        "layout",
        "shown",
    ),
    ("rounding", "wording", "places", "progress"),
    ("runs",),
    ("spreadsheets",),
    ("priors",),
    ("evidence",),
    ("model",),
    ("inference",),
    ("estimates",),
    ("calibration",),
    ("sensitivity", "marginal_likelihood", "planning"),
    ("comparison", "multiverse"),
    ("plots",),
    ("report",),
    # The package itself: what these two use is public.
    ("bayesmeta",),
    ("selfcheck",),
    ("cli",),
    ("__main__",),
)
"""Rooms and modules, each row above those that may import it; within a row, as listed."""

CIRCLES: set[frozenset[str]] = set()
"""Circles that are still to be undone."""


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    return name.removesuffix(".__init__")


MODULES = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def is_of_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield what is executed, at import or when a function is called."""
    for child in ast.iter_child_nodes(node):
        if is_of_types_only(child):
            continue
        if isinstance(child, ast.stmt):
            yield child
        yield from statements(child)


def imported(module: str) -> Iterator[str]:
    """Yield the modules of the package that a module imports, in functions too."""
    for one in statements(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(one, ast.Import):
            yield from (name.name for name in one.names if name.name in MODULES)
        elif isinstance(one, ast.ImportFrom) and (one.module or "") in MODULES:
            whole = {f"{one.module}.{name.name}" for name in one.names}
            yield from (name if name in MODULES else str(one.module) for name in whole)


ON_DEMAND = {"bayesmeta", "bayesmeta.deprecated"}
"""These load public names when they are asked for."""

IMPORTS = {
    module: set() if module in ON_DEMAND else set(imported(module)) - {module} for module in MODULES
}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def test_every_room_has_its_place() -> None:
    listed = [room for row in ORDER for room in row]
    assert sorted(listed) == sorted({room_of(module) for module in MODULES})


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_rooms_before_its_own(module: str) -> None:
    places = {room: (i, j) for i, row in enumerate(ORDER) for j, room in enumerate(row)}
    own = places[room_of(module)]
    later = sorted(name for name in IMPORTS[module] if places[room_of(name)] > own)
    assert later == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: set(names) for module, names in IMPORTS.items()}
    found = set()
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = error.args[1]
            found.add(frozenset(circle))
            graph[circle[1]].discard(circle[0])
        else:
            break
    assert found - CIRCLES == set()


def test_the_architecture_page_names_what_there_is() -> None:
    page = ast.get_docstring(ast.parse(MODULES["bayesmeta"].read_text(encoding="utf-8")))
    assert page is not None
    named = {f"bayesmeta.{name}" for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", page)}
    assert named - set(MODULES) == set()
    rooms = re.findall(r"^`([a-z_]+)`  ", page, re.MULTILINE)
    listed = [room for row in ORDER for room in row]
    assert rooms == [room for room in listed if (PACKAGE / room).is_dir() and room != "bayesmeta"]
