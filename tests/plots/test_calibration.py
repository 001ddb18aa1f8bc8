"""The calibration plot shows every quantity of every case, and marks those outside the band."""

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

import bayesmeta as bm
from bayesmeta.calibration import CaseResult
from bayesmeta.calibration.results import Tally
from bayesmeta.calibration.trials import RANKS
from bayesmeta.plots.style import ALARM


def result(name: str, sets: int = 200, *, power: float = 1.0, judged: bool = True) -> CaseResult:
    rng = np.random.default_rng(sum(map(ord, name)))
    ranks = {
        quantity: tuple(
            np.bincount((RANKS * rng.random(sets) ** power).astype(int), minlength=RANKS)
        )
        for quantity in ("mu", "beta[x[b]]", "beta[x[c]]", "log_likelihood")
    }
    counts = Tally(sets, ranks, {}, {}, 0, 0)
    return CaseResult(name, name.split("_")[0], judged, 1, counts, 1.0, {}, {})


@pytest.fixture(scope="module")
def calibration() -> bm.Calibration:
    held = result("held_3", judged=False)
    return bm.Calibration((result("one_3"), result("two_3"), result("bad_3", power=2.5), held))


def test_lines_are_the_ranks_of_the_table(calibration: bm.Calibration) -> None:
    plot = bm.plots.calibration(calibration)
    assert len(plot.table) == 12
    assert repr(plot) == "Plot(calibration: 12 lines in 3 panels)"
    _, *graphs = plot.figure.axes
    words = [text.get_text() for text in plot.figure.axes[0].texts]
    assert [word.split(":")[0] for word in words if word.endswith(" outside")] == [
        "mu",
        "beta",
        "log_likelihood",
    ]
    counts = np.cumsum(calibration.results[0].tally.ranks["mu"]) / 200
    _, first, *_ = graphs[0].lines
    assert np.allclose(first.get_ydata()[1:], counts - np.arange(1, RANKS + 1) / RANKS)
    for graph in graphs:
        low, high = graph.get_ylim()
        drawn = np.concatenate([line.get_ydata() for line in graph.lines])
        assert low < drawn.min() < drawn.max() < high


def test_what_leaves_the_band_stands_out(calibration: bm.Calibration) -> None:
    plot = bm.plots.calibration(calibration)
    outside = plot.table[plot.table["distance"] > 1]
    assert set(outside["case"]) == {"bad_3"}
    graph = plot.figure.axes[1]
    assert [line.get_color() == ALARM for line in graph.lines[1:]] == [False, False, True]
    assert "mu: 1 of 3 outside" in [text.get_text() for text in plot.figure.axes[0].texts]
    [shade] = [each for each in graph.collections if isinstance(each, PolyCollection)]
    low = shade.get_paths()[0].get_extents().y0
    assert graph.lines[3].get_ydata().max() > -low


def test_one_part_can_be_shown_and_saved(calibration: bm.Calibration, tmp_path) -> None:
    plot = bm.plots.calibration(calibration, part="two")
    assert set(plot.table["case"]) == {"two_3"}
    plot.save(tmp_path / "ranks.png", dpi=60)
    assert (tmp_path / "ranks.png").stat().st_size > 1000
    assert plot._repr_png_().startswith(b"\x89PNG")


def test_what_cannot_be_shown_is_said(calibration: bm.Calibration) -> None:
    with pytest.raises(bm.SettingsError, match="`part` 'held' is not among the results"):
        bm.plots.calibration(calibration, part="held")
    mixed = bm.Calibration((result("one_3"), result("two_3", sets=100)))
    with pytest.raises(bm.SettingsError, match="one number of data sets; got 100, 200"):
        bm.plots.calibration(mixed)
