"""What every figure is held to: no text is cut off, none lies on another, whatever the evidence."""

import itertools
from collections.abc import Callable

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg


def _texts(figure):
    return [
        text for text in figure.findobj(mpl.text.Text) if text.get_text() and text.get_visible()
    ]


def _collisions(figure):
    """Return texts that leave the figure, and pairs of texts that overlap."""
    # Letters fitted to pixels, as by a notebook, are widest at some resolutions.
    figure.set_dpi(110)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in _texts(figure)]
    page = figure.bbox
    outside = [
        text
        for text, box in boxes
        if box.x0 < page.x0 or box.x1 > page.x1 or box.y0 < page.y0 or box.y1 > page.y1
    ]
    overlapping = [
        (text, other)
        for (text, box), (other, another) in itertools.combinations(boxes, 2)
        if min(box.x1, another.x1) - max(box.x0, another.x0) > 1
        and min(box.y1, another.y1) - max(box.y0, another.y0) > 1
    ]
    return outside, overlapping


@pytest.fixture(scope="session")
def collisions() -> Callable:
    return _collisions
