"""Figures as images inside a file."""

import base64
import io

from bayesmeta.plots.pages import Plot
from bayesmeta.plots.style import house_style

__all__ = ["data_uri"]

LARGEST_SVG = 250_000
"""Bytes of a drawing beyond which its pixels are smaller: thousands of marks."""

DPI = 160


def data_uri(plot: Plot) -> str:
    """Return a figure as an address that holds it: a drawing, or pixels where that is smaller."""
    drawing = _svg(plot)
    if len(drawing) <= LARGEST_SVG:
        return f"data:image/svg+xml;base64,{base64.b64encode(drawing).decode()}"
    return f"data:image/png;base64,{base64.b64encode(plot.png(dpi=DPI)).decode()}"


def _svg(plot: Plot) -> bytes:
    """Return the drawing; letters are outlines, as readers may lack the font."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with house_style(), rc_context({"svg.fonttype": "path"}):
        plot.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "bayesmeta"})
    return buffer.getvalue()
