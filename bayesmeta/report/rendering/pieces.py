"""Pieces of a report in a format: commands in sentences, and figures as images inside a file."""

import base64
import io
import re
from collections.abc import Callable, Iterator

from matplotlib.text import Text
from PIL import Image

from bayesmeta.plots.pages import Plot
from bayesmeta.plots.style import house_style

COMMAND = re.compile(r"`(bayesmeta(?: [a-z][a-z-]*)*|--[a-z][a-z-]*|bayesmeta\.[a-z_]+)`")
"""No more than words of its own: what else stands between backticks, such as a name, stays text."""


def with_commands(
    text: str, plain: Callable[[str], str], command: Callable[[str], str]
) -> Iterator[str]:
    """Yield text in pieces, each written by what writes commands or plain text."""
    for i, piece in enumerate(COMMAND.split(text)):
        yield command(piece) if i % 2 else plain(piece)


LARGEST_SVG = 250_000
"""Bytes of a drawing beyond which pixels are tried: thousands of marks."""

DPI, COLOURS = 160, 64
"""Of pixels: the figures have few colours, and as many keep the edges of letters smooth."""

LEAST = 12 * 72 / 96
"""Points of the smallest letters that a screen shows: 12 pixels."""


def shown_width(plot: Plot) -> float:
    """Return in how many inches a figure is shown, so that its smallest letters can be read."""
    written = [
        float(text.get_fontsize())
        for text in plot.figure.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    ]
    return float(plot.figure.get_figwidth()) * max(1.0, LEAST / min(written, default=LEAST))


def data_uri(plot: Plot) -> str:
    """Return a figure as an address that holds it: a drawing, or pixels where those are smaller."""
    drawing = _svg(plot)
    if len(drawing) > LARGEST_SVG and len(pixels := _png(plot)) < len(drawing):
        return f"data:image/png;base64,{base64.b64encode(pixels).decode()}"
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing).decode()}"


def _png(plot: Plot) -> bytes:
    """Return the figure in pixels of a palette."""
    buffer = io.BytesIO()
    picture = Image.open(io.BytesIO(plot.png(dpi=DPI))).convert("RGB")
    picture.quantize(COLOURS).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def _svg(plot: Plot) -> bytes:
    """Return the drawing; letters are outlines, as readers may lack the font."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with house_style(), rc_context({"svg.fonttype": "path"}):
        plot.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "bayesmeta"})
    return buffer.getvalue()
