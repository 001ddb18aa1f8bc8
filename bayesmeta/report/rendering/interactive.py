"""The interactive page as one HTML file: style, data and script are within it."""

import base64
import hashlib
import json
from functools import cache

from markupsafe import Markup

from bayesmeta.plots import style as looks
from bayesmeta.report.interactive_page import InteractivePage
from bayesmeta.report.rendering.html import environment, resource

SCRIPTS = ("beta", "trial", "words", "state", "figures", "page")
"""Files of the script, each after those that it needs."""

COLOURS = ("MODEL", "ALARM", "INK", "RANGE")


def as_interactive(page: InteractivePage) -> bytes:
    """Return the page as HTML; every text is escaped, and no script but its own may run."""
    script = _script()
    text = (
        environment()
        .from_string(resource("interactive/page.html.j2"))
        .render(
            page=page,
            style=Markup(_style()),  # noqa: S704 - a file of the package
            script=Markup(script),  # noqa: S704 - files of the package
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            data=_as_data(page.data),
        )
    )
    return text.encode()


@cache
def _script() -> str:
    return "".join(resource(f"interactive/{name}.js") for name in SCRIPTS)


@cache
def _style() -> str:
    own = resource("interactive/page.css")
    for name in COLOURS:
        own = own.replace(f"{{{{{name}}}}}", getattr(looks, name))
    return resource("report.css") + own


def _as_data(content: object) -> Markup:
    """Return JSON that cannot end the element that it stands in."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - holds no markup
