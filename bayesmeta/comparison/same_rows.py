"""Models on the same arms: only then can their scores be compared."""

import warnings
from collections.abc import Mapping

import numpy as np

from bayesmeta.errors import EvidenceWarning, SettingsError, SpecError, listed
from bayesmeta.evidence import Arms
from bayesmeta.model import Design, ModelSpec, make_design

__all__ = ["same_rows"]


def same_rows(models: Mapping[str, ModelSpec], arms: Arms, rows: str) -> dict[str, Design]:
    """Return the design of each model, all on the same arms.

    Parameters
    ----------
    models : mapping
        Models by name.
    arms : Arms
        What was observed.
    rows : {"same", "common"}
        Refuse models that can't use the same arms, or take the arms that all can use.

    Raises
    ------
    SpecError
        If the models can't use the same arms and `rows` is ``"same"``, or no arm is left.
    SettingsError
        If `rows` is something else.

    Warns
    -----
    EvidenceWarning
        If arms are left out.
    """
    if rows not in ("same", "common"):
        raise SettingsError(f"`rows` must be 'same' or 'common'; got {rows!r}.")
    kept = {name: _usable(spec, arms) for name, spec in models.items()}
    lost = {label: [name for name in kept if label not in kept[name]] for label in arms.labels}
    lost = {label: names for label, names in lost.items() if names}
    if lost and any(len(names) < len(models) for names in lost.values()) and rows == "same":
        told = listed(f"{label} (not in {', '.join(names)})" for label, names in lost.items())
        raise SpecError(
            f"The models can't use the same arms, because a covariate is missing: {told}. Compare them on the arms that "
            "all can use by rows='common', or leave a model out."
        )
    dropped = np.array([label in lost for label in arms.labels], dtype=bool)
    if dropped.all():
        raise SpecError("There is no arm that all models can use. Leave a model out.")
    if dropped.any():
        warnings.warn(
            f"{dropped.sum()} of {len(arms)} arms are left out because not every model can use them: "
            f"{listed(arms.labels[dropped])}.",
            EvidenceWarning,
            stacklevel=3,
        )
        arms = arms.drop(dropped, "comparison: not every model can use this arm")
    return {name: make_design(spec, arms) for name, spec in models.items()}


def _usable(spec: ModelSpec, arms: Arms) -> set[str]:
    """Return the labels of the arms that a model can use."""
    with warnings.catch_warnings():
        # The comparison says itself what is left out.
        warnings.simplefilter("ignore", EvidenceWarning)
        return set(make_design(spec, arms, warn=False).arms.labels)
