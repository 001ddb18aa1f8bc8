"""Leave-one-out forests show each study's row, and the fit to all studies as line and band."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

import bayesmeta as bm

LONG = "A very long name of a multicentre consortium for acute myeloid leukaemia in relapse, part"


def left_out(number: int, label: str = "Smith <$x_1$>") -> pd.DataFrame:
    estimate = 0.5 + 0.01 * np.random.default_rng(number).standard_normal(number + 1)
    return pd.DataFrame(
        {
            "study": [*(f"s{i}" for i in range(number)), ""],
            "label": [*(f"{label} {i}" for i in range(number)), "all"],
            "estimate": estimate,
            "lower": estimate - 0.09,
            "upper": estimate + 0.08,
        }
    )


def lines_of(plot) -> list[str]:
    return [text.get_text() for axes in plot.figure.axes for text in axes.texts]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "label"), [(1, "a"), (5, "Smith"), (60, LONG)])
def test_nothing_overlaps_or_is_cut_off(number, label, collisions):
    plot = bm.plots.leave_one_out(
        left_out(number, label),
        notes=["Each row is a fit of its own, to all studies but one. " * 6],
    )
    assert collisions(plot.figure) == ([], [])


def test_rows_stand_at_the_numbers_of_the_table():
    table = left_out(5)
    plot = bm.plots.leave_one_out(table)
    assert plot.table["study"].tolist() == ["", "s0", "s1", "s2", "s3", "s4"]
    graph = plot.figure.axes[1]
    *_, studies, whole = graph.collections
    np.testing.assert_allclose(studies.get_offsets()[:, 0], 100 * table["estimate"][:5])
    np.testing.assert_allclose(whole.get_offsets()[:, 0], 100 * table["estimate"][5])
    [band] = [each for each in graph.collections if isinstance(each, PolyCollection)]
    extent = band.get_paths()[0].get_extents()
    np.testing.assert_allclose(
        [extent.x0, extent.x1], 100 * table.loc[5, ["lower", "upper"]].astype(float)
    )
    low, high = graph.get_xlim()
    assert low < 100 * table["lower"].min() < 100 * table["upper"].max() < high


def test_the_text_is_that_of_the_table():
    table = left_out(5)
    plot = bm.plots.leave_one_out(table, ci_prob=0.9)
    shown = lines_of(plot)
    for row in plot.table.to_dict("records"):
        low, high = f"{100 * row['lower']:.1f}", f"{100 * row['upper']:.1f}"
        assert f"{100 * row['estimate']:.1f} ({low} to {high})" in shown
    change = 100 * (table["estimate"][0] - table["estimate"][5])
    assert f"{change:+.1f}".replace("-", "\N{MINUS SIGN}") in shown
    assert "Smith <$x_1$> 0" in shown
    assert "All studies" in shown
    assert "(90% CrI)" in shown
    assert repr(plot) == "Plot(leave_one_out: 5 studies left out)"


def test_other_quantities_keep_their_scale():
    plot = bm.plots.leave_one_out(left_out(3), quantity="tau", rates=False)
    *_, studies, _ = plot.figure.axes[1].collections
    np.testing.assert_allclose(studies.get_offsets()[:, 0], plot.table["estimate"][1:])
    assert "0.00" not in {text for text in lines_of(plot) if text.startswith("\N{MINUS SIGN}")}


def test_a_file_is_always_the_same(tmp_path):
    for name in ("a.png", "b.png"):
        bm.plots.leave_one_out(left_out(3)).save(tmp_path / name, dpi=60)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[t["study"] != ""], "one row with study '', the fit to all studies; got 0"),
        (lambda t: pd.concat([t, t]), "one row with study '', the fit to all studies; got 2"),
        (lambda t: t.drop(columns="label"), "`table` lacks the column 'label'"),
        (
            lambda t: t.assign(upper=np.nan),
            "`upper` of `table` must be finite numbers; not so of Smith",
        ),
    ],
)
def test_a_table_that_can_not_be_drawn_is_refused(change, message):
    with pytest.raises(bm.SettingsError, match=message):
        bm.plots.leave_one_out(change(left_out(3)))
