"""Exchangeable levels: terms of formulas, coding, model files, and what the evidence cannot tell."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmeta as bm
from bayesmeta.model import make_design, parse_model, to_toml
from bayesmeta.model.formula import parse_formula
from bayesmeta.model.level_terms import LevelTerm
from bayesmeta.model.stored_coding import coding_json, read_coding


def arms_of(**columns: object) -> bm.Arms:
    frame = pd.DataFrame(
        {
            "arm": ["a", "a", "a", "a", "a", "b"],
            "study": ["s1", "s2", "s3", "s4", "s5", "s5"],
            "events": [3, 5, 8, 2, 9, 4],
            "n": [10, 20, 15, 12, 20, 10],
            "kind": ["x", "x", "y", "y", "z", "x"],
            "drug": ["a", "b", "c", "c", "d", "a"],
            "age": [60.0, 65.0, 70.0, 62.0, 66.0, 67.0],
        }
    )
    return bm.read_evidence(frame.assign(**columns)).select()


@pytest.mark.parametrize(
    ("formula", "levels"),
    [
        ("(1 | kind)", [LevelTerm(("kind",))]),
        ("age + (1 | kind / drug)", [LevelTerm(("kind",)), LevelTerm(("kind", "drug"))]),
        ("(1|kind:drug)", [LevelTerm(("kind", "drug"))]),
        ("age + (age | kind)", [LevelTerm(("kind",)), LevelTerm(("kind",), "age")]),
        ("age + (0 + age | kind)", [LevelTerm(("kind",), "age")]),
        ("(1 | kind) + (1 | drug)", [LevelTerm(("kind",)), LevelTerm(("drug",))]),
        ("(1 | `the class`)", [LevelTerm(("the class",))]),
    ],
)
def test_formulas_with_exchangeable_levels(formula: str, levels: list[LevelTerm]) -> None:
    parsed = parse_formula(formula)
    assert list(parsed.levels) == levels
    assert parsed.fixed_columns == (("age",) if "age" in formula else ())


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("1 | kind", r"may hold \| only in terms that \+ joins"),
        ("age * (1 | kind)", r"may hold \| only in terms that \+ joins"),
        ("(1 | kind) + (1 | kind)", "exchangeable levels of 'kind' twice"),
        ("kind + (1 | kind)", "gives 'kind' coefficients and exchangeable levels"),
        ("(age | kind)", "lets the slope of 'age' differ between levels, but has no slope of it"),
        ("(1 | study)", "uses 'study', which is the grouping of the study effects"),
        ("(0 | kind)", "lets '0' differ between levels"),
        ("age + (age + dose | kind)", "lets 'age \\+ dose' differ between levels"),
        ("(1 | kind / drug : dose)", "names levels by 'kind / drug : dose'"),
        ("(1 | log(age))", r"may hold \| only in terms"),
        ("(1 | 3)", "names '3' where a column must stand"),
        (
            " + ".join(f"(1 | c{i})" for i in range(6)),
            "at most 5 terms of exchangeable levels; got 6",
        ),
    ],
)
def test_formulas_that_are_refused(formula: str, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        parse_formula(formula)


FAULTS: list[tuple[Callable[[], object], str]] = [
    (lambda: bm.NormalLevels(bm.Normal(0, 1)), "`sigma` is a standard deviation"),
    (lambda: bm.StudentTLevels(nu=2), "`nu` must be a number above 2; got 2"),
    (
        lambda: bm.PartlyExchangeableLevels(exchangeable=1),
        "`exchangeable` must be a number above 0 and below 1; got 1",
    ),
    (
        lambda: bm.PartlyExchangeableLevels(apart=bm.Cauchy(0, 1)),  # type: ignore[arg-type]
        "`apart` must be a normal distribution",
    ),
    (lambda: bm.ModelSpec(levels=bm.StudentTLevels()), "`levels` has no effect without"),
    (
        lambda: bm.ModelSpec(covariates="(1 | kind)", levels=0.5),  # type: ignore[arg-type]
        r"`levels` of default must be a distribution such as NormalLevels\(\); got 0.5",
    ),
    (
        lambda: bm.ModelSpec(covariates="(1 | kind)", levels={"clas": bm.NormalLevels()}),
        "distribution for 'clas', which is no term of the formula. Valid: kind",
    ),
    (
        lambda: bm.Covariates("age + (age | kind)", impute=["age"]),
        "`impute` takes columns whose slope is the same for all levels; got 'age'",
    ),
]


@pytest.mark.parametrize(("make", "message"), FAULTS, ids=range(len(FAULTS)))
def test_faults_of_distributions_of_levels(make: Callable[[], object], message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        make()


@pytest.mark.parametrize(
    "levels",
    [
        bm.NormalLevels(bm.HalfCauchy(0.4)),
        bm.StudentTLevels(bm.Exponential(2), nu=5),
        bm.PartlyExchangeableLevels(exchangeable=0.7, apart=bm.Normal(-1, 2)),
        {"kind": bm.NormalLevels(bm.HalfNormal(1)), "kind:drug": bm.StudentTLevels()},
    ],
)
def test_model_files_hold_levels(levels: bm.LevelEffects | dict[str, bm.LevelEffects]) -> None:
    spec = bm.ModelSpec("nested", covariates="(1 | kind / drug)", levels=levels)
    assert parse_model(to_toml(spec)) == spec


def test_every_level_has_a_column_and_a_new_one_its_own() -> None:
    design = make_design(bm.ModelSpec(covariates="age + (age | kind) + (1 | drug)"), arms_of())
    coding = design.coding
    assert coding.names == ("age",)
    assert coding.level_terms == ("kind", "age|kind", "drug")
    row = coding.row({"kind": "y", "age": 70, "drug": bm.NEW})
    named = dict(zip((*coding.names, *coding.level_names), row, strict=False))
    above = 70 - coding.centres["age"]
    found = {name: value for name, value in named.items() if value}
    assert found == pytest.approx({"age": above, "kind[y]": 1.0, "age|kind[y]": above})
    # One column a term for a level that no arm has.
    assert row[-3:].tolist() == [0.0, 0.0, 1.0]
    assert design.matrix.shape == (6, 1 + 3 + 3 + 4)
    assert coding.row(None)[-3:] == pytest.approx([1.0, 0.0, 1.0])


def test_a_coding_with_levels_is_stored() -> None:
    arms = arms_of()
    coding = make_design(bm.ModelSpec(covariates="age + (age | kind / drug)"), arms).coding
    again = read_coding(json.loads(json.dumps(coding_json(coding))), coding.covariates)
    assert np.array_equal(again.matrix(arms.frame), coding.matrix(arms.frame))
    assert again.level_names == coding.level_names


def test_levels_that_no_arm_has_must_be_asked_for_by_name() -> None:
    coding = make_design(bm.ModelSpec(covariates="(1 | kind / drug)"), arms_of()).coding
    with pytest.raises(bm.ProfileError, match=r"no level 'w' of 'kind'.*no arm has, give NEW"):
        coding.row({"kind": "w"})
    with pytest.raises(bm.ProfileError, match=r"no level 'z/a' of kind, drug.*give NEW"):
        coding.row({"kind": "z", "drug": "a"})
    fixed = bm.Covariates("kind", {"kind": "x"})
    coding = make_design(bm.ModelSpec(covariates=fixed), arms_of()).coding
    with pytest.raises(bm.ProfileError, match=r"nothing is known of others.*\(1 \| kind\)"):
        coding.row({"kind": bm.NEW})


def test_evidence_with_a_level_called_new_is_refused() -> None:
    arms = arms_of(drug=["a", "b", "NEW", "c", "d", "a"])
    with pytest.raises(bm.SpecError, match="'NEW' is a level of drug in these arms"):
        make_design(bm.ModelSpec(covariates="(1 | drug)"), arms)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"kind": "x"}, "sigma of kind rests on its prior: the evidence has one level of it"),
        ({"kind": list("xxyyxx")}, "the evidence has 2 levels of it, fewer than 3"),
        ({"kind": list("vwxyzz")}, "each study has a level of kind of its own"),
    ],
)
def test_what_cannot_be_told_of_levels_is_warned_of(
    columns: dict[str, object], message: str
) -> None:
    with pytest.warns(bm.ModelWarning, match=message):
        make_design(bm.ModelSpec(covariates="(1 | kind)"), arms_of(**columns))


def test_references_of_exchangeable_levels_are_refused() -> None:
    with pytest.raises(bm.SpecError, match="`reference` names 'kind', whose levels are exchange"):
        bm.Covariates("(1 | kind)", {"kind": "x"})


@pytest.mark.parametrize("sigma", [1e-3, 0.2, 1.0, 4.0])
def test_effects_of_partly_exchangeable_levels_are_quantiles_of_their_mixture(sigma: float) -> None:
    levels = bm.PartlyExchangeableLevels(exchangeable=0.3, apart=bm.Normal(-0.4, 1.3))
    z = np.linspace(-7, 7, 57)
    effects = levels.effect(z, np.full(z.shape, sigma))
    for side in (1, -1):
        one, other = stats.norm(0, sigma), stats.norm(-0.4, 1.3)
        below = [d.cdf(effects) if side > 0 else d.sf(effects) for d in (one, other)]
        near = side * z <= 0
        expected = stats.norm.cdf(side * z)
        assert (0.3 * below[0] + 0.7 * below[1])[near] == pytest.approx(expected[near], rel=1e-9)
    back = levels.standardised(effects, np.full(z.shape, sigma))
    assert back == pytest.approx(z, abs=1e-7)
