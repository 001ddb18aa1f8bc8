"""A report as one HTML file that needs no other and asks for nothing from the network."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from latex2mathml.converter import convert
from markupsafe import Markup, escape

from bayesmeta.report.document import Document
from bayesmeta.report.rendering.images import data_uri

__all__ = ["as_html"]

JOINTS = re.compile(r"(?<=[_=;/])")
"""Where the name of a stratum or arm, which has no spaces, may go on in the next line."""


def as_html(document: Document) -> bytes:
    """Return the report as HTML; every text is escaped, and no script but its own may run."""
    style, script = _resource("report.css"), _resource("report.js")
    text = (
        _environment()
        .from_string(_resource("report.html.j2"))
        .render(
            document=document,
            kind=lambda block: type(block).__name__,
            style=Markup(style),  # noqa: S704 - a file of the package
            script=Markup(script),  # noqa: S704 - a file of the package
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            image=data_uri,
            mathml=_mathml,
            breakable=_breakable,
        )
    )
    return text.encode()


def _mathml(latex: str) -> Markup:
    """Return a formula of the report's own as MathML, which browsers draw themselves."""
    return Markup(convert(latex, display="block"))  # noqa: S704 - the converter escapes its text


def _breakable(text: str) -> Markup:
    """Return text, escaped, with the places where a line may end."""
    return Markup("<wbr>").join(escape(piece) for piece in JOINTS.split(text))


@cache
def _environment() -> Environment:
    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _resource(name: str) -> str:
    return (files("bayesmeta.report") / "templates" / name).read_text(encoding="utf-8")
