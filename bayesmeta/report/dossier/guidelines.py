"""What guidelines ask, item by item, and where each answer comes from: read from versioned files."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

FDA, E20, PRISMA = "fda_bayesian", "ich_e20", "prisma_2020"
"""Names of the files."""


@dataclass(frozen=True)
class Item:
    """What a guideline asks for in one place.

    `asked` is in our own words; `answers` name what answers it; `to_be_said` is what no program can,
    empty where nothing is left.
    """

    id: str
    topic: str
    asked: str
    answers: tuple[str, ...] = ()
    to_be_said: str = ""


@dataclass(frozen=True)
class Guideline:
    """A guideline as a list of items.

    `version` is that of the mapping, which changes with any item; `basis` says what it was made from;
    `speaker` is who must say what no program can.
    """

    id: str
    version: int
    of: Literal["plan", "fit"]
    speaker: str
    title: str
    issuer: str
    status: str
    date: str
    reference: str
    basis: str
    items: tuple[Item, ...]

    @property
    def about(self) -> str:
        """What it is, in a sentence."""
        return (
            f"{self.title}. {self.issuer}, {self.status}, {self.date} ({self.reference}). Version {self.version} of the "
            f"mapping. {self.basis}"
        )


@cache
def guideline(name: str) -> Guideline:
    """Return the guideline of a file of the package."""
    file = files("bayesmeta.report.dossier") / "mappings" / f"{name}.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    rows = [{**row, "answers": tuple(row.get("answers", ()))} for row in content.pop("items")]
    return Guideline(**content, items=tuple(Item(**row) for row in rows))
