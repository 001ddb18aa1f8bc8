"""The list of references, gathered from the docstrings and comments of the package."""

import re
from collections import defaultdict
from pathlib import Path
from urllib.parse import quote

import bayesmeta as bm
from making.public import NAMES

_NAME = r"[^\W\d_a-z][\w'-]+(?: [^\W\d_a-z][\w'-]+)?"
CITED = re.compile(
    rf"({_NAME}(?:(?:, | & | and ){_NAME})*(?: et al\.)?),? \(?(\d{{4}})\)?[,:]? \(?doi:(10\.\d{{4,}}/[^\s`\"<>]+)"
)
"""Names and year, and the DOI behind them."""


def make_references(package: Path, path: Path) -> None:
    """Write the list."""
    authors: dict[str, str] = {}
    for source in sorted(package.rglob("*.py")):
        for who, doi in citations(source.read_text(encoding="utf-8")):
            authors[doi] = max(authors.get(doi, ""), who, key=len)
    users = defaultdict(list)
    for name in NAMES:
        for _, doi in citations(documentation(name)):
            users[doi].append(name)
    lines = [
        f"- {who}. [doi:{doi}](https://doi.org/{quote(doi, safe='/')}){cited(users[doi])}"
        for doi, who in sorted(authors.items(), key=lambda item: item[1])
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def citations(text: str) -> set[tuple[str, str]]:
    """Return the authors with year, and the DOI, of each citation in a text."""
    found = CITED.findall(re.sub(r"[\s#]+", " ", text))
    return {(f"{who} {year}", without_mark(doi)) for who, year, doi in found}


def without_mark(doi: str) -> str:
    """Return a DOI without the punctuation of the sentence it stands in."""
    bare = doi.rstrip(".,;:")
    return bare.rstrip(").,;:") if bare.count("(") < bare.count(")") else bare


def documentation(name: str) -> str:
    """Return the docstring of a public name."""
    *_, room, own = name.split(".")
    return getattr(bm.plots if room == "plots" else bm, own).__doc__ or ""


def cited(names: list[str]) -> str:
    """Return the names that cite a source, as links."""
    unique = dict.fromkeys(names)
    return " " + ", ".join(f"{{py:obj}}`{name}`" for name in unique) if unique else ""
