"""Figures made from results hold for one study, for many with long names, and for none that respond."""

import pandas as pd
import pytest

import bayesmeta as bm

pytestmark = pytest.mark.stored

SETS = ["bundled", "one", "sixty", "zeros"]
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("bundled", "sixty")]


def rows_of(arms: bm.Arms, *names: str) -> pd.DataFrame:
    return arms.frame[["study", *(["arm"] if (arms.frame["arm"] != "").any() else []), *names]]


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_forests_and_map_priors(pooled_fits, collisions, name):
    fit = pooled_fits[name]
    assert collisions(bm.plots.forest(fit).figure) == ([], [])
    # Quick draws may fail their diagnostics, which the figure then says.
    prior = bm.map_prior(fit, force=True)
    assert collisions(
        bm.plots.map_prior(prior, bm.robustify(prior.mixture, weight=0.2)).figure
    ) == ([], [])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["zeros", *SLOW])
def test_comparisons(evidence_sets, collisions, quick, name):
    models = [bm.load_model("pooled"), bm.load_model("common_effect")]
    found = bm.compare(
        models,
        evidence_sets[name],
        seed=1,
        method="psis",
        marginal=False,
        settings=quick,
        progress=False,
    )
    assert collisions(bm.plots.comparison(found.table).figure) == ([], [])
    for left_out in found.left_out.values():
        plot = bm.plots.leave_one_out(left_out.influence_on("typical rate"))
        assert collisions(plot.figure) == ([], [])
        assert len(plot.table) == len(left_out.studies) + 1


def test_one_study_is_not_compared(evidence_sets):
    with pytest.raises(bm.EvidenceError, match="needs two studies with patients or more; got 1"):
        bm.compare([bm.load_model("pooled")], evidence_sets["one"], seed=1, progress=False)


@pytest.mark.parametrize("name", ["one", "zeros", *SLOW])
def test_specification_curves(evidence_sets, collisions, name):
    table = bm.read_evidence(rows_of(evidence_sets[name], "events", "n"))
    grid = bm.SpecificationGrid(
        study_effects={"normal": bm.NormalEffects(), "common": bm.CommonEffect()}, seed=1
    )
    found = bm.run_grid(grid, table, progress=False)
    plot = bm.plots.specification_curve(found.curve)
    assert collisions(plot.figure) == ([], [])
    assert len(plot.table) == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["zeros", "one", *SLOW])
def test_nested_outcomes(evidence_sets, collisions, name):
    arms = evidence_sets[name]
    inner = rows_of(arms, "events", "n").assign(outcome="CR", events=arms.events // 2)
    outer = rows_of(arms, "events", "n").assign(outcome="ORR")
    nested = bm.read_evidence(pd.concat([outer, inner])).select(outcomes=["ORR", "CR"])
    quick = bm.SamplerSettings(warmup=300, draws=300)
    fit = bm.fit(bm.load_model("pooled"), nested, seed=1, settings=quick)
    study = str(arms.studies[-1])
    found = [bm.predict(fit, n=30, seed=1), bm.predict(fit, n=30, study=study, seed=1)]
    plot = bm.plots.nested_outcomes(found)
    assert collisions(plot.figure) == ([], [])
    warned = plot.figure.axes[0].texts[0].get_text().startswith("WARNING")
    assert warned is not bm.diagnose(fit).ok
    one = bm.plots.prediction(found[0].of("CR"), events_at_least=5)
    assert collisions(one.figure) == ([], [])


def test_comparisons_with_fits_that_failed_say_so_first():
    table = pd.DataFrame({"model": ["a"], "elpd_diff": 0.0, "dse": 0.0, "weight": 1.0})
    counts = {"fits": 9, "failed": 0, "flagged": 2}
    plot = bm.plots.comparison(table.assign(**counts))
    assert plot.figure.axes[0].texts[0].get_text().startswith("WARNING: 2 of 9 fits failed")
