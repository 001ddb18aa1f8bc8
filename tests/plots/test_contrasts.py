"""Contrasts stand at the odds ratios of their table, and cells are as dark as ranks are likely."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

import bayesmeta as bm

pytestmark = pytest.mark.stored

QUICK = bm.SamplerSettings(chains=4, warmup=300, draws=500)
REFERENCES = {"sixty": "$b_1 <i>", "zeros": "a"}


@pytest.fixture(scope="module")
def found(evidence_sets) -> dict[str, bm.Contrasts]:
    fits = {"bundled": bm.fit(bm.load_model("regimen"), evidence_sets["bundled"], seed=1)}
    for name, level in REFERENCES.items():
        spec = bm.ModelSpec("regimen", covariates=bm.Covariates("regimen", {"regimen": level}))
        fits[name] = bm.fit(spec, evidence_sets[name], seed=1, settings=QUICK)
    return {name: bm.contrast(fit) for name, fit in fits.items()} | {
        "against": bm.contrast(fits["bundled"], against="ven_hma", ci_prob=0.9)
    }


def shown(plot) -> set[str]:
    return {text.get_text() for axes in plot.figure.axes for text in axes.texts}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bundled", "sixty", "zeros", "against"])
def test_nothing_overlaps_or_is_cut_off(found, collisions, name):
    plot = bm.plots.contrasts(found[name], ranks=True, notes=["Further <$x$> words. " * 12])
    assert collisions(plot.figure) == ([], [])
    assert len(plot.table) == len(found[name].table) + len(found[name].ranks)


def test_the_outcome_and_the_evidence_are_told(found):
    texts = shown(bm.plots.contrasts(found["against"]))
    assert any(text.endswith(", model 'regimen'") for text in texts)
    assert any(text.startswith("Evidence: ") for text in texts)


def test_one_study_has_no_levels_to_compare(pooled_fits):
    with pytest.raises(bm.SettingsError, match="factor"):
        bm.plots.contrasts(bm.contrast(pooled_fits["one"]))


def test_marks_stand_at_the_odds_ratios_of_the_draws(found):
    plot = bm.plots.contrasts(found["against"])
    posterior = found["against"].fit.posterior
    table = found["against"].table
    ratios = np.exp([
        np.quantile(posterior["beta"].sel(covariate=f"regimen_class[{level}]"), [0.05, 0.5, 0.95])
        for level in table["level"]
    ])  # fmt: skip
    lines, within, between, *_ = plot.figure.axes[1].collections[1:]
    ends = np.array([path.vertices[:, 0] for path in lines.get_paths()])
    np.testing.assert_allclose(ends, ratios[:, [0, 2]], rtol=1e-6)
    only = table["between_only"].to_numpy()
    np.testing.assert_allclose(within.get_offsets()[:, 0], ratios[~only, 1], rtol=1e-6)
    np.testing.assert_allclose(between.get_offsets()[:, 0], ratios[only, 1], rtol=1e-6)
    assert {"Against venetoclax + HMA", "(90% CrI)", "venetoclax + LDAC"} <= shown(plot)


def test_a_level_without_studies_is_told_to_rest_on_the_priors(found, collisions):
    contrasts = found["zeros"]
    assert not any("Cross:" in text for text in shown(bm.plots.contrasts(contrasts)))
    plot = bm.plots.contrasts(replace(contrasts, table=contrasts.table.assign(studies_level=0)))
    assert collisions(plot.figure) == ([], [])
    assert any("Cross: a level has no studies" in text for text in shown(plot))
    within, between, lacking = plot.figure.axes[1].collections[2:5]
    assert [len(one.get_offsets()) for one in (within, between, lacking)] == [0, 0, 1]


def test_cells_hold_the_share_of_draws_with_each_rank(found):
    contrasts = found["zeros"]
    plot = bm.plots.contrasts(contrasts, ranks=True)
    share = float((contrasts.fit.posterior["beta"] > 0).mean())
    cells = [one for one in plot.figure.axes[2].patches if isinstance(one, Rectangle)]
    assert len(cells) == 4
    darkness = [3 - sum(cell.get_facecolor()[:3]) for cell in cells]
    written = [text.get_text() for text in plot.figure.axes[2].texts]
    # Level a is first where b is not higher, and the other way round.
    # Half a point is rounded up or down.
    expected = [100 * p for p in (1 - share, share, share, 1 - share)]
    assert [float(text) for text in written] == pytest.approx(expected, abs=0.5 + 1e-9)
    assert (darkness[0] > darkness[1]) == (share < 0.5)
    assert darkness[0] == pytest.approx(darkness[3])


def test_intervals_beyond_the_axis_end_in_arrowheads(found, collisions):
    table = found["zeros"].table.assign(
        odds_ratio=2e6, odds_ratio_lower=1e-9, odds_ratio_upper=np.inf, within_share=np.nan
    )
    plot = bm.plots.contrasts(replace(found["zeros"], table=table))
    assert collisions(plot.figure) == ([], [])
    graph = plot.figure.axes[1]
    assert graph.get_xlim() == (0.001, 1000)
    assert {"over 1000 (under 0.001 to over 1000)", "none"} <= shown(plot)
    assert any("Arrowheads" in text for text in shown(plot))


@pytest.mark.slow
def test_many_levels_keep_their_cells_and_lose_numbers_that_do_not_fit(found, collisions):
    number = 25
    ranks = pd.DataFrame({
        "level": [f"level {k}" for k in range(number)],
        **{f"rank_{k + 1}": np.full(number, 1 / number) for k in range(number)},
        "mean_rank": 13.0,
        "sucra": 0.5,
    })  # fmt: skip
    plot = bm.plots.contrasts(replace(found["zeros"], ranks=ranks), ranks=True)
    assert collisions(plot.figure) == ([], [])
    assert len(plot.figure.axes[2].patches) == number**2
    assert not plot.figure.axes[2].texts


@pytest.mark.slow
def test_ranks_are_drawn_unasked_only_where_levels_are_compared_within_studies(found):
    contrasts = found["against"]
    assert contrasts.table["between_only"].any()
    assert set(bm.plots.contrasts(contrasts).table["kind"]) == {"pair"}
    within = replace(contrasts, table=contrasts.table.assign(within_share=0.1))
    assert set(bm.plots.contrasts(within).table["kind"]) == {"pair", "rank"}
    assert not any("Ranks: probability" in text for text in shown(bm.plots.contrasts(contrasts)))


def test_what_is_no_contrasts_is_refused(found):
    with pytest.raises(bm.SettingsError, match="`contrasts` must be a Contrasts; got DataFrame"):
        bm.plots.contrasts(found["zeros"].table)
