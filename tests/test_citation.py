"""The files by which the package is cited name the version that it has."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("CITATION.cff", r'^version: "?([\d.]+)"?$'),
        ("README.md", r"^  version = \{([\d.]+)\},$"),
        ("README.md", r'"bayesmeta \(Python\), version ([\d.]+)"'),
    ],
)
def test_the_version_is_that_of_the_package(file: str, pattern: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.findall(pattern, text, re.MULTILINE) == [PROJECT["version"]]


def test_authors_and_licence_are_those_of_the_package() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    names = re.findall(r"^  - name: (.+)$", text, re.MULTILINE)
    assert names == [author["name"] for author in PROJECT["authors"]]
    assert re.findall(r"^license: (.+)$", text, re.MULTILINE) == [PROJECT["license"]]
