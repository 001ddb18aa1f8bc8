"""A report as one HTML file that needs no other and asks for nothing from the network."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from latex2mathml.converter import convert
from markupsafe import Markup, escape

from bayesmeta.report.document import Document, Table
from bayesmeta.report.rendering.pieces import data_uri, shown_width, with_commands

SHORT = 16
"""Cells of no more characters are never broken into lines."""

UNBROKEN = 24
"""Words of more characters may be broken anywhere."""

PORTRAIT, LANDSCAPE = 105, 155
"""Characters across a printed page, in the size that tables have there."""

GAP = 2
"""Characters between columns."""

JOINTS = re.compile(r"(?<=[_=;/])")
"""Where the name of a stratum or arm, which has no spaces, may go on in the next line."""


def as_html(document: Document) -> bytes:
    """Return the report as HTML; every text is escaped, and no script but its own may run."""
    style, script = resource("report.css"), resource("report.js")
    text = (
        environment()
        .from_string(resource("report.html.j2"))
        .render(
            document=document,
            labels=document.labels,
            anchor=_anchor,
            kind=lambda block: type(block).__name__,
            style=Markup(style),  # noqa: S704 - a file of the package
            script=Markup(script),  # noqa: S704 - a file of the package
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            image=data_uri,
            shown_width=shown_width,
            mathml=_mathml,
            sentence=_sentence,
            breakable=_breakable,
            breadth=_breadth,
            SHORT=SHORT,
            UNBROKEN=UNBROKEN,
            longest_word=_longest_word,
        )
    )
    return text.encode()


def _mathml(latex: str) -> Markup:
    """Return a formula of the report's own as MathML, which browsers draw themselves."""
    return Markup(convert(latex, display="block"))  # noqa: S704 - the converter escapes its text


def _anchor(label: str) -> str:
    """Return what links to a table or figure name, such as ``"table-1"``."""
    return label.lower().replace(" ", "-")


def _sentence(text: str) -> Markup:
    """Return text, escaped, in which the report's own commands are code."""
    return Markup("").join(with_commands(text, escape, Markup("<code>{}</code>").format))


def _breakable(text: str) -> Markup:
    """Return a sentence with the places where a line may end."""
    pieces = with_commands(text, _jointed, Markup("<code>{}</code>").format)
    return Markup("").join(pieces)


def _jointed(text: str) -> Markup:
    return Markup("<wbr>").join(escape(piece) for piece in JOINTS.split(text))


def _longest_word(text: str) -> int:
    """Return how many characters are never parted."""
    return max((len(word) for piece in text.split() for word in JOINTS.split(piece)), default=0)


def _breadth(table: Table) -> str:
    """Return the class of a table by how it fits a printed page at its narrowest."""
    columns = zip(table.columns, *table.rows, strict=True)
    least = sum(
        GAP + max([_least(heading, 0), *(_least(cell, SHORT) for cell in cells)])
        for heading, *cells in columns
    )
    if least <= PORTRAIT:
        return ""
    return "broad" if least <= LANDSCAPE else "broadest"


def _least(text: str, short: int) -> int:
    return len(text) if len(text) <= short else min(_longest_word(text), UNBROKEN)


@cache
def environment() -> Environment:
    """Return what fills templates, every text escaped."""
    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def resource(name: str) -> str:
    """Return the text of a file of the templates."""
    return (files("bayesmeta.report") / "templates" / name).read_text(encoding="utf-8")
