"""Strata: parts of an arm written ``covariate=level``, terms joined by ``;``."""

import re

__all__ = ["MIXED", "is_mixed", "is_stratum", "stratum_levels"]

MIXED = "mixed_population"
"""Stratum of rows whose count includes patients outside the target population."""

_STRATUM = re.compile(r"([^=<>]+)(>=|<=|=|>|<)(.*)")


def is_stratum(text: str) -> bool:
    """Return whether `text` is blank or made of terms with a covariate and a level."""
    terms = [_STRATUM.fullmatch(term.strip()) for term in text.split(";")] if text.strip() else []
    return all(term is not None and term[1].strip() and term[3].strip() for term in terms)


def stratum_levels(text: str) -> dict[str, str]:
    """Return covariate and level of each term of a stratum, such as ``"tp53=mut;lines>=2"``.

    The population marker is no covariate and is left out.
    """
    terms = (_STRATUM.fullmatch(term.strip()) for term in text.split(";") if term.strip())
    found = {term[1]: term[3] if term[2] == "=" else term[2] + term[3] for term in terms if term}
    return {name: level for name, level in found.items() if name != MIXED}


def is_mixed(stratum: str) -> bool:
    """Return whether the count includes patients outside the target population."""
    return f"{MIXED}=yes" in (term.strip() for term in stratum.split(";"))
