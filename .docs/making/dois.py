"""DOIs in docstrings as links."""

import re
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx

from making.references import without_mark

DOI = re.compile(r"doi:(10\.\d{4,}/[^\s`\"<>]+)")


def linked(
    _app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]
) -> None:
    """Make each DOI of a docstring a link."""
    lines[:] = [DOI.sub(link, line) for line in lines]


def link(found: re.Match[str]) -> str:
    """Return a DOI as a link, with the punctuation behind it."""
    doi = without_mark(found[1])
    return f"`doi:{doi} <https://doi.org/{quote(doi, safe='/')}>`__{found[1][len(doi) :]}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Come after numpydoc, which knows the sections."""
    app.connect("autodoc-process-docstring", linked, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
