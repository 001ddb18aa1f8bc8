"""What is read out for the figures of the notebooks, whose outputs have no text of that kind."""

import re

from docutils import nodes
from sphinx.application import Sphinx

from making.gallery import sentence
from making.public import FIGURES

DRAWN = re.compile(r"Plot\((\w+): (.+)\)")
"""How a figure prints itself."""


def describe(_app: Sphinx, document: nodes.document) -> None:
    """Give each figure of a notebook a text: what it shows, or the heading that it stands under."""
    for image in document.findall(nodes.image):
        if not image.get("alt"):
            image["alt"] = printed(image) or heading(image)


def printed(image: nodes.image) -> str:
    """Return what a figure of `bm.plots` shows, by what it prints."""
    output = image.parent.parent
    found = DRAWN.search(output.astext()) if output is not None else None
    if found is None or found[1] not in FIGURES:
        return ""
    return f"{sentence(found[1])} {found[2][0].upper()}{found[2][1:]}."


def heading(node: nodes.Node) -> str:
    """Return the heading of the section that a node stands in."""
    while node is not None and not isinstance(node, nodes.section):
        node = node.parent
    return "" if node is None else f"Figure: {node[0].astext()}."


def setup(app: Sphinx) -> dict[str, bool]:
    """Come where the outputs are in the document."""
    app.connect("doctree-read", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
