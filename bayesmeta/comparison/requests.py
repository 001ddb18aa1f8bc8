"""What a comparison is asked for, checked."""

from bayesmeta.errors import EvidenceError, SettingsError, SpecError
from bayesmeta.evidence import Arms
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import ModelSpec

__all__ = ["check_arms", "check_method", "check_settings", "check_spec"]


def check_spec(spec: object, name: str = "spec") -> None:
    """Raise unless `spec` is a ModelSpec."""
    if not isinstance(spec, ModelSpec):
        raise SpecError(
            f"`{name}` must be a ModelSpec; got {type(spec).__name__}. Make one by load_model or ModelSpec; "
            "a PyMC model of one's own can't be fitted without a study."
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
