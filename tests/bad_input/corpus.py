"""What the tests of bad input share: the corpus, and a folder to misuse."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bayesmeta as bm

HERE = Path(__file__).parent


def read_corpus(name: str) -> dict[str, Any]:
    """Return the entries of a TOML file of the corpus."""
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def named(case: dict[str, Any]) -> str:
    """Return what pytest calls a case."""
    return str(case["name"]).replace(" ", "_")


@dataclass(frozen=True)
class Workspace:
    """A folder with evidence, two saved runs and files that are none of bayesmeta's business."""

    folder: Path
    table: bm.EvidenceTable
    run: bm.Fit
    pooled: bm.Fit


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return every file of a folder with its bytes, every folder in it with None."""
    found = sorted(folder.rglob("*"))
    return {str(path): path.read_bytes() if path.is_file() else None for path in found}
