"""Later cohorts predicted from earlier studies."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import betabinom

import bayesmeta as bm
from bayesmeta.evidence.matching import matching

Maker = Callable[..., bm.Arms]


@pytest.fixture(scope="module")
def arms(table: bm.EvidenceTable) -> bm.Arms:
    return table.select(outcome="ORR", venetoclax="yes")


@pytest.fixture(scope="module")
def earlier(arms: bm.Arms) -> bm.Arms:
    return matching(arms, "source == '001'")


@pytest.fixture(scope="module")
def later(arms: bm.Arms) -> bm.Arms:
    return matching(arms, "source in ['000', '003']")


@pytest.mark.slow
def test_each_cohort_is_predicted_as_by_the_deterministic_posterior(
    earlier: bm.Arms, later: bm.Arms
) -> None:
    spec = bm.load_model("pooled")
    found = bm.validate(spec, train=earlier, test=later, seed=1)
    grid = bm.fit(spec, earlier, method="quadrature").posterior
    assert found.arms["arm"].tolist() == later.labels.tolist()
    for row in found.arms.to_dict("records"):
        cdf = np.cumsum(grid.predictive_pmf(row["n"]))
        y = row["events"]
        assert row["at_most"] == pytest.approx(cdf[y], abs=0.01)
        assert row["at_least"] == pytest.approx(1 - (cdf[y - 1] if y else 0), abs=0.01)
        assert row["crps"] == pytest.approx(
            ((cdf - (np.arange(row["n"] + 1) >= y)) ** 2).sum(), rel=0.02
        )
        assert abs(row["lower_95"] - np.searchsorted(cdf, 0.025)) <= 1
        assert abs(row["upper_95"] - np.searchsorted(cdf, 0.975)) <= 1
    one_arm = found.studies["arms"] == 1
    pmf = {
        r["study"]: grid.predictive_pmf(r["n"])[r["events"]] for r in found.arms.to_dict("records")
    }
    exact = np.log([pmf[study] for study in found.studies.loc[one_arm, "study"]])
    assert found.studies.loc[one_arm, "elpd"].to_numpy() == pytest.approx(exact, abs=0.05)
    # The two arms of the Italian cohort share a study effect: its score is not the sum of two.
    italian = found.studies.set_index("study").loc["italy57"]
    alone = np.log([grid.predictive_pmf(37)[19], grid.predictive_pmf(20)[4]]).sum()
    assert italian["arms"] == 2
    assert abs(italian["elpd"] - alone) > 0.1


def test_without_study_effects_a_cohort_is_predicted_by_a_beta_distribution(
    make_arms: Maker,
) -> None:
    train, test = make_arms([(30, 100), (33, 90)]), make_arms([(7, 20)], studies=["later"])
    flat = bm.ModelSpec("flat", study_effects=bm.CommonEffect(), mu=bm.Normal(0, 1.7))
    found = bm.validate(flat, train=train, test=test, seed=1)
    # A Normal(0, 1.7) prior of log-odds is nearly a uniform one of the rate.
    assert found.arms["at_most"][0] == pytest.approx(betabinom.cdf(7, 20, 64, 128), abs=0.01)


def test_later_numbers_beyond_the_earlier_ones_are_told(make_arms: Maker) -> None:
    train = make_arms([(4, 20), (9, 25), (15, 30), (11, 31)], age=[61, 70, 55, 48])
    test = make_arms([(7, 20), (8, 19)], studies=["young", "like"], age=[31, 60])
    spec = bm.ModelSpec("age", covariates="age", study_effects=bm.CommonEffect())
    settings = bm.SamplerSettings(chains=2, draws=500)
    found = bm.validate(spec, train=train, test=test, seed=1, settings=settings)
    assert found.notes == (
        "young/arm0: age=31 lies outside the evidence, which has 48 to 70: the model extrapolates.",
    )


def test_the_whole_result_is_reproducible(earlier: bm.Arms, later: bm.Arms) -> None:
    spec, settings = bm.load_model("pooled"), bm.SamplerSettings(draws=500)
    one, other = (
        bm.validate(spec, train=earlier, test=later, seed=3, settings=settings) for _ in range(2)
    )
    assert one.arms.equals(other.arms)
    assert one.studies.equals(other.studies)


def test_a_level_never_seen_cannot_be_predicted(earlier: bm.Arms, later: bm.Arms) -> None:
    with pytest.raises(bm.ProfileError, match=r"cannot predict richardcarpentier2023.*no level"):
        bm.validate(bm.load_model("regimen"), train=earlier, test=later, seed=1)


def test_a_study_is_not_predicted_from_itself(arms: bm.Arms, later: bm.Arms) -> None:
    with pytest.raises(bm.EvidenceError, match="both in `train` and in `test`: bataller2023"):
        bm.validate(bm.load_model("pooled"), train=arms, test=later, seed=1)


def test_cohorts_that_may_share_patients_are_refused(make_arms: Maker) -> None:
    train = make_arms([(3, 10), (5, 20)], overlap_group=["g1", ""], overlap_rank=[1, np.nan])
    test = make_arms([(7, 20)], studies=["later"], overlap_group=["g1"], overlap_rank=[2])
    with pytest.raises(bm.EvidenceError, match=r"may share patients: later and study00 \(group"):
        bm.validate(bm.ModelSpec(), train=train, test=test, seed=1)


def test_outcomes_are_not_mixed(table: bm.EvidenceTable) -> None:
    train = table.select(outcome="ORR", venetoclax="yes", source="001")
    test = table.select(outcome="CR_CRi", venetoclax="yes", source="003")
    with pytest.raises(bm.EvidenceError, match="must be of the same outcomes; got ORR and CR_CRi"):
        bm.validate(bm.load_model("pooled"), train=train, test=test, seed=1)


def test_arms_are_needed(make_arms: Maker) -> None:
    arms = make_arms([(3, 10), (5, 20)])
    with pytest.raises(bm.SettingsError, match="`test` must be Arms; got str"):
        bm.validate(bm.ModelSpec(), train=arms, test="later", seed=1)  # type: ignore[arg-type]
    empty = make_arms([(0, 0)], studies=["later"])
    with pytest.raises(bm.EvidenceError, match="`test` has no patients"):
        bm.validate(bm.ModelSpec(), train=arms, test=empty, seed=1)


def test_a_condition_that_no_arm_meets_names_its_argument(arms: bm.Arms) -> None:
    with pytest.raises(bm.EvidenceError, match="`train`: no arm meets"):
        matching(arms, "n > 100000", argument="train")
    with pytest.raises(bm.EvidenceError, match="`train`: `where` names no column 'sauce'"):
        matching(arms, "sauce == '001'", argument="train")
