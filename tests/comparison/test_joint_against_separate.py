"""Joint and separate models side by side, on small evidence."""

import pytest

import bayesmeta as bm

pytestmark = pytest.mark.stored

SETTINGS = bm.SamplerSettings(chains=4, warmup=300, draws=400)


@pytest.mark.slow
def test_both_kinds_of_models_predict_the_same_counts(small_nest: bm.Arms) -> None:
    found = bm.joint_against_separate(
        bm.ModelSpec(), small_nest, seed=1, settings=SETTINGS, progress=False
    )
    counts = found.arms.groupby(["model", "outcome"])["events"].sum()
    assert counts["joint"].equals(counts["separate"])
    assert list(found.studies["study"]) == ["s1", "s2", "s3", "s4"]
    table = found.table.set_index("outcome")
    assert table.loc["ORR", "arms"] == table.loc["CR", "arms"] == 3
    own = found.arms[(found.arms["model"] == "joint") & (found.arms["outcome"] == "CR")]
    assert table.loc["CR", "elpd_joint"] == pytest.approx(own["log_score"].sum())
    difference = table["elpd_joint"] - table["elpd_separate"]
    assert table["elpd_diff"].to_numpy() == pytest.approx(difference.to_numpy())
    assert (found.widths.filter(like="new_study").to_numpy() > 0).all()
    assert repr(found).startswith("JointComparison(pooled: elpd, joint less separate: ORR ")


@pytest.mark.slow
def test_results_do_not_depend_on_workers(small_nest: bm.Arms) -> None:
    found = [
        bm.joint_against_separate(
            bm.ModelSpec(correlation=None),
            small_nest,
            seed=4,
            settings=SETTINGS,
            workers=workers,
            progress=False,
        )
        for workers in (1, 2)
    ]
    assert found[0].arms.equals(found[1].arms)
    assert found[0].studies.equals(found[1].studies)


def test_what_can_not_be_compared_is_refused(small_nest: bm.Arms, orr: bm.Arms) -> None:
    with pytest.raises(bm.SpecError, match="`spec` must be a ModelSpec; got str"):
        bm.joint_against_separate("pooled", small_nest, seed=1)  # type: ignore[arg-type]
    with pytest.raises(bm.SettingsError, match="`arms` must be Arms of several outcomes; got Arms"):
        bm.joint_against_separate(bm.ModelSpec(), orr, seed=1)
    with pytest.raises(bm.SpecError, match="`separate` must be a ModelSpec; got str"):
        bm.joint_against_separate(
            bm.ModelSpec(),
            small_nest,
            seed=1,
            separate="pooled",  # type: ignore[arg-type]
        )
    few = small_nest.drop((small_nest.frame["study"] != "s1").to_numpy(), "few")
    with pytest.raises(
        bm.EvidenceError, match="two studies of each outcome or more; not so of ORR"
    ):
        bm.joint_against_separate(bm.ModelSpec(), few, seed=1)
