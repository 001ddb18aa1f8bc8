"""Strata: parts of an arm written ``covariate=level``, terms joined by ``;``."""

import re
from itertools import pairwise
from math import inf

import pandas as pd

from bayesmeta.errors import EvidenceError, listed
from bayesmeta.evidence.columns import ARM, SPLIT_BY, STRATUM, STUDY

MIXED = "mixed_population"
"""Stratum of rows whose count includes patients outside the target population."""

_STRATUM = re.compile(r"([^=<>]+)(>=|<=|=|>|<)(.*)")


def is_stratum(text: str) -> bool:
    """Return whether `text` is blank or made of terms with a covariate and a level."""
    terms = [_STRATUM.fullmatch(term.strip()) for term in text.split(";")] if text.strip() else []
    return all(term is not None and term[1].strip() and term[3].strip() for term in terms)


def stratum_levels(text: str) -> dict[str, str]:
    """Return covariate and level of each term, such as ``"tp53=mut;lines>=2"``."""
    terms = (_STRATUM.fullmatch(term.strip()) for term in text.split(";") if term.strip())
    found = {
        term[1].strip(): term[3].strip() if term[2] == "=" else term[2] + term[3].strip()
        for term in terms
        if term
    }
    return {name: level for name, level in found.items() if name != MIXED}


def is_mixed(stratum: str) -> bool:
    """Return whether the count includes patients outside the target population."""
    return f"{MIXED}=yes" in ("".join(term.split()) for term in stratum.split(";"))


def with_stratum_column(frame: pd.DataFrame, strata: str | None) -> pd.DataFrame:
    """Return the rows with the level of the stratum asked for as a covariate of its name."""
    if strata is None:
        return frame
    levels = [stratum_levels(text)[strata] for text in frame[STRATUM]]
    found = frame.assign(**{strata: levels})
    check_apart(found, strata)
    return found


def check_apart(frame: pd.DataFrame, strata: str) -> None:
    """Raise if levels of an arm are ranges that share values."""
    single = frame[frame[SPLIT_BY] == ""] if SPLIT_BY in frame.columns else frame
    for (study, arm), own in single.groupby([STUDY, ARM])[strata]:
        if _ranges_overlap(list(own)):
            raise EvidenceError(
                f"The levels {listed(own)} of '{strata}' share patients of arm {'/'.join(filter(None, map(str, (study, arm))))}. "
                "Drop one of them."
            )


def _ranges_overlap(levels: list[str]) -> bool:
    """Return whether two levels written as ranges, such as ``>=1`` and ``>=2``, share values."""
    ranges = sorted(found for found in map(_range, levels) if found is not None)
    return any(low < high_before for (_, high_before), (low, _) in pairwise(ranges))


def _range(level: str) -> tuple[float, float] | None:
    """Return the ends of a level of numbers; a single number is a range of hardly any width."""
    term = re.fullmatch(r"(>=|<=|>|<)?\s*(-?\d+(?:\.\d+)?)", level)
    if term is None:
        return None
    value, little = float(term[2]), 1e-9
    return {
        None: (value, value + little),
        ">=": (value, inf),
        ">": (value + 2 * little, inf),
        "<=": (-inf, value + little),
        "<": (-inf, value - little),
    }[term[1]]
