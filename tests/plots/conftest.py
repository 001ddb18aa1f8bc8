"""What every figure is held to: no text is cut off, none lies on another, whatever the evidence."""

import itertools
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import bayesmeta as bm

LONG = "A very long name of a multicentre consortium for acute myeloid leukaemia in relapse, part"


def _sixty_studies() -> pd.DataFrame:
    """Sixty studies with long names, two regimens, and numbers that vary."""
    rng = np.random.default_rng(1)
    n = rng.integers(1, 2_000, 60)
    return pd.DataFrame(
        {
            "study": [f"{LONG} {i}" for i in range(60)],
            "events": rng.binomial(n, 0.4),
            "n": n,
            "regimen": ["a regimen whose name is long, too, and longer", "$b_1 <i>"] * 30,
            "age": rng.uniform(50, 80, 60).round(1),
            "year": rng.integers(2015, 2026, 60).astype(float),
        }
    )


def _no_responders() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": [f"s{i}" for i in range(6)],
            "events": 0,
            "n": [5, 12, 20, 1, 40, 9],
            "regimen": ["a", "b"] * 3,
            "age": [55.0, 60, 65, 70, 75, 58],
            "year": [2018.0, 2019, 2020, 2020, 2022, 2023],
        }
    )


@pytest.fixture(scope="session")
def evidence_sets() -> dict[str, bm.Arms]:
    """The evidence that each figure is drawn of: bundled, one study, many studies, only zeros."""
    bundled = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    one = pd.DataFrame(
        {"study": ["only"], "events": [7], "n": [20], "regimen": "a", "age": 61.0, "year": 2020.0}
    )
    own = {"one": one, "sixty": _sixty_studies(), "zeros": _no_responders()}
    return {"bundled": bundled} | {
        name: bm.read_evidence(frame).select() for name, frame in own.items()
    }


@pytest.fixture(scope="session")
def pooled_fits(evidence_sets: dict[str, bm.Arms]) -> dict[str, bm.Fit]:
    """The pooled model, fitted to each set."""
    quick = bm.SamplerSettings(chains=4, warmup=300, draws=500)
    spec = bm.load_model("pooled")
    return {
        name: bm.fit(spec, arms, seed=1, settings=quick) for name, arms in evidence_sets.items()
    }


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
