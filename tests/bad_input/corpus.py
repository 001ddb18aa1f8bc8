"""What the tests of bad input share: the corpus, and a folder to misuse."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bayesmeta as bm

HERE = Path(__file__).parent

BAD_INPUT = 2
LONGEST_MESSAGE = 2_000
DECORATION = re.compile(r"\x1b\[[\d;]*m|[│╭╮╰╯─]")

Refuse = Callable[[list[str]], str]


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


def check_refusal(code: object, printed: str, message: str) -> None:
    assert (code, printed) == (BAD_INPUT, ""), message
    assert "Traceback" not in message
    assert len(message) < LONGEST_MESSAGE


def check_message(message: str, patterns: list[str]) -> None:
    plain = " ".join(DECORATION.sub("", message).split())
    unmatched = [pattern for pattern in patterns if not re.search(pattern, plain)]
    assert not unmatched, plain
