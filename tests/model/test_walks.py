"""Random walks over calendar years: formulas, columns, profiles, model files, and what is refused."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.model import Design, make_design, parse_model, to_toml
from bayesmeta.model.formula import parse_formula
from bayesmeta.model.level_terms import LevelTerm
from bayesmeta.model.stored_coding import coding_json, read_coding

YEARS = [2016, 2019, 2017, 2021, 2021, 2019]


def arms_of(**columns: object) -> bm.Arms:
    frame = pd.DataFrame(
        {
            "arm": ["a", "a", "a", "a", "a", "b"],
            "study": ["s1", "s2", "s3", "s4", "s5", "s5"],
            "events": [3, 5, 8, 2, 9, 4],
            "n": [10, 20, 15, 12, 20, 10],
            "kind": ["x", "x", "y", "y", "z", "x"],
            "age": [60.0, 65.0, 70.0, 62.0, 66.0, 67.0],
            "year": YEARS,
        }
    )
    return bm.read_evidence(frame.assign(**columns)).select()


def design_of(formula: str = "walk(year)", arms: bm.Arms | None = None, **parts: object) -> Design:
    spec = bm.ModelSpec("drift", covariates=formula, **parts)  # type: ignore[arg-type]
    return make_design(spec, arms_of() if arms is None else arms)


@pytest.mark.parametrize(
    ("formula", "fixed", "levels"),
    [
        ("walk(year)", (), [LevelTerm(("year",), walk=True)]),
        ("age + walk( year )", ("age",), [LevelTerm(("year",), walk=True)]),
        ("walk(`the year`) + log(age)", ("age",), [LevelTerm(("the year",), walk=True)]),
        ("(1|kind) + walk(year)", (), [LevelTerm(("kind",)), LevelTerm(("year",), walk=True)]),
        ("walk + age", ("walk", "age"), []),
    ],
)
def test_formulas_with_a_walk(
    formula: str, fixed: tuple[str, ...], levels: list[LevelTerm]
) -> None:
    parsed = parse_formula(formula)
    assert list(parsed.levels) == levels
    assert parsed.fixed_columns == fixed
    assert set(parsed.columns) == {*fixed, *(name for term in levels for name in term.columns)}


FORMULAS = [
    ("walk(year) * age", r"may hold walk\(\) only in terms that \+ joins"),
    ("age - walk(year)", r"may hold walk\(\) only in terms that \+ joins"),
    ("walk(year) + walk(year)", "may have one random walk; got 2"),
    ("walk(year) + walk(period)", "may have one random walk; got 2"),
    ("year + walk(year)", "gives 'year' a random walk and another term"),
    ("(1 | year) + walk(year)", "gives 'year' a random walk and another term"),
    ("walk(year, age)", r"`walk\(\)` takes one column of calendar years; got 'year, age'"),
    ("walk(log(year))", r"`walk\(\)` takes one column of calendar years; got 'log\(year\)'"),
    ("walk()", r"`walk\(\)` takes one column of calendar years; got ''"),
    ("walk(study)", "uses 'study', which is the grouping of the study effects"),
    ("walk(events)", "uses 'events', which is the response"),
]


@pytest.mark.parametrize(("formula", "message"), FORMULAS)
def test_formulas_that_are_refused(formula: str, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        parse_formula(formula)


FAULTS: list[tuple[Callable[[], object], str]] = [
    (
        lambda: bm.ModelSpec(covariates="walk(year)", levels=bm.StudentTLevels()),
        r"`levels` of walk\(year\) must be NormalLevels, .*; got StudentTLevels",
    ),
    (
        lambda: bm.ModelSpec(
            covariates="walk(year)", levels={"walk(year)": bm.PartlyExchangeableLevels()}
        ),
        r"`levels` of walk\(year\) must be NormalLevels",
    ),
    (
        lambda: bm.ModelSpec(covariates="walk(year)", levels={"year": bm.NormalLevels()}),
        r"distribution for 'year', which is no term of the formula. .*walk\(year\)",
    ),
    (
        lambda: bm.ModelSpec(covariates="walk(year)", study_effects=bm.NormalEffects(by="year")),
        "`by` names 'year', the years of a random walk",
    ),
    (
        lambda: bm.Covariates("walk(year)", centre={"year": 2020}),
        "`centre` names 'year', the years of a random walk",
    ),
    (
        lambda: bm.Covariates("age + walk(year)", impute=["year"]),
        "`impute` names 'year', the years of a random walk",
    ),
    (
        lambda: bm.Covariates("walk(year)", reference={"year": "2020"}),
        "`reference` names 'year', the years of a random walk",
    ),
    (
        lambda: design_of(arms=arms_of(year=[2016, 2019.5, 2017, 2021, 2021, 2019])),
        r"drift: `formula`: walk\(year\) takes whole calendar years; not so in s2 \(2019\.5\)",
    ),
    (
        lambda: design_of(arms=arms_of(year=["2016", "early", "2017", "2021", "2021", "2019"])),
        "must be a number; not so in row 2: 'early'",
    ),
    (
        lambda: design_of("walk(kind)"),
        r"walk\(kind\) takes whole calendar years; not so in s1 \('x'\), s2 \('x'\)",
    ),
    (
        lambda: design_of(arms=arms_of(year=2020)),
        r"walk\(year\) has one year only, 2020, in these arms. Leave it out",
    ),
    (
        lambda: design_of(arms=arms_of(year=[202, 2019, 2017, 2021, 2021, 2019])),
        r"walk\(year\) takes at most 100 years; got 202 to 2021. Correct the table",
    ),
]


@pytest.mark.parametrize(("make", "message"), FAULTS, ids=range(len(FAULTS)))
def test_faults_of_walks(make: Callable[[], object], message: str) -> None:
    with pytest.raises(bm.BayesmetaError, match=message):
        make()


def test_arms_without_a_year_are_left_out_by_name() -> None:
    missing = arms_of(year=[2016, None, 2017, 2021, 2021, 2019])
    with pytest.warns(bm.EvidenceWarning, match="1 of 6 arms are left out because year is missing"):
        design = design_of(arms=missing)
    assert "s2" not in set(design.arms.studies)


def test_columns_add_up_to_the_walk_below_the_last_year() -> None:
    design, rng = design_of("age + walk(year)"), np.random.default_rng(1)
    names = design.coding.level_names
    assert names == tuple(f"walk(year)[{year}]" for year in range(2017, 2022))
    steps = rng.normal(size=5)
    # The walk from its first year on, moved so that it is 0 at the last.
    walk = dict(zip(range(2016, 2022), np.concatenate([[0.0], np.cumsum(steps)]), strict=True))
    expected = [walk[year] - walk[2021] for year in YEARS]
    assert design.matrix[:, 1:] @ steps == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("year", "known", "new"),
    [
        (2016, [-1, -1, -1, -1, -1], 0),
        (2020, [0, 0, 0, 0, -1], 0),
        (2021, [0] * 5, 0),
        (2022, [0] * 5, 1),
        (2030, [0] * 5, 3),
    ],
)
def test_profiles_at_and_after_the_years_of_the_arms(
    year: int, known: list[float], new: float
) -> None:
    coding = design_of().coding
    for value in (year, float(year), str(year)):
        assert coding.row({"year": value}) == pytest.approx([*known, new])
    assert coding.reference == {"year": 2021.0}


PROFILES = [
    ({"year": 2015}, "'year' must not be before 2016, where .* begins; got 2015"),
    ({"year": 20211}, "'year' must be less than 100 years after 2016, where .* begins; got 20211"),
    ({"year": 2116}, "'year' must be less than 100 years after 2016, where .* begins; got 2116"),
    ({"year": 2020.5}, "'year' must be a whole calendar year; got 2020.5"),
    ({"year": "soon"}, "'year' must be a finite number; got 'soon'"),
    ({"year": bm.NEW}, "'year' must be a finite number; got 'NEW'"),
    ({"year": {"2020": 0.5, "2021": 0.5}}, "'year' must be a finite number"),
]


@pytest.mark.parametrize(("profile", "message"), PROFILES)
def test_profiles_that_are_refused(profile: dict[str, object], message: str) -> None:
    with pytest.raises(bm.ProfileError, match=message):
        design_of().coding.row(profile)


@pytest.mark.parametrize(
    ("year", "message"),
    [
        (2025, "year=2025 lies after 2021, the last year of walk"),
        (2012, "'year' must not be before 2016, where .* begins; got 2012"),
    ],
)
def test_arms_of_other_years_are_not_coded_as_those_of_the_evidence(
    year: int, message: str
) -> None:
    other = arms_of(year=[2016, 2019, 2017, 2021, 2021, year])
    with pytest.raises(bm.ProfileError, match=message):
        design_of().coding.matrix(other.frame)


def test_years_may_be_numbers_or_text() -> None:
    found = [
        design_of(arms=arms_of(year=list(map(kind, YEARS))))  # type: ignore[call-arg]
        for kind in (int, float, str)
    ]
    for design in found[1:]:
        assert design.coding.level_names == found[0].coding.level_names
        assert np.array_equal(design.matrix, found[0].matrix)
        assert design.coding.reference == found[0].coding.reference


def test_the_default_scale_is_of_the_drift_over_all_years() -> None:
    design = design_of("age + (1 | kind) + walk(year)")
    kinds, steps = design.sigmas
    assert kinds == bm.HalfNormal(0.5)
    # Five steps, independent: a drift over all has the root of five times their scale.
    assert steps == bm.HalfNormal(float(f"{0.5 / np.sqrt(5):.4g}"))
    own = {"walk(year)": bm.NormalLevels(bm.HalfNormal(0.1))}
    assert design_of(levels=own).sigmas == (bm.HalfNormal(0.1),)


@pytest.mark.parametrize(
    "levels",
    [
        bm.NormalLevels(),
        {"walk(year)": bm.NormalLevels(bm.HalfNormal(0.2)), "default": bm.StudentTLevels()},
    ],
)
def test_model_files_and_saved_codings_hold_walks(
    levels: bm.LevelEffects | dict[str, bm.LevelEffects],
) -> None:
    spec = bm.ModelSpec("drift", covariates="age + (1 | kind) + walk(year)", levels=levels)
    assert parse_model(to_toml(spec)) == spec
    coding = make_design(spec, arms_of()).coding
    found = read_coding(json.loads(json.dumps(coding_json(coding))), spec.covariates)
    assert found.exchangeable == coding.exchangeable
    for profile in ({"year": 2017, "kind": "y"}, {"year": 2026, "kind": bm.NEW, "age": 61}):
        assert np.array_equal(found.row(profile), coding.row(profile))


def test_the_bundled_model_is_a_walk_over_the_year() -> None:
    spec = bm.load_model("drift")
    assert repr(spec) == "ModelSpec(drift: mu + walk(year) + u, normal study effects)"
    assert spec.name not in bm.bundled_models()
    assert make_design(spec, arms_of()).coding.walks["year"].last == 2021


def test_two_years_are_few() -> None:
    with pytest.warns(
        bm.ModelWarning, match=r"sigma of walk\(year\) rests on its prior: .* 2 years"
    ):
        design_of(arms=arms_of(year=[2016, 2016, 2016, 2021, 2021, 2021]))


def test_several_outcomes_have_no_walk() -> None:
    both = bm.load_evidence("rr_aml_venetoclax").select(outcomes=["ORR", "CR"], where="year > 0")
    with pytest.raises(bm.SpecError, match="a random walk over calendar years is not available"):
        make_design(bm.load_model("drift"), both)
