"""The look that all figures share: colours, fonts and files.

Colours are those of Okabe & Ito, which colour-blind readers tell apart; where they carry meaning,
shape and lightness carry it too, so that figures survive a greyscale printer.
"""

import io
from contextlib import AbstractContextManager
from functools import cache
from os import PathLike
from typing import Any

from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bayesmeta.errors import RunError, SettingsError
from bayesmeta.paths import expanded

INK, FAINT, BAND = "#1a1a1a", "#cfcfcf", "#ededed"
"""Text and axes; grids and rules; bands behind headings."""

OBSERVED, MODEL, RANGE = "#5a5a5a", "#0072b2", "#56b4e9"
"""What was seen; what the model says, and within which range."""

PREDICTION, ALARM = "#f2c14e", "#b03000"
"""What the model expects of a new study; a warning."""

LINES: tuple[dict[str, Any], ...] = (
    {"color": MODEL, "linestyle": "-", "linewidth": 1.8},
    {"color": ALARM, "linestyle": "--", "linewidth": 1.4},
    {"color": INK, "linestyle": ":", "linewidth": 1.6},
    {"color": OBSERVED, "linestyle": "-.", "linewidth": 1.4},
    {"color": RANGE, "linestyle": (0, (7, 2)), "linewidth": 2.2},
    {"color": PREDICTION, "linestyle": (0, (4, 1, 1, 1, 1, 1)), "linewidth": 2.2},
)
"""Looks of lines, distinguished by their strokes as well as their colours."""

LEVELS = (MODEL, ALARM, "#009e73", "#cc79a7", INK, PREDICTION)
"""Levels of a factor, whose lines differ in their strokes, too."""

DOT: dict[str, Any] = {"color": MODEL, "edgecolor": "white", "linewidth": 0.4}
HOLLOW: dict[str, Any] = {"facecolor": "white", "edgecolor": MODEL, "linewidth": 1.0}
"""Marks of estimates."""

SMALL, BODY, TITLE = 7.0, 8.0, 10.5
"""Font sizes in points."""

FAMILY = "DejaVu Sans"
"""It comes with Matplotlib, so that text has the same size everywhere."""

OTHER_SCRIPTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Microsoft YaHei",
    "Hiragino Sans",
    "Arial Unicode MS",
)
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": "bayesmeta"},
    "svg": {"Date": None, "Creator": "bayesmeta"},
    "pdf": {"CreationDate": None, "Creator": "bayesmeta"},
}
"""What is written into each format; no date, so that the same figure is the same file."""


def symbol(marker: Any, size: float, face: str, edge: str, *, width: float = 0.8) -> dict[str, Any]:
    """Return the look of a line that is one mark."""
    return {
        "linestyle": "none",
        "marker": marker,
        "markersize": size,
        "markerfacecolor": face,
        "markeredgecolor": edge,
        "markeredgewidth": width,
    }


def house_style() -> AbstractContextManager[None]:
    """Return a context in which figures look alike, whatever the user's own settings."""
    settings = {
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.labelpad": 2,
        "axes.linewidth": 0.8,
        "font.family": [*families(), "sans-serif"],
        "font.size": BODY,
        "pdf.fonttype": 42,
        "svg.fonttype": "none",
        "svg.hashsalt": "bayesmeta",
        "text.color": INK,
        "text.hinting": "none",
        "text.parse_math": False,
        "xtick.color": INK,
    }
    return style.context(["default", settings])


def save_figure(figure: Figure, path: str | PathLike[str], *, dpi: int = 300) -> None:
    """Write `figure` to `path`, in the format of its suffix."""
    target = expanded(path)
    suffix = target.suffix.lower().removeprefix(".")
    if suffix not in _METADATA:
        raise SettingsError(
            f"`path` must end in .png, .svg or .pdf, which is the format; got '{target.name}'."
        )
    content = figure_bytes(figure, suffix, dpi=dpi)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise RunError(
            f"{target} cannot be written: {error.strerror}. Choose a folder that you can write."
        ) from error


def figure_bytes(figure: Figure, form: str, *, dpi: int) -> bytes:
    """Return `figure` as a file: png, svg or pdf."""
    buffer = io.BytesIO()
    with house_style():
        if form == "png":
            figure.savefig(buffer, format="rgba", dpi=dpi)
            size = int(figure.get_figwidth() * dpi), int(figure.get_figheight() * dpi)
            return _in_palette(Image.frombytes("RGBA", size, buffer.getvalue()), dpi)
        figure.savefig(buffer, format=form, dpi=dpi, metadata=_METADATA[form])
    return buffer.getvalue()


def _in_palette(image: Image.Image, dpi: int) -> bytes:
    """Return a png in 256 colours, which takes less than half the room and looks the same."""
    few = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    about, found = PngInfo(), io.BytesIO()
    for name, text in _METADATA["png"].items():
        about.add_text(name, text)
    few.save(found, "png", dpi=(dpi, dpi), pnginfo=about)
    return found.getvalue()


@cache
def families() -> list[str]:
    """Return the fonts in use; the first that has a character shows it."""
    installed = set(fontManager.get_font_names())
    return [FAMILY, *(name for name in OTHER_SCRIPTS if name in installed)]
