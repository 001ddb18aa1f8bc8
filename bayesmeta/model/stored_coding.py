"""A coding as JSON, so that a saved run need not learn it again."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.model.coding import Coding
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.learnt_levels import levels_json, read_levels
from bayesmeta.model.terms import FormulaicTerms, PlainTerms, Terms, prepared_columns
from bayesmeta.model.values import Numbers


def coding_json(coding: Coding) -> dict[str, Any]:
    """Return what a coding has learnt from its arms, as JSON holds it."""
    return {
        "names": list(coding.names),
        "levels": {name: list(levels) for name, levels in coding.levels.items()},
        "centres": coding.centres,
        "origin": coding.origin.tolist(),
        "by": coding.by,
        "numbers": {name: numbers._asdict() for name, numbers in coding.numbers.items()},
        "spreads": dict(coding.spreads),
        "terms": coding.terms.content(),
        "exchangeable": levels_json(coding.exchangeable),
    }


def read_coding(content: Mapping[str, Any], covariates: Covariates) -> Coding:
    """Return the coding of `covariates` that `coding_json` made `content` of."""
    levels = {name: tuple(own) for name, own in content["levels"].items()}
    return Coding(
        covariates,
        tuple(content["names"]),
        levels,
        content["centres"],
        np.array(content["origin"], dtype=np.float64),
        _terms(content, covariates, levels),
        content["by"],
        {name: Numbers(**numbers) for name, numbers in content["numbers"].items()},
        content["spreads"],
        read_levels(content.get("exchangeable", ())),
    )


def _terms(
    content: Mapping[str, Any], covariates: Covariates, levels: Mapping[str, tuple[str, ...]]
) -> Terms:
    found, centres = content["terms"], content["centres"]
    if "formula" not in found:
        return PlainTerms(
            found["centres"], {name: tuple(own) for name, own in found["levels"].items()}
        )
    # Any row that can be coded shows formulaic the kinds of the columns.
    reference = {
        name: levels[name][0] if name in levels else centres[name]
        for name in covariates.parsed.fixed_columns
    }
    row = prepared_columns(pd.DataFrame([reference]), covariates, levels, centres)
    return FormulaicTerms.restored(found["formula"], found["learnt"], row)
