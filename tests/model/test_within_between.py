"""Parts of covariates within and between studies: formulas, coding, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.comparison.held_out import lean, only
from bayesmeta.estimates.profiles import mean_of_study
from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.model import Design, make_design, parse_model, to_toml
from bayesmeta.model.formula import parse_formula
from bayesmeta.model.stored_coding import coding_json, read_coding
from bayesmeta.model.within_between import SplitColumn

FRAME = pd.DataFrame(
    {
        "study": ["s1", "s1", "s2", "s3", "s4", "s4", "s5"],
        "arm": ["a", "b", "a", "a", "a", "b", "a"],
        "events": [3, 5, 2, 4, 6, 7, 3],
        "n": [10, 30, 12, 11, 20, 20, 9],
        "kind": ["x", "y", "x", "y", "x", "z", "z"],
        "age": [60.0, 64.0, 50.0, 70.0, 66.0, 64.0, 55.0],
        "line": [1, 2, 1, 2, 1, 1, 2],
        "in_x": [None, None, None, None, None, None, 0.25],
        "in_z": [None, None, None, None, None, None, 0.75],
    }
)
WITHIN_Y = [-0.75, 0.25, 0, 0, 0, 0, 0]
BETWEEN_Y = [0.75, 0.75, 0, 1, 0, 0, 0]
BOTH = "within(kind) + between(kind)"
KIND = {"kind": "x"}


def arms_of(**columns: object) -> bm.Arms:
    return bm.read_evidence(FRAME.assign(**columns)).select()  # type: ignore[arg-type]


def design_of(formula: str, arms: bm.Arms | None = None, **parts: object) -> Design:
    reference = {"reference": KIND} if "kind" in formula else {}
    covariates = bm.Covariates(formula, **{**reference, **parts})  # type: ignore[arg-type]
    return make_design(bm.ModelSpec(covariates=covariates), arms or arms_of())


def columns_of(design: Design) -> dict[str, list[float]]:
    return {
        name: design.matrix[:, i].round(12).tolist() for i, name in enumerate(design.coding.names)
    }


@pytest.mark.parametrize(
    ("formula", "terms", "split"),
    [
        (BOTH, ["kind"], [SplitColumn("kind", ("within", "between"))]),
        ("age + between(age)", ["age"], [SplitColumn("age", ("", "between"))]),
        ("between( age )+kind + age", ["age", "kind"], [SplitColumn("age", ("between", ""))]),
        (
            "within(C(line)) + between(C(line))",
            ["C(line)"],
            [SplitColumn("line", ("within", "between"))],
        ),
        (
            "within(`max dose`) + `max dose`",
            ["`max dose`"],
            [SplitColumn("max dose", ("within", ""))],
        ),
        (
            "age * kind + between(age)",
            ["age", "kind", "age:kind"],
            [SplitColumn("age", ("", "between"))],
        ),
        ("within + between", ["within", "between"], []),
    ],
)
def test_formulas_with_parts(formula: str, terms: list[str], split: list[SplitColumn]) -> None:
    parsed = parse_formula(formula)
    assert [":".join(factor.text for factor in term) for term in parsed.terms] == terms
    assert list(parsed.split) == split


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("within(age)", r"none or two of age, within\(age\) and between\(age\), two of which"),
        ("between(age) + kind", "none or two of age.*Add another, or write age alone"),
        ("age + within(age) + between(age)", "each of which follows from the other two"),
        ("within(age) * between(age)", r"only of one column each, in terms that \+ joins"),
        ("age + (kind + between(age)):line", r"only of one column each, in terms that \+ joins"),
        ("within(log(age)) + between(age)", "only of one column each"),
        ("log(within(age)) + age", "only of one column each"),
        ("within(age + line) + age", "only of one column each"),
        ("within() + age", "only of one column each"),
        (f"{BOTH} + (1 | kind)", "gives 'kind' coefficients and exchangeable levels"),
        ("age + between(age) + (age | kind)", "has parts of it within and between studies"),
    ],
)
def test_formulas_that_are_refused(formula: str, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        bm.Covariates(formula)


def test_imputing_a_column_that_has_parts_is_refused() -> None:
    with pytest.raises(bm.SpecError, match=r"got 'age', which has parts within and between"):
        bm.Covariates("age + between(age)", impute=["age"])


def test_a_mean_is_that_of_the_patients_of_a_study() -> None:
    found = columns_of(design_of(BOTH))
    assert list(found) == [
        "within(kind)[y]",
        "within(kind)[z]",
        "between(kind)[y]",
        "between(kind)[z]",
    ]
    assert found["within(kind)[y]"] == WITHIN_Y
    assert found["between(kind)[y]"] == BETWEEN_Y
    assert found["within(kind)[z]"] == [0, 0, 0, 0, -0.5, 0.5, 0]
    assert found["between(kind)[z]"] == [0, 0, 0, 0, 0.5, 0.5, 1]


def test_parts_of_a_number_stand_at_its_centre() -> None:
    design = design_of("between(age) + line + within(age)", centre={"age": 60})
    found = columns_of(design)
    assert list(found) == ["between(age)", "within(age)", "line"]
    assert found["between(age)"] == [3, 3, -10, 10, 5, 5, -5]
    assert found["within(age)"] == [-3, 1, 0, 0, 1, -1, 0]
    # One unit and one default prior for all parts of a column.
    spread = float(FRAME["age"].std())
    assert design.coding.spreads["within(age)"] == pytest.approx(spread)
    assert design.beta[0] == design.beta[1]
    assert design.beta[0].scale == pytest.approx(1 / spread, rel=1e-3)  # type: ignore[attr-defined]


def test_the_conflict_beside_the_column_itself() -> None:
    found = columns_of(design_of("kind + between(kind)"))
    assert found["kind[y]"] == [0, 1, 0, 1, 0, 0, 0]
    assert found["between(kind)[y]"] == BETWEEN_Y


def test_a_mixture_is_split_as_the_mixture_that_it_is() -> None:
    kinds, studies = [*FRAME["kind"][:6], None], [*FRAME["study"][:6], "s4"]
    arms = arms_of(kind=kinds, study=studies, arm=list("abaaabc"))
    shares = {"kind": {"x": "in_x", "z": "in_z"}}
    found = columns_of(design_of(BOTH, arms, level_proportions=shares))
    mean = (20 + 0.75 * 9) / 49
    assert found["between(kind)[z]"][4:] == pytest.approx([mean] * 3)
    assert found["within(kind)[z]"][4:] == pytest.approx([-mean, 1 - mean, 0.75 - mean])


@pytest.mark.parametrize("no", ["no", "False", 0])
def test_arms_of_a_study_that_is_not_randomised_are_their_own_means(no: object) -> None:
    yes = {"no": "yes", "False": "True", 0: 1}[no]  # type: ignore[index]
    design = design_of("within(age) + between(age)", arms_of(randomised=[yes] * 2 + [no] * 5))
    found = columns_of(design)
    assert found["within(age)"] == [-3, 1, 0, 0, 0, 0, 0]
    centre = float(FRAME["age"].mean())
    assert found["between(age)"] == pytest.approx(np.array([63, 63, *FRAME["age"][2:]]) - centre)
    # What fits of other arms need of them is kept.
    assert columns_of(only(lean(design), "s5", without=True))["within(age)"] == [-3, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("randomised", "message"),
    [
        (
            ["perhaps", "yes", "", "", "yes", "yes", ""],
            r"yes or no .* got 'perhaps' in 's1/a'|s1/a",
        ),
        (["yes", "yes", "", "", "", "", ""], "yes or no for studies of several arms"),
        (["yes", "no", "", "", "yes", "yes", ""], "same in all arms of a study; not so in"),
    ],
)
def test_other_values_of_randomised_are_refused(randomised: list[str], message: str) -> None:
    with pytest.raises(bm.EvidenceError, match=message):
        design_of("age + between(age)", arms_of(randomised=randomised))


def test_whether_a_study_of_one_arm_was_randomised_need_not_be_known() -> None:
    design = design_of(BOTH, arms_of(randomised=["yes", "yes", "", "", "yes", "yes", ""]))
    assert columns_of(design)["within(kind)[y]"] == WITHIN_Y


def test_a_profile_is_a_study_of_its_own_or_an_arm_of_one() -> None:
    design = design_of(BOTH)
    coding = design.coding
    assert coding.row(None).tolist() == [0, 0, 0, 0]
    assert coding.row({"kind": "y"}).tolist() == [0, 0, 1, 0]
    mean = mean_of_study(coding, design.arms, "s1")
    assert mean == pytest.approx([0.75, 0])
    assert coding.row({"kind": "y"}, mean) == pytest.approx([0.25, 0, 0.75, 0])
    arms = arms_of(randomised=["no", "no", "", "", "yes", "yes", ""])
    apart = design_of("age + between(age)", arms)
    assert mean_of_study(apart.coding, apart.arms, "s1") is None


def test_both_forms_have_one_likelihood() -> None:
    within, between = np.array([0.4, -0.7]), np.array([-0.2, 0.9])
    shared = {"mu": np.array([-0.3]), "tau": np.array([0.5])}
    split = study_log_likelihood(
        design_of(BOTH), {**shared, "beta": np.concatenate([within, between])[None]}
    )
    conflict = study_log_likelihood(
        design_of("kind + between(kind)"),
        {**shared, "beta": np.concatenate([within, between - within])[None]},
    )
    plain = study_log_likelihood(design_of("kind"), {**shared, "beta": within[None]})
    assert split == pytest.approx(conflict, rel=1e-12)
    # Studies of one arm know the effect between studies alone.
    assert not np.allclose(split, plain)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"age": [60.0, 60, 50, 70, 66, 66, 55]}, "no study has arms that differ in it. Write age"),
        (
            {
                "age": [60.0, 60, 50, 70, 66, 64, 55],
                "n": [9, 9, 9, 9, 9, 0, 9],
                "events": [1] * 5 + [0, 1],
            },
            "no study has arms that differ",
        ),
        ({"randomised": "no"}, "no randomised study has arms that differ"),
        (
            {"age": [62.1, 68, 65.05, 65.05, 64, 66.1, 65.05], "n": [9] * 7},
            r"between\(age\)|the intercept",
        ),
    ],
)
def test_evidence_without_a_part_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        design_of("within(age) + between(age)", arms_of(**changed))


@pytest.mark.parametrize(
    ("formula", "named"),
    [(BOTH, r"within\(kind\)\[z\]"), ("kind + between(kind)", r"kind\[z\]")],
)
def test_levels_that_no_study_compares_are_told(formula: str, named: str) -> None:
    arms = arms_of(kind=["x", "y", "x", "y", "x", "y", "z"])
    with pytest.warns(bm.ModelWarning, match=f"no study tells '?{named}'? within studies"):
        design_of(formula, arms)


def test_columns_that_studies_change_together_are_told() -> None:
    arms = arms_of(age=[60.0, 64, 50, 70, 66, 70, 55], kind=list("xyxyxyy"))
    named = r"within\(kind\)\[y\].*within\(age\)"
    with pytest.warns(bm.ModelWarning, match=f"no study tells {named}.* within studies"):
        design_of(f"{BOTH} + within(age) + between(age)", arms)


@pytest.mark.parametrize("formula", [BOTH, "`age` + between(age)", "within(C(line)) + C(line)"])
def test_parts_are_the_same_after_they_were_stored(formula: str) -> None:
    reference = {"line": "1"} if "line" in formula else KIND if "kind" in formula else {}
    spec = bm.ModelSpec("parts", covariates=bm.Covariates(formula, reference))
    assert parse_model(to_toml(spec), "parts.toml").covariates == spec.covariates
    design = make_design(spec, arms_of(line=[1, 2, 1, 2, 1, 2, 2]))
    stored = read_coding(json.loads(json.dumps(coding_json(design.coding))), spec.covariates)
    assert stored.names == design.coding.names
    assert stored.spreads == design.coding.spreads
    assert np.array_equal(stored.matrix(design.arms.frame), design.matrix)


def test_a_model_names_the_parts_of_its_columns() -> None:
    spec = bm.ModelSpec("m", covariates=bm.Covariates("`age` + between(age) + (1 | kind)"))
    assert "mu + age + between(age) + b[kind] + u" in repr(spec)


def test_a_stratum_of_which_an_arm_is_a_total_is_not_split() -> None:
    rows = [
        ("s1", "", 8, 25),
        ("s1", "prior=no", 5, 15),
        ("s1", "prior=yes", 3, 10),
        ("s2", "", 9, 30),
        ("s2", "prior=no", None, 12),
        ("s2", "prior=yes", None, 18),
    ]
    frame = pd.DataFrame(rows, columns=["study", "stratum", "events", "n"])
    frame = frame.astype({"events": "Int64"}).assign(derivation="reported")
    arms = bm.read_evidence(frame).select(strata="prior")
    covariates = bm.Covariates("prior + between(prior)", {"prior": "no"})
    with pytest.raises(bm.SpecError, match=r"within\(\) and between\(\) cannot name 'prior'"):
        make_design(bm.ModelSpec(covariates=covariates), arms)
