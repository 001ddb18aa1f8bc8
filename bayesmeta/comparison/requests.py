"""What a comparison is asked for, checked: models, arms, and the arms that all models can use."""

import warnings
from collections.abc import Mapping

import numpy as np

from bayesmeta.errors import EvidenceError, EvidenceWarning, SettingsError, SpecError, listed
from bayesmeta.evidence import Arms
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design, ModelSpec, make_design

__all__ = ["applicable", "check_arms", "check_method", "check_settings", "check_spec", "same_rows"]


def check_spec(spec: object, name: str = "spec") -> None:
    """Raise unless `spec` is a ModelSpec."""
    if not isinstance(spec, ModelSpec):
        raise SpecError(
            f"`{name}` must be a ModelSpec; got {type(spec).__name__}. Make one by load_model or ModelSpec; "
            "a user-supplied PyMC model can't be fitted without a study."
        )


def check_arms(arms: object) -> None:
    """Raise unless `arms` has two studies with patients or more."""
    if not isinstance(arms, Arms):
        raise SettingsError(
            f"`arms` must be Arms; got {type(arms).__name__}. Make them by read_evidence(...).select(...)."
        )
    studies = arms.frame.loc[arms.frame["n"] > 0, "study"].nunique()
    if studies < 2:  # noqa: PLR2004
        raise EvidenceError(
            f"Leaving studies out needs two studies with patients or more; got {studies}. Select more."
        )


def check_settings(settings: object) -> None:
    """Raise unless `settings` is SamplerSettings or None."""
    if not isinstance(settings, SamplerSettings | None):
        raise SettingsError(
            f"`settings` must be SamplerSettings; got {type(settings).__name__}. Write SamplerSettings(draws=...)."
        )


def check_method(method: object) -> str:
    """Return how studies are left out after checking it."""
    if method not in ("exact", "psis"):
        raise SettingsError(f"`method` must be 'exact' or 'psis'; got {method!r}.")
    return str(method)


def applicable(
    models: Mapping[str, ModelSpec], arms: Arms
) -> tuple[dict[str, ModelSpec], dict[str, str]]:
    """Return the models that fit the arms, and of each other one the reason; raise if none fits."""
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


def same_rows(models: Mapping[str, ModelSpec], arms: Arms, rows: str) -> dict[str, Design]:
    """Return the design of each model, all on the same arms.

    `rows` says what to do where models can't use the same: "same" refuses, "common" takes the arms
    that all can use, and warns.
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
