"""What must not change the posterior of a part of the family, and what it is in the limit.

On the compiled density, exactly; on draws, within 4 joint Monte-Carlo errors, at fixed seeds.
"""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.inference.density.coordinates import density_data, size
from bayesmeta.inference.density.log_density import log_density
from bayesmeta.model import make_design

BASE = pd.DataFrame(
    {
        "study": ["a", "a", "b", "c", "d", "e", "f"],
        "arm": ["1", "2", "1", "1", "1", "1", "1"],
        "events": [4, 9, 3, 12, 6, 2, 7],
        "n": [20, 21, 15, 22, 30, 18, 9],
        "age": [50.0, 66, 71, 58, 62, 49, 55],
    }
)
STATISTICS = ("mean", "lower", "upper")


def summary_of(spec: bm.ModelSpec, frame: pd.DataFrame = BASE, seed: int = 1) -> pd.DataFrame:
    fit = bm.fit(spec, bm.read_evidence(frame).select(), seed=seed)
    return bm.summary(fit).set_index("quantity")


def flipped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(events=frame["n"] - frame["events"])


def assert_same(one: pd.DataFrame, other: pd.DataFrame, rows: list[str], near: float = 0) -> None:
    """Within 4 joint MCSE, and `near` where the limit is not reached."""
    for statistic in STATISTICS:
        error = np.hypot(one[f"mcse_{statistic}"], other[f"mcse_{statistic}"])[rows]
        gap = (one[statistic] - other[statistic])[rows].abs()
        assert (gap <= 4 * error + near).all(), (statistic, gap, error)


def mirrored(table: pd.DataFrame) -> pd.DataFrame:
    swapped = table.rename(
        columns={
            "lower": "upper",
            "upper": "lower",
            "mcse_lower": "mcse_upper",
            "mcse_upper": "mcse_lower",
        }
    )
    swapped[list(STATISTICS)] *= -1
    return swapped


SYMMETRIC = {
    "probit": (bm.ModelSpec(likelihood=bm.Binomial(bm.Probit())), ["tau"]),
    "student": (bm.ModelSpec(study_effects=bm.StudentTEffects()), ["tau", "nu"]),
    "contaminated": (
        bm.ModelSpec(study_effects=bm.ContaminatedEffects()),
        ["tau", "outlier_proportion"],
    ),
    "arms": (bm.ModelSpec(arm_effects=bm.ArmEffects()), ["tau", "tau_arm"]),
    "beta-binomial": (
        bm.ModelSpec(likelihood=bm.BetaBinomial(), study_effects=bm.CommonEffect()),
        ["rho"],
    ),
}
symmetric = pytest.mark.parametrize(("spec", "rows"), SYMMETRIC.values(), ids=list(SYMMETRIC))


@symmetric
def test_counting_the_others_mirrors_the_density(spec: bm.ModelSpec, rows: list[str]) -> None:
    """Turning the signs of mu and of every effect; scales and shares stay."""
    datas = [
        density_data(make_design(spec, bm.read_evidence(frame).select()))
        for frame in (BASE, flipped(BASE))
    ]
    rng = np.random.default_rng(4)
    for _ in range(20):
        q = rng.normal(0, 1, size(datas[0]))
        turned = -q
        scalars = slice(1, 1 + len(rows))
        turned[scalars] = q[scalars]
        values = [
            log_density(at, data, np.empty_like(at))
            for at, data in zip((q, turned), datas, strict=True)
        ]
        assert values[0] == pytest.approx(values[1], rel=1e-10)


@pytest.mark.slow
@symmetric
def test_counting_the_others_mirrors_mu_and_keeps_scales(
    spec: bm.ModelSpec, rows: list[str]
) -> None:
    one, other = summary_of(spec), summary_of(spec, flipped(BASE), seed=2)
    assert_same(one, mirrored(other), ["mu"])
    assert_same(one, other, rows)


@pytest.mark.slow
def test_the_complementary_log_log_is_not_symmetric() -> None:
    spec = bm.ModelSpec(likelihood=bm.Binomial(bm.CLogLog()), mu=bm.Normal(0, 1))
    one, other = summary_of(spec), summary_of(spec, flipped(BASE), seed=2)
    assert one.loc["mu", "mean"] + other.loc["mu", "mean"] < -0.2


@pytest.mark.slow
def test_without_overdispersion_it_is_the_binomial() -> None:
    narrow = bm.BetaBinomial(rho=bm.Uniform(0, 1e-6))
    assert_same(
        summary_of(bm.ModelSpec(likelihood=narrow)),
        summary_of(bm.ModelSpec(), seed=2),
        ["mu", "tau", "typical rate", "mean rate", "new study"],
        near=1e-3,
    )


@pytest.mark.slow
def test_with_many_degrees_of_freedom_it_is_the_normal() -> None:
    many = bm.StudentTEffects(nu=bm.Uniform(5e4, 1e5))
    assert_same(
        summary_of(bm.ModelSpec(study_effects=many)),
        summary_of(bm.ModelSpec(), seed=2),
        ["mu", "tau", "typical rate", "mean rate", "new study"],
    )


@pytest.mark.slow
def test_without_outlying_studies_it_is_the_normal() -> None:
    none = bm.ContaminatedEffects(outlier_proportion=bm.Uniform(0, 1e-6))
    assert_same(
        summary_of(bm.ModelSpec(study_effects=none)),
        summary_of(bm.ModelSpec(), seed=2),
        ["mu", "tau", "typical rate", "mean rate", "new study"],
    )


def test_nothing_missing_is_the_plain_model() -> None:
    """The same density, so the same draws from the same seed."""
    quick = bm.SamplerSettings(chains=2, warmup=200, draws=200)
    arms = bm.read_evidence(BASE).select()
    fits = [
        bm.fit(bm.ModelSpec(covariates=covariates), arms, seed=1, settings=quick)
        for covariates in (bm.Covariates("age"), bm.Covariates("age", impute=["age"]))
    ]
    assert fits[0].posterior.equals(fits[1].posterior)


def test_a_whole_share_is_the_level_itself() -> None:
    """An arm that is all of one level, as a mixture or by name: the same draws."""
    quick = bm.SamplerSettings(chains=2, warmup=200, draws=200)
    drug = ["x", "y", "x", "y", "x", "y", "x"]
    frame = BASE.assign(drug=drug, in_x=[None] * 6 + [1.0], in_y=[None] * 6 + [0.0])
    shares = {"drug": {"x": "in_x", "y": "in_y"}}
    posteriors = [
        bm.fit(
            bm.ModelSpec(covariates=bm.Covariates("drug", {"drug": "x"}, level_proportions=own)),
            bm.read_evidence(frame).select(),
            seed=1,
            settings=quick,
        ).posterior
        for own in ({}, shares)
    ]
    assert posteriors[0].equals(posteriors[1])
