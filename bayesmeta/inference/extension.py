"""nutpie's compiled part without the rest of nutpie, which takes half a second to import."""

import importlib
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

__all__ = ["nutpie_extension"]

_NAME = "nutpie._lib"


def nutpie_extension() -> Any:
    """Return the module `nutpie._lib`.

    Importing it by its name would first run nutpie's package, which imports ArviZ, Matplotlib and
    their like for what is not used here. So the file of the module is looked up and loaded by
    itself, under its own name: nutpie, should it be imported later, finds it there.
    """
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    package = find_spec("nutpie")
    places = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec(_NAME, places) if places else None
    if spec is None or spec.loader is None:
        return importlib.import_module(_NAME)
    module = module_from_spec(spec)
    sys.modules[_NAME] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[_NAME]
        raise
    return module
