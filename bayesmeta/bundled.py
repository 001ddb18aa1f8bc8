"""What comes with the package, by name: models and evidence tables. No numbers are loaded for this."""

from pathlib import Path

__all__ = [
    "OF_STRATA",
    "OF_SURVIVAL",
    "OF_YEARS",
    "all_models",
    "catalogue",
    "evidence",
    "evidence_names",
    "model_names",
]

PACKAGE = Path(__file__).parent

OF_STRATA, OF_SURVIVAL, OF_YEARS = "strata", "survival", "years"
"""Folders of bundled models of arms that are divided by the levels of a stratum, of survival, and of
arms with a calendar year."""


def catalogue() -> Path:
    """Return the folder of bundled models: inside an installed package, beside it in a checkout."""
    installed = PACKAGE / "model" / "catalogue"
    return installed if installed.is_dir() else PACKAGE.parent / "models"


def model_names(folder: str = "") -> tuple[str, ...]:
    """Return the names of the models in a folder of the catalogue; those of whole arms by default."""
    return tuple(sorted(path.stem for path in (catalogue() / folder).glob("*.toml")))


def all_models() -> tuple[str, ...]:
    """Return the names of all bundled models."""
    folders = ("", OF_STRATA, OF_SURVIVAL, OF_YEARS)
    return tuple(name for folder in folders for name in model_names(folder))


def evidence() -> Path:
    """Return the folder of bundled evidence, which has a folder for each table."""
    return PACKAGE / "evidence" / "data"


def evidence_names() -> tuple[str, ...]:
    """Return the names of the bundled tables."""
    return tuple(sorted(path.name for path in evidence().iterdir() if path.is_dir()))
