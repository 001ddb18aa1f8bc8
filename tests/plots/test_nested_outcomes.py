"""Figures of nested outcomes: bars are the predictions, whatever they are called and however many."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm

pytestmark = pytest.mark.slow

FEW = bm.SamplerSettings(chains=2, draws=300)


def shares_of(plot):
    """Widths of the bars, row by row."""
    bars = plot.figure.axes[1].patches
    rows = np.unique(np.round([bar.get_y() for bar in bars], 3))
    return [[bar.get_width() for bar in bars if abs(bar.get_y() - row) < 0.01] for row in rows]


def test_predictions_of_one_profile_by_two_fits_have_a_row_each(table, collisions):
    arms = table.select(outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 40")
    model = bm.load_model("pooled")
    predictions = [
        bm.predict(bm.fit(model, arms, seed=seed, settings=FEW), n=40, seed=2) for seed in (1, 2)
    ]
    plot = bm.plots.nested_outcomes(predictions)
    assert collisions(plot.figure) == ([], [])
    means = [one.table(0.95)["mean"].to_numpy() * 100 / 40 for one in predictions]
    drawn = shares_of(plot)
    assert len(drawn) == 2
    np.testing.assert_allclose(sorted(drawn), sorted(map(list, means)), rtol=1e-9)


def test_six_outcomes_have_a_colour_each():
    rows = [
        {"study": study, "outcome": outcome, "events": 30 - 4 * place - number, "n": 40}
        for number, study in enumerate("abc")
        for place, outcome in enumerate("ABCDEF")
    ]
    arms = bm.read_evidence(pd.DataFrame(rows)).select(outcomes=list("ABCDEF"))
    fit = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=FEW)
    plot = bm.plots.nested_outcomes(bm.predict(fit, n=40, seed=2))
    colours = {bar.get_facecolor() for bar in plot.figure.axes[1].patches}
    assert len(colours) == 7
    assert sum(shares_of(plot)[0]) == pytest.approx(100)
