"""Formulae as MathML, which browsers draw themselves: no script, no fonts, no network."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

APART = r"\qquad"
"""What stands between formulae of one line; on a narrow page each has a line of its own."""

LETTERS = re.compile(r'<mrow>((?:<mi mathvariant="normal">\w</mi>){2,})</mrow>')
"""A word in upright letters, each an identifier."""

MENDED = (
    ("<mi>&#x0007E;</mi>", "<mo>&#x0223C;</mo>"),
    (r'(?<!<msup>)<mi>log</mi>(?!<mo stretchy="false">)', '<mi>log</mi><mspace width="0.17em" />'),
)
"""Signs that the converter writes without the space of a relation, or of a function's name."""


def mathml(formula: str, display: str) -> str:
    """Return a formula as MathML."""
    found = LETTERS.sub(word, convert(formula, display=display))
    for written, mended in MENDED:
        found = re.sub(written, mended, found)
    return found


def word(letters: re.Match[str]) -> str:
    """Return a word as one identifier, which is upright and read as a word."""
    return f"<mi>{re.sub('<[^>]*>', '', letters[1])}</mi>"


def visit_inline(translator: Any, node: nodes.Element) -> None:
    """Write a formula within a line."""
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_displayed(translator: Any, node: nodes.Element) -> None:
    """Write formulae on a line of their own."""
    parts = [mathml(part, "block") for part in node.astext().split(APART)]
    translator.body.append(f'<div class="formula">{"".join(parts)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
