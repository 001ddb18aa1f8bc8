"""Comparisons of models show each difference with one and two standard errors."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm

LONG = "a model whose name says everything that it assumes, which is a great deal, and then some"


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": ["regimen", "robust", LONG, "<$x$>"],
            "elpd_diff": [0.0, -0.4, -6.1, -31.2],
            "dse": [0.0, 0.3, 2.2, 8.0],
            "weight": [0.7, 0.2, 0.1, 0.0],
        }
    )


@pytest.fixture
def spread(table) -> pd.DataFrame:
    return table.assign(weight_lower=[0.1, 0.0, 0.0, 0.0], weight_upper=[0.95, 0.8, 0.4, 0.0])


@pytest.mark.slow
def test_nothing_overlaps_or_is_cut_off(table, spread, collisions):
    many = pd.concat(
        [table.assign(model=[f"{name} {i}" for name in table["model"]]) for i in range(8)]
    )
    for each in (table, table.iloc[:1], many, spread):
        assert collisions(bm.plots.comparison(each).figure) == ([], [])


def test_marks_and_text_are_the_numbers_of_the_table(table):
    plot = bm.plots.comparison(table, notes=["32 studies."])
    graph = plot.figure.axes[1]
    thin, thick, points = graph.collections
    np.testing.assert_allclose(points.get_offsets()[:, 0], table["elpd_diff"])
    for lines, reach in ((thin, 2), (thick, 1)):
        ends = np.array([path.vertices[:, 0] for path in lines.get_paths()])
        expected = [
            table["elpd_diff"] - reach * table["dse"],
            table["elpd_diff"] + reach * table["dse"],
        ]
        np.testing.assert_allclose(ends, np.transpose(expected))
    shown = [text.get_text() for text in plot.figure.axes[0].texts]
    assert {"best", "\N{MINUS SIGN}6.1 (2.2)", "70", "<$x$>", "32 studies."} <= set(shown)
    assert repr(plot) == "Plot(comparison: 4 models)"
    assert plot._repr_png_().startswith(b"\x89PNG")


def test_intervals_of_weights_are_shown_where_the_table_has_them(spread):
    plot = bm.plots.comparison(spread, ci_prob=0.9)
    shown = [text.get_text() for text in plot.figure.axes[0].texts]
    assert {"70 (10\N{EN DASH}95)", "0 (0\N{EN DASH}0)", "(90% interval)"} <= set(shown)
    with pytest.raises(bm.SettingsError, match="`weight_upper` of `table` must be finite numbers"):
        bm.plots.comparison(spread.assign(weight_upper=np.nan))
    with pytest.raises(bm.SettingsError, match="`ci_prob` must lie"):
        bm.plots.comparison(spread, ci_prob=90)


def test_a_table_that_can_not_be_drawn_is_refused(table):
    with pytest.raises(bm.SettingsError, match="lacks the column 'weight'"):
        bm.plots.comparison(table.drop(columns="weight"))
    with pytest.raises(
        bm.SettingsError, match="`dse` of `table` must be finite numbers; not so of <"
    ):
        bm.plots.comparison(table.assign(dse=[0, 1, 1, np.nan]))
