"""What the cells of notebooks print, set as the output of commands is."""

from docutils import nodes
from sphinx.application import Sphinx

from making.lines import lines_html

LATE = 900
"""After what reads the text of outputs."""


def fold(_app: Sphinx, document: nodes.document) -> None:
    """Let the sentences that a notebook prints wrap."""
    for block in list(document.findall(nodes.literal_block)):
        if "output" in block.get("classes", []):
            block.replace_self(nodes.raw("", lines_html(block.astext()), format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Come where the outputs are in the document."""
    app.connect("doctree-read", fold, priority=LATE)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
