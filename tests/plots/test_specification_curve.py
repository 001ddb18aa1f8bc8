"""Specification curves show every fit in its place, and which choices it made, few or thousands."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

import bayesmeta as bm

LEVELS = {
    "outcome": ["ORR", "CR_CRi"],
    "inclusion": [
        "default",
        "all",
        "overlaps kept",
        "post-transplant series left out as well, and more",
    ],
    "covariates": [
        "",
        "regimen_class",
        "regimen_class + setting + prior_exposure + line + country",
    ],
    "study_effects": ["normal", "student_t", "contaminated"],
    "prior_tau": [
        "HalfNormal(0.25)",
        "HalfNormal(0.5)",
        "HalfNormal(1)",
        "HalfCauchy(0.5)",
        "<$x_1$>",
    ],
    "prior_mu": [
        "Normal(0, 1)",
        "Normal(0, 1.5)",
        "Normal(0, 2.5)",
        "StudentT(3, 0, 1.5)",
        "Cauchy(0, 1)",
    ],
}


def fits(number: int) -> pd.DataFrame:
    rng = np.random.default_rng(number)
    product = list(itertools.product(*LEVELS.values()))
    chosen = rng.choice(len(product), number, replace=number > len(product))
    table = pd.DataFrame([product[i] for i in chosen], columns=list(LEVELS))
    estimate = 0.5 - 0.2 * (table["outcome"] == "CR_CRi") + 0.03 * rng.standard_normal(number)
    table["estimate"], table["lower"], table["upper"] = estimate, estimate - 0.1, estimate + 0.08
    return table.assign(ok=rng.random(number) > 0.1)


def lines_of(plot) -> list[str]:
    return [text.get_text() for axes in plot.figure.axes for text in axes.texts]


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2, 20, 2000])
def test_nothing_overlaps_or_is_cut_off(number, collisions):
    plot = bm.plots.specification_curve(fits(number))
    assert collisions(plot.figure) == ([], [])
    assert repr(plot) == f"Plot(specification_curve: {number:,} fit{'s' * (number > 1)})"


def test_fits_stand_in_order_at_their_estimates():
    table = fits(20)
    plot = bm.plots.specification_curve(table)
    expected = table.sort_values("estimate")
    np.testing.assert_array_equal(plot.table["estimate"], expected["estimate"])
    curve = plot.figure.axes[1]
    dots, marks = curve.lines
    np.testing.assert_allclose(dots.get_ydata(), 100 * expected["estimate"])
    np.testing.assert_array_equal(marks.get_xdata(), np.flatnonzero(~expected["ok"]))
    ends = np.array([path.vertices[:, 1] for path in curve.collections[0].get_paths()])
    np.testing.assert_allclose(ends, 100 * expected[["lower", "upper"]])


@pytest.mark.parametrize("number", [20, 2000])
def test_each_choice_is_marked_where_its_fits_stand(number):
    table = fits(number)
    plot = bm.plots.specification_curve(table, choices=["outcome", "prior_tau"])
    choices = plot.figure.axes[2]
    bars = [each for each in choices.collections if isinstance(each, PolyCollection)]
    levels = [(name, level) for name in ("outcome", "prior_tau") for level in table[name].unique()]
    assert len(bars) == len(levels)
    for bar, (name, level) in zip(bars, levels, strict=True):
        spans = [path.get_extents() for path in bar.get_paths()]
        marked = [
            place for span in spans for place in range(round(span.x0 + 0.2), round(span.x1 + 0.3))
        ]
        assert marked == np.flatnonzero(plot.table[name] == level).tolist()
    shown = lines_of(plot)
    assert f"{(table['outcome'] == 'ORR').sum():,}" in shown
    median = table.loc[table["outcome"] == "ORR", "estimate"].median()
    assert f"{100 * median:.1f}" in shown


def test_what_is_the_same_failed_or_missing_is_told():
    table = fits(20).assign(study_effects="normal", ok=True)
    table.loc[[2, 5], "ok"] = False
    table.loc[7, ["estimate", "lower", "upper"]] = np.nan
    plot = bm.plots.specification_curve(table, notes=["By the grid of 1 May."])
    shown = " ".join(lines_of(plot))
    assert "The same in all fits: study_effects normal." in shown
    assert "2 fits failed the diagnostics" in shown
    assert "1 fit could not be made and is not drawn" in shown
    assert "By the grid of 1 May." in shown
    assert len(plot.table) == 19


def test_choices_and_quantity_of_a_grid_are_shown_without_being_named():
    grid = bm.SpecificationGrid(
        outcomes=["CR"],
        inclusion={"large": {"where": "venetoclax == 'yes' and n >= 40"}},
        study_effects={"common": bm.CommonEffect()},
        likelihood={"binomial": bm.Binomial(), "probit": bm.Binomial(bm.Probit())},
        priors={"default": {}, "narrow": {"mu": bm.Normal(0, 1)}},
        settings=bm.SamplerSettings(chains=2, draws=1000),
    )
    found = bm.run_grid(grid, bm.load_evidence("rr_aml_venetoclax"), seed=1)
    shown = lines_of(bm.plots.specification_curve(found.curve))
    assert {"likelihood", "probit", "priors", "narrow", "Mean rate: 4 fits"} <= set(shown)
    shown = lines_of(bm.plots.specification_curve(found.curve, quantity="Rate"))
    assert "Rate: 4 fits" in shown


@pytest.mark.slow
def test_other_quantities_keep_their_scale(tmp_path):
    plot = bm.plots.specification_curve(fits(5), quantity="tau", rates=False)
    np.testing.assert_allclose(plot.figure.axes[1].lines[0].get_ydata(), plot.table["estimate"])
    assert "tau" in lines_of(plot)
    plot.save(tmp_path / "curve.svg")
    assert "&lt;$x_1$&gt;" in (tmp_path / "curve.svg").read_text(encoding="utf-8")
    assert plot._repr_png_().startswith(b"\x89PNG")


def test_one_row_and_equal_choices_need_no_lower_panel():
    plot = bm.plots.specification_curve(fits(1))
    assert len(plot.figure.axes) == 2


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (lambda t: t.drop(columns="ok"), {}, "`table` lacks the column 'ok'"),
        (
            lambda t: t,
            {"choices": ["prior_tua"]},
            "lacks the column 'prior_tua'.*Did you mean 'prior_tau'",
        ),
        (lambda t: t.drop(columns=list(LEVELS)), {}, "`choices` must name a column or more"),
        (lambda t: t.iloc[:0], {}, "`table` has no rows"),
        (lambda t: t.assign(estimate=np.nan), {}, "`estimate` of `table` is missing in every row"),
        (lambda t: t.assign(lower=np.inf), {}, "`lower` of `table` must be finite numbers"),
        (lambda t: t.to_numpy(), {}, "`table` must be a DataFrame; got ndarray"),
        (lambda t: t, {"ci_prob": 95}, "`ci_prob` must lie between 0 and 1"),
    ],
)
def test_a_table_that_can_not_be_drawn_is_refused(change, arguments, message):
    with pytest.raises(bm.SettingsError, match=message):
        bm.plots.specification_curve(change(fits(4)), **arguments)
