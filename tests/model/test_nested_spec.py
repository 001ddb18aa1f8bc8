"""Specifications of nested outcomes: what is refused, and what a design makes of them."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest

import bayesmeta as bm
from bayesmeta.model import make_design
from bayesmeta.model.effects import DISTRIBUTIONS
from bayesmeta.model.limits import SEVERAL_OUTCOMES, Limit

OUTCOMES = ("ORR", "CR_CRi", "CR")


def arms_of(**columns: object) -> bm.Arms:
    frame = pd.DataFrame(
        {
            "study": ["a", "b", "c", "d"],
            "n": [20, 15, 12, 9],
            "ORR": [12, None, 7, None],
            "CR_CRi": [8, 9, None, None],
            "CR": [5, None, 3, 2],
        }
    )
    return bm.Arms(frame.assign(**columns), pd.DataFrame(), outcomes=OUTCOMES)


FAULTS: list[tuple[Callable[[], object], str]] = [
    (lambda: bm.LKJ(0), r"`eta` of LKJ must be from 0.1 to 1000; got 0\."),
    (lambda: bm.LKJ(-1), "must be from 0.1 to 1000; got -1"),
    (lambda: bm.LKJ(math.nan), "must be from 0.1 to 1000; got nan"),
    (lambda: bm.LKJ(math.inf), "must be from 0.1 to 1000; got inf"),
    (lambda: bm.LKJ("2"), "`eta` of LKJ must be a number; got '2'"),  # type: ignore[arg-type]
    (lambda: bm.LKJ(True), "`eta` of LKJ must be a number; got True"),
    (lambda: bm.ModelSpec(3), "`name` must be text; got 3"),  # type: ignore[arg-type]
    (lambda: bm.ModelSpec(correlation=2), r"`correlation` must be LKJ\(eta\) or None; got 2"),  # type: ignore[arg-type]
    (
        lambda: bm.NormalEffects(bm.Normal(0, 1)),
        r"`tau` is a standard deviation.*no value below 0.*got Normal\(0, 1\)",
    ),
    (lambda: bm.NormalEffects({"CR": bm.Uniform(-1, 1)}), r"`tau CR` is a standard deviation"),
    (lambda: bm.NormalEffects({"CR": 0.5}), "`tau CR` must be a prior.*got 0.5"),
    (
        lambda: bm.ModelSpec(mu=bm.HalfNormal(1)),
        "`mu` is on the log-odds scale.*allow every number",
    ),
    (lambda: bm.ModelSpec(mu={"CR": 0}), "`mu CR` must be a prior, such as .*; got 0"),
    (lambda: bm.ModelSpec(beta=bm.Normal(0, 2)), "`beta` has no effect without covariates"),
]


@pytest.mark.parametrize(("make", "message"), FAULTS, ids=range(len(FAULTS)))
def test_faults_of_a_specification(make: Callable[[], object], message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        make()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            bm.ModelSpec("m", mu={"CRi": bm.Normal(0, 1)}),
            r"m: `mu` has a prior for 'CRi', which is not an outcome of the evidence\. Did you mean 'CR",
        ),
        (
            bm.ModelSpec(study_effects=bm.NormalEffects({"PR": bm.HalfNormal(1)})),
            "`tau` has a prior for 'PR'.*Valid: CR, CR_CRi, ORR",
        ),
        (
            bm.ModelSpec(covariates="x", beta={"z": bm.Normal(0, 1)}),
            "`beta` has a prior for 'z', which is not a coefficient",
        ),
        (bm.ModelSpec(covariates="agee"), "`formula` names 'agee', which is not a column"),
    ],
    ids=["mu", "tau", "beta", "covariate"],
)
def test_what_the_evidence_has_not(spec: bm.ModelSpec, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        make_design(spec, arms_of(x=[1.0, 2.0, 3.0, 5.0]))


def test_priors_by_outcome_and_coefficient() -> None:
    spec = bm.ModelSpec(
        covariates=bm.Covariates("x"),
        mu={"CR": bm.Cauchy(0, 1)},
        study_effects=bm.NormalEffects({"default": bm.Exponential(2), "ORR": bm.HalfCauchy(1)}),
        beta={"x": bm.Normal(0, 0.3)},
        likelihood=bm.Binomial(bm.Probit()),
    )
    design = make_design(spec, arms_of(x=[1.0, 2.0, 3.0, 5.0]))
    assert design.mu == (bm.Probit.mu, bm.Probit.mu, bm.Cauchy(0, 1))
    assert design.tau == (bm.HalfCauchy(1), bm.Exponential(2), bm.Exponential(2))
    assert design.beta == (bm.Normal(0, 0.3),)
    one = make_design(spec, arms_of(x=[1.0, 2.0, 3.0, 5.0]).of("CR"))
    assert (one.spec.mu, one.spec.study_effects.tau) == (bm.Cauchy(0, 1), bm.Exponential(2))


def test_a_missing_outcome_joins_the_ratios_about_it() -> None:
    """One binomial count per outcome reported, of the patients with the one reported around it."""
    seen = make_design(bm.ModelSpec(), arms_of()).conditional_counts
    assert np.column_stack([*seen]).tolist() == [
        [0, 0, 0, 20, 12],
        [0, 1, 1, 12, 8],
        [0, 2, 2, 8, 5],
        [1, 0, 1, 15, 9],
        [2, 0, 0, 12, 7],
        [2, 1, 2, 7, 3],
        [3, 0, 2, 9, 2],
    ]
    assert seen.spans(3)[3:].tolist() == [[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1]]


def test_arms_without_a_covariate_are_left_out_and_named() -> None:
    arms = arms_of(x=[1.0, 2.0, None, 5.0])
    with pytest.warns(bm.EvidenceWarning, match="1 of 4 arms are left out because x is missing: c"):
        design = make_design(bm.ModelSpec(covariates="x"), arms)
    assert list(design.arms.labels) == ["a", "b", "d"]
    assert design.arms.excluded["rule"].to_list() == ["covariate: x is missing"]
    with pytest.raises(bm.SpecError, match="No arm has all covariates of the model; missing: x"):
        make_design(bm.ModelSpec(covariates="x"), arms_of(x=[np.nan] * 4))


def test_pairs_are_named_by_their_outcomes() -> None:
    assert make_design(bm.ModelSpec(), arms_of()).pairs == (
        "ORR, CR_CRi",
        "ORR, CR",
        "CR_CRi, CR",
    )
    assert make_design(bm.ModelSpec(correlation=None), arms_of()).pairs == ()


def test_a_specification_says_what_it_is() -> None:
    assert repr(bm.ModelSpec("p")) == "ModelSpec(p: mu + u, normal study effects)"
    assert repr(bm.ModelSpec("i", covariates="x", correlation=None)) == (
        "ModelSpec(i: mu + x + u, normal study effects, correlation None)"
    )


def test_a_model_is_built_of_a_model_and_arms(orr: bm.Arms, table: bm.EvidenceTable) -> None:
    build: Any = bm.build
    with pytest.raises(bm.SettingsError, match=r"`spec` must be a ModelSpec; got str. Make one by"):
        build("regimen", orr)
    with pytest.raises(bm.SettingsError, match=r"`arms` must be Arms; got EvidenceTable. Make"):
        build(bm.load_model("pooled"), table)


LIMITED: dict[str, bm.ModelSpec] = {
    "a beta-binomial likelihood": bm.ModelSpec(likelihood=bm.BetaBinomial()),
    "`arm_effects`": bm.ModelSpec(arm_effects=bm.ArmEffects()),
    "a distribution of `study_effects` other than the normal": bm.ModelSpec(
        study_effects=bm.StudentTEffects()
    ),
    "tau by a column (`by`)": bm.ModelSpec(study_effects=bm.NormalEffects(by="design")),
    "exchangeable levels": bm.ModelSpec(covariates="(1 | design)"),
    "a random walk over calendar years": bm.ModelSpec(covariates="walk(year)"),
    "imputing covariates (`impute`)": bm.ModelSpec(covariates=bm.Covariates("age", impute=["age"])),
}


QUICK = bm.SamplerSettings(chains=2, warmup=50, draws=20)
POOLED = bm.ModelSpec()


def own_model() -> pm.Model:
    with pm.Model() as model:
        pm.Normal("theta")
    return model


def judged(arms: bm.Arms) -> bm.RiskOfBias:
    frame = pd.DataFrame({"Study": arms.studies}).assign(**{f"D{k}": "Low" for k in range(1, 6)})
    return bm.read_risk_of_bias(frame.assign(Overall="Low"), tool="RoB 2")


REFUSED: dict[str, Callable[[bm.Fit], object]] = {
    "method='quadrature'": lambda fit: bm.fit(POOLED, fit.arms, seed=1, method="quadrature"),
    "engine='pymc'": lambda fit: bm.fit(POOLED, fit.arms, seed=1, engine="pymc"),
    "a PyMC model": lambda fit: bm.fit(own_model(), fit.arms, seed=1),
    "`verify`": lambda fit: bm.verify(fit),
    "`posterior_predictive_check`": lambda fit: bm.posterior_predictive_check(fit, seed=1),
    "`selection`": lambda fit: bm.selection(fit),
    "`unreported`": lambda fit: bm.unreported(fit, studies=2),
    "`certainty`": lambda fit: bm.certainty(fit, bands=[0.2]),
    "`bias_adjusted`": lambda fit: bm.bias_adjusted(fit, bias={"s1": (0, 1)}),
    "`bias_sensitivity`": lambda fit: bm.bias_sensitivity(fit, judged(fit.arms)),
}


@pytest.fixture(scope="module")
def joint_fit() -> bm.Fit:
    return bm.fit(POOLED, arms_of(), seed=1, settings=QUICK)


@pytest.mark.parametrize("limit", SEVERAL_OUTCOMES, ids=lambda limit: limit.what)
def test_what_is_not_available_for_several_outcomes_is_refused(
    limit: Limit, joint_fit: bm.Fit
) -> None:
    remedy = f"{limit.remedy}, or fit" if limit.remedy else "Fit"
    expected = re.escape(
        f"{limit.what} is not available for several outcomes (ORR, CR_CRi, CR), since {limit.reason}. "
        f"{remedy} each outcome by itself: arms.of('ORR')."
    )
    if limit.holds is None:
        with pytest.raises(bm.SettingsError, match=f"^{expected}"):
            REFUSED[limit.what](joint_fit)
        return
    with pytest.raises(bm.SpecError, match=f"^pooled: {expected}"):
        make_design(LIMITED[limit.what], joint_fit.arms)


def test_every_refusal_is_a_line_of_the_table() -> None:
    assert {*LIMITED, *REFUSED} == {limit.what for limit in SEVERAL_OUTCOMES}


def test_every_distribution_but_the_normal_is_refused() -> None:
    for distribution in DISTRIBUTIONS.values():
        if distribution is not bm.NormalEffects:
            with pytest.raises(bm.SpecError, match="other than the normal is not available"):
                make_design(bm.ModelSpec(study_effects=distribution()), arms_of())
