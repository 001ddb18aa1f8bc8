"""Terms of exchangeable levels, and random walks, as learnt from arms; the same as JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from bayesmeta.errors import SpecError
from bayesmeta.model.coded_levels import NEW, CodedLevels, LevelsOf
from bayesmeta.model.level_terms import LevelTerm
from bayesmeta.model.walks import CodedWalk, learn_walk


def learn_levels(
    terms: Iterable[LevelTerm], frame: pd.DataFrame, levels_of: LevelsOf
) -> tuple[CodedLevels, ...]:
    """Return the terms with the levels, or the years, that the arms of `frame` have."""
    return tuple(
        learn_walk(term, frame) if term.walk else _levels(term, frame, levels_of) for term in terms
    )


def _levels(term: LevelTerm, frame: pd.DataFrame, levels_of: LevelsOf) -> CodedLevels:
    each = [levels_of(name, frame[name]) for name in term.columns]
    levels = tuple(sorted(set(zip(*each, strict=True))))
    for level in levels:
        if NEW in level:
            raise SpecError(
                f"`formula`: '{NEW}' is a level of {', '.join(term.columns)} in these arms; it means a level "
                "that no arm has. Rename it."
            )
    return CodedLevels(term, levels)


def levels_json(coded: Iterable[CodedLevels]) -> list[dict[str, Any]]:
    """Return terms of levels as JSON holds them."""
    return [
        {
            "columns": one.term.columns,
            "slope": one.term.slope,
            "walk": one.term.walk,
            "levels": one.levels,
        }
        for one in coded
    ]


def read_levels(content: Iterable[Mapping[str, Any]]) -> tuple[CodedLevels, ...]:
    """Return the terms of levels that `levels_json` made `content` of."""
    return tuple(map(_read, content))


def _read(content: Mapping[str, Any]) -> CodedLevels:
    # Runs of earlier releases have no walk.
    term = LevelTerm(tuple(content["columns"]), content["slope"], content.get("walk", False))
    levels = tuple(tuple(level) for level in content["levels"])
    return (CodedWalk if term.walk else CodedLevels)(term, levels)
