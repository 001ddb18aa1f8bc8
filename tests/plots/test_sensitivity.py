"""The sensitivity figure shows fits under other priors beside the model's own, and power-scaling."""

from dataclasses import replace

import numpy as np
import pytest

import bayesmeta as bm

pytestmark = pytest.mark.stored

TRIED = {"tau": [bm.HalfNormal(0.5), bm.HalfCauchy(0.5)]}


@pytest.fixture(scope="module")
def results(pooled_fits) -> dict[str, bm.Sensitivity]:
    return {
        name: bm.sensitivity(fit, priors=TRIED, rate_above=0.3) for name, fit in pooled_fits.items()
    }


def shown(plot) -> list[str]:
    return [text.get_text() for text in plot.figure.axes[0].texts]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bundled", "one", "sixty", "zeros"])
def test_nothing_overlaps_or_is_cut_off(results, collisions, name):
    plot = bm.plots.sensitivity(results[name], notes=["Further <$x$> words. " * 12])
    assert collisions(plot.figure) == ([], [])
    assert repr(plot) == "Plot(sensitivity: 3 priors, 5 estimates)"
    assert {"The model's own", "tau ~ HalfNormal(0.5)"} <= {text.strip("*") for text in shown(plot)}
    assert "P: P(rate of a new study > 0.3)." in shown(plot)


def test_marks_and_lines_are_the_numbers_of_the_table(results):
    result = results["one"]
    plot = bm.plots.sensitivity(result)
    priors = result.priors
    band, _, wide, thin, others, own = plot.figure.axes[1].collections
    for lines, name in ((wide, "new_study"), (thin, "typical")):
        ends = np.array([path.vertices[:, 0] for path in lines.get_paths()])
        np.testing.assert_allclose(ends, 100 * priors[[f"{name}_lower", f"{name}_upper"]])
    np.testing.assert_allclose(others.get_offsets()[:, 0], 100 * priors["typical"][1:])
    np.testing.assert_allclose(own.get_offsets()[:, 0], 100 * priors["typical"].iloc[0])
    extent = band.get_paths()[0].get_extents()
    np.testing.assert_allclose(
        [extent.x0, extent.x1],
        100 * priors.loc[0, ["typical_lower", "typical_upper"]].astype(float),
    )
    likelihood, prior = plot.figure.axes[2].collections
    np.testing.assert_allclose(prior.get_offsets()[:, 0], result.scaling["prior"])
    np.testing.assert_allclose(likelihood.get_offsets()[:, 0], result.scaling["likelihood"])


def test_overlaps_are_what_intervals_share(results):
    table = results["one"].priors
    ends = table[["new_study_lower", "new_study_upper"]].to_numpy()
    line = np.linspace(0, 1, 200_001)
    held = [(line >= low) & (line <= high) for low, high in ends]
    expected = [(one & held[0]).sum() / (one | held[0]).sum() for one in held]
    np.testing.assert_allclose(results["one"].changes["overlap"], expected, atol=1e-4)
    apart = table.assign(new_study_lower=[0.1, 0.5, 0.1], new_study_upper=[0.3, 0.7, 0.3])
    assert replace(results["one"], priors=apart).changes["overlap"].tolist() == [1, 0, 1]
    written = shown(bm.plots.sensitivity(results["one"]))
    assert {f"{100 * expected[1]:.0f}", f"{100 * expected[2]:.0f}"} <= set(written)


def test_a_fit_that_could_not_be_made_leaves_its_row_empty(results, collisions):
    table = results["zeros"].priors.copy()
    numbers = table.select_dtypes("float").columns
    table.loc[1, numbers] = np.nan
    table["ok"] = [True, False, True]
    plot = bm.plots.sensitivity(replace(results["zeros"], priors=table))
    assert shown(plot)[0].startswith("WARNING: 1 of 3 fits failed")
    assert "tau ~ HalfNormal(0.5)*" in shown(plot)
    assert not any("nan" in text for text in shown(plot))
    assert len(plot.figure.axes[1].collections[2].get_paths()) == 2
    assert collisions(plot.figure) == ([], [])


@pytest.mark.slow
def test_decisions_that_change_and_that_do_not_are_told(pooled_fits, results, collisions):
    exact = bm.fit(bm.load_model("pooled"), pooled_fits["one"].arms, method="quadrature")
    points = [bm.tipping_point(exact, rate_above=0.25, certainty=level) for level in (0.8, 0.99)]
    assert [one.exists for one in points] == [True, False]
    plot = bm.plots.sensitivity(replace(results["one"], tipping_points=tuple(points)))
    text = " ".join(shown(plot))
    assert f"it changes at {points[0].factor:.2f} times its scale" in text
    assert "no tipping point between 0.125 and 8 times its scale" in text
    assert collisions(plot.figure) == ([], [])


def test_what_is_no_sensitivity_is_refused(results):
    with pytest.raises(bm.SettingsError, match="`result` must be a Sensitivity; got DataFrame"):
        bm.plots.sensitivity(results["one"].priors)
