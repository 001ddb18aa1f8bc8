"""Models of nested outcomes. In: a `NestedSpec` and `Arms`. Out: designs and PyMC models.

The outcomes are chained outermost first by the ratios of each to the one around it: with CR within
CR_CRi within ORR, P(ORR), P(CR_CRi | ORR) and P(CR | CR_CRi). Whatever the ratios, the outcomes stay
nested.
"""

from bayesmeta.model.nested.build import build_nested
from bayesmeta.model.nested.design import NestedDesign, make_nested_design
from bayesmeta.model.nested.files import (
    bundled_nested_models,
    load_nested_model,
    nested_model_hash,
    nested_to_toml,
    parse_nested_model,
)
from bayesmeta.model.nested.spec import LKJ, NestedSpec

__all__ = [
    "LKJ",
    "NestedDesign",
    "NestedSpec",
    "build_nested",
    "bundled_nested_models",
    "load_nested_model",
    "make_nested_design",
    "nested_model_hash",
    "nested_to_toml",
    "parse_nested_model",
]
