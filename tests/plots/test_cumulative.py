"""Cumulative forests show the rows of their table, the last one as line and band."""

from dataclasses import replace

import numpy as np
import pytest

import bayesmeta as bm

pytestmark = pytest.mark.stored


@pytest.fixture(scope="module")
def results(pooled_fits) -> dict[str, bm.Cumulative]:
    return {name: bm.cumulative(fit, seed=2) for name, fit in pooled_fits.items()}


def shown(plot) -> list[str]:
    return [text.get_text() for text in plot.figure.axes[0].texts]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bundled", "one", "sixty", "zeros"])
def test_nothing_overlaps_or_is_cut_off(results, collisions, name):
    plot = bm.plots.cumulative(results[name], notes=["Further <$x$> words. " * 12])
    assert collisions(plot.figure) == ([], [])
    number = len(results[name].table)
    assert repr(plot) == f"Plot(cumulative: {number} row{'s' * (number > 1)})"


def test_marks_lines_and_text_are_the_numbers_of_the_table(results):
    plot = bm.plots.cumulative(results["bundled"])
    table = results["bundled"].table
    _, line, wide, thin, marks, last = plot.figure.axes[1].collections
    for lines, name in ((wide, "new_study"), (thin, "typical")):
        ends = np.array([path.vertices[:, 0] for path in lines.get_paths()])
        np.testing.assert_allclose(ends, 100 * table[[f"{name}_lower", f"{name}_upper"]])
    np.testing.assert_allclose(marks.get_offsets()[:, 0], 100 * table["typical"][:-1])
    np.testing.assert_allclose(last.get_offsets()[:, 0], 100 * table["typical"].iloc[-1])
    np.testing.assert_allclose(line.get_paths()[0].vertices[:, 0], 100 * table["typical"].iloc[-1])
    for row in table.to_dict("records"):
        typical, low, high = (100 * row[f"typical{end}"] for end in ("", "_lower", "_upper"))
        assert f"{typical:.1f} ({low:.1f} to {high:.1f})" in shown(plot)
    assert {"2017", "2023", "All", "3 arms without year enter in the last row only."} <= set(
        shown(plot)
    )


def test_a_fit_that_failed_is_marked_and_told_first(results, collisions):
    table = results["zeros"].table.assign(ok=[True, False, True, True, True])
    plot = bm.plots.cumulative(replace(results["zeros"], table=table))
    assert shown(plot)[0].startswith("WARNING: 1 of 5 fits failed, or their draws")
    assert {"2019*", "2018", "* The draws of this fit failed their diagnostics."} <= set(
        shown(plot)
    )
    assert collisions(plot.figure) == ([], [])


def test_a_model_without_tau_has_no_column_of_it(results, collisions):
    table = results["zeros"].table.assign(tau=np.nan, tau_lower=np.nan, tau_upper=np.nan)
    plot = bm.plots.cumulative(replace(results["zeros"], table=table))
    assert "tau" not in shown(plot)
    assert not any("nan" in text for text in shown(plot))
    assert collisions(plot.figure) == ([], [])


def test_what_is_no_cumulative_is_refused(results):
    with pytest.raises(bm.SettingsError, match="`result` must be a Cumulative; got DataFrame"):
        bm.plots.cumulative(results["one"].table)
