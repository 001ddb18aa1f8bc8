"""Which models can be told from the arms of a comparison, and why others can't."""

import warnings
from collections.abc import Mapping

from bayesmeta.errors import EvidenceError, EvidenceWarning, SpecError
from bayesmeta.evidence import Arms
from bayesmeta.model import ModelSpec, make_design

__all__ = ["applicable"]


def applicable(
    models: Mapping[str, ModelSpec], arms: Arms
) -> tuple[dict[str, ModelSpec], dict[str, str]]:
    """Return the models that fit the arms, and of each other one the reason, by name.

    Raises
    ------
    SpecError, EvidenceError
        If no model fits the arms.
    """
    reasons: dict[str, str] = {}
    first: Exception | None = None
    for name, spec in models.items():
        try:
            with warnings.catch_warnings():
                # The design that is used tells them.
                warnings.simplefilter("ignore", EvidenceWarning)
                make_design(spec, arms, warn=False)
        except (SpecError, EvidenceError) as error:
            reasons[name] = str(error).removeprefix(f"{name}: ")
            first = first or error
    if first is not None and len(reasons) == len(models):
        raise first
    return {name: spec for name, spec in models.items() if name not in reasons}, reasons
