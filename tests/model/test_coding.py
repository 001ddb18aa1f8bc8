"""Coding: learnt from the arms, applied unchanged to profiles, refused where it cannot be."""

from collections.abc import Callable

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.model import Design, make_design

COUNTS = [(3, 10), (5, 20), (1, 8), (7, 12), (4, 9), (2, 15)]
REGIMEN = ["b", "a", "c", "b", "a", "c"]
AGE = [61.0, 60.5, 70.0, 55.0, 48.0, 66.0]

Maker = Callable[..., bm.Arms]


def design(make_arms: Maker, covariates: bm.Covariates, **columns: object) -> Design:
    return make_design(bm.ModelSpec(covariates=covariates), make_arms(COUNTS, **columns))


def test_a_factor_is_coded_against_its_reference(make_arms: Maker) -> None:
    coded = design(make_arms, bm.Covariates("regimen", {"regimen": "b"}), regimen=REGIMEN)
    assert coded.coding.names == ("regimen[a]", "regimen[c]")
    assert coded.matrix.tolist() == [[0, 0], [1, 0], [0, 1], [0, 0], [1, 0], [0, 1]]
    assert coded.coding.row(None).tolist() == [0, 0]
    assert coded.coding.row({"regimen": "c"}).tolist() == [0, 1]


def test_a_number_is_centred_at_its_mean_or_where_asked(make_arms: Maker) -> None:
    at_mean = design(make_arms, bm.Covariates("age"), age=AGE)
    assert at_mean.matrix[:, 0] == pytest.approx(np.array(AGE) - np.mean(AGE))
    at_sixty = design(make_arms, bm.Covariates("age", centre={"age": 60}), age=AGE)
    assert at_sixty.coding.reference == {"age": 60.0}
    assert at_sixty.coding.row({"age": 63}).tolist() == [3.0]


def test_a_number_that_is_not_finite_is_refused(make_arms: Maker) -> None:
    """Arms that were made by hand may hold what no table does."""
    arms = make_arms(COUNTS, age=AGE)
    frame = arms.frame.assign(age=[*AGE[:4], np.inf, 66.0])
    spec = bm.ModelSpec(covariates="age")
    with pytest.raises(bm.SpecError, match="'age' must be finite; not so in study study04"):
        make_design(spec, bm.Arms(frame, frame.iloc[:0]))


def test_functions_of_a_number_are_centred_too(make_arms: Maker) -> None:
    coded = design(make_arms, bm.Covariates("log(age) + {1 / sqrt(age)}"), age=AGE)
    assert coded.coding.names == ("log(age)", "1 / sqrt(age)")
    assert coded.coding.row(coded.coding.reference).tolist() == [0, 0]
    assert coded.coding.row({"age": 50})[0] == pytest.approx(np.log(50) - np.log(np.mean(AGE)))


def test_an_interaction_uses_the_centred_number(make_arms: Maker) -> None:
    covariates = bm.Covariates("regimen * age", {"regimen": "a"}, centre={"age": 60})
    coded = design(make_arms, covariates, regimen=REGIMEN, age=AGE)
    assert coded.coding.names == (
        "regimen[b]",
        "regimen[c]",
        "age",
        "regimen[b]:age",
        "regimen[c]:age",
    )
    assert coded.coding.row({"regimen": "b", "age": 65}).tolist() == [1, 0, 5, 5, 0]


def test_levels_can_be_grouped(make_arms: Maker) -> None:
    covariates = bm.Covariates("regimen", {"regimen": "a"}, {"regimen": {"new": ["b", "c"]}})
    coded = design(make_arms, covariates, regimen=REGIMEN)
    assert coded.coding.names == ("regimen[new]",)
    assert (
        coded.coding.row({"regimen": "c"}).tolist()
        == coded.coding.row({"regimen": "new"}).tolist()
        == [1]
    )


def test_numbers_can_be_levels(make_arms: Maker) -> None:
    years = [2020, 2021, 2023, 2020, 2021, 2023]
    coded = design(make_arms, bm.Covariates("C(year)", {"year": "2020"}), year=years)
    assert coded.coding.names == ("year[2021]", "year[2023]")
    assert (
        coded.coding.row({"year": 2023}).tolist()
        == coded.coding.row({"year": "2023"}).tolist()
        == [0, 1]
    )


def test_the_coding_of_the_evidence_does_not_follow_the_profile(make_arms: Maker) -> None:
    coded = design(make_arms, bm.Covariates("bs(age, df=3)"), age=AGE)
    whole = coded.matrix
    for i, age in enumerate(AGE):
        assert coded.coding.row({"age": age}) == pytest.approx(whole[i])


def test_arms_without_a_covariate_are_left_out_and_named(make_arms: Maker) -> None:
    arms = make_arms(COUNTS, regimen=[*REGIMEN[:-1], None])
    with pytest.warns(
        bm.EvidenceWarning, match="1 of 6 arms are left out because regimen is missing: study05"
    ):
        coded = make_design(
            bm.ModelSpec(covariates=bm.Covariates("regimen", {"regimen": "a"})), arms
        )
    assert len(coded.arms) == 5
    assert coded.arms.excluded["rule"].tolist() == ["covariate: regimen is missing"]


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        (bm.Covariates("dose"), "'dose', which is not a column"),
        (
            bm.Covariates("regimen"),
            r"`reference` must name the reference level of 'regimen'. Levels: a \(2 studies\)",
        ),
        (bm.Covariates("regimen", {"regimen": "z"}), "must be one of its levels; got 'z'"),
        (bm.Covariates("same", {"same": "x"}), "'same' has one level only, 'x'"),
        (bm.Covariates("fixed"), "'fixed' has one value only, 3"),
        (bm.Covariates("age + double"), "rank 2 on 6 arms; .* cannot be distinguished"),
        (bm.Covariates("log(regimen)"), "'regimen' holds text and cannot be calculated with"),
        (bm.Covariates("age", {"age": "60"}), "'age', which holds numbers"),
        (bm.Covariates("regimen", {"regimen": "a"}, centre={"regimen": 1}), "coded by levels"),
        (bm.Covariates("log(age - 100)"), "no finite value at age 60.08, where mu would stand"),
        (bm.Covariates("log(age - 50)"), "not finite"),
    ],
)
def test_covariates_that_can_not_be_coded(
    make_arms: Maker, covariates: bm.Covariates, message: str
) -> None:
    columns = {
        "regimen": REGIMEN,
        "age": AGE,
        "double": [2 * age for age in AGE],
        "same": ["x"] * 6,
        "fixed": [3] * 6,
    }
    with pytest.raises(bm.SpecError, match=message):
        design(make_arms, covariates, **columns)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"formula": "age", "reference": {"regimen": "a"}},
            "`reference` names 'regimen', which the formula does not use",
        ),
        ({"formula": "age", "centre": {"age": float("nan")}}, "must be a finite number"),
        ({"formula": "age", "centre": {"age": True}}, "must be a finite number"),
        (
            {"formula": "r", "groups": {"r": {"x": ["a"], "y": ["a"]}}},
            "put a into more than one group",
        ),
    ],
)
def test_arguments_that_make_no_sense(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        bm.Covariates(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"regimen": "z", "age": 60}, "no level 'z' of 'regimen'. Valid: a, b, c"),
        ({"regimen": "a", "age": 60, "sex": "f"}, "'sex', which is not a covariate"),
        ({"regimen": "a", "age": float("nan")}, "must be a finite number; got nan"),
        ({"regimen": "a", "age": "old"}, "must be a finite number; got 'old'"),
        ({"regimen": "a", "age": "70,5"}, "got '70,5'. Write the decimal mark as a point"),
        ("a", r"must map covariates to values; got 'a'. Write {'regimen': 'a'}"),
    ],
)
def test_profiles_that_can_not_be_coded(make_arms: Maker, profile: object, message: str) -> None:
    coded = design(
        make_arms, bm.Covariates("regimen + age", {"regimen": "a"}), regimen=REGIMEN, age=AGE
    )
    with pytest.raises(bm.ProfileError, match=message):
        coded.coding.row(profile)  # type: ignore[arg-type]


def test_a_profile_outside_a_splines_range(make_arms: Maker) -> None:
    coded = design(make_arms, bm.Covariates("bs(age, df=3)"), age=AGE)
    with pytest.raises(bm.ProfileError, match="within the range of the evidence"):
        coded.coding.row({"age": 99})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"mu": bm.HalfNormal(1)},
            "`mu` is on the log-odds scale: its prior must allow every number",
        ),
        ({"mu": 0.5}, "`mu` must be a prior"),
        ({"covariates": "age", "beta": bm.Exponential(1)}, "`beta` is on the log-odds scale"),
        ({"beta": bm.Normal(0, 2)}, "`beta` has no effect without covariates"),
        ({"study_effects": "normal"}, "must be a distribution such as NormalEffects"),
        ({"covariates": 3}, "`covariates` must be Covariates or a formula"),
    ],
)
def test_specifications_that_make_no_sense(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        bm.ModelSpec(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("tau", [bm.Normal(0, 1), bm.Uniform(-1, 1), bm.StudentT(3, 0, 1)])
def test_tau_needs_a_prior_on_standard_deviations(tau: object) -> None:
    with pytest.raises(bm.SpecError, match="must allow no value below 0"):
        bm.NormalEffects(tau)  # type: ignore[arg-type]


def test_priors_by_coefficient_must_name_one(make_arms: Maker) -> None:
    spec = bm.ModelSpec(
        covariates=bm.Covariates("regimen", {"regimen": "a"}), beta={"regimen[z]": bm.Normal(0, 1)}
    )
    with pytest.raises(bm.SpecError, match=r"'regimen\[z\]', which is not a coefficient"):
        make_design(spec, make_arms(COUNTS, regimen=REGIMEN))


def test_long_numbers_stay_apart_as_levels(make_arms: Maker) -> None:
    batch = [20200101, 20200102, 20300101] * 2
    coded = design(make_arms, bm.Covariates("C(batch)", {"batch": 20200101.0}), batch=batch)
    assert coded.coding.names == ("batch[20200102]", "batch[20300101]")


def test_names_within_names_keep_their_labels(make_arms: Maker) -> None:
    covariates = bm.Covariates("age + stage", centre={"age": 3.0, "stage": 3.05})
    coded = design(make_arms, covariates, age=AGE, stage=[1, 2, 3, 5, 1, 2])
    assert coded.coding.names == ("age", "stage")


@pytest.mark.parametrize(
    "formula", ["age", "log(age)", "bs(age, df=4)", "poly(age, 2)", "regimen:age + regimen"]
)
def test_mu_stands_at_the_reference_profile(make_arms: Maker, formula: str) -> None:
    reference = {"regimen": "a"} if "regimen" in formula else {}
    coded = design(make_arms, bm.Covariates(formula, reference), age=AGE, regimen=["a", "b"] * 3)
    assert coded.coding.row(coded.coding.reference) == pytest.approx(0)


def test_a_column_is_a_number_or_a_factor(make_arms: Maker) -> None:
    with pytest.raises(bm.SpecError, match=r"uses 'dose' both by itself and as C\(dose\)"):
        design(make_arms, bm.Covariates("dose + C(dose)", {"dose": "1"}), dose=[1, 2, 3, 1, 2, 3])


def test_a_group_can_take_in_arms_that_do_not_state_their_level(make_arms: Maker) -> None:
    designs = ["trial", "cohort", None, "", "trial", "cohort"]
    groups = {"design": {"not_stated": [""]}}
    covariates = bm.Covariates("design", {"design": "trial"}, groups)
    coded = design(make_arms, covariates, design=designs)
    assert coded.coding.levels == {"design": ("trial", "cohort", "not_stated")}
    assert coded.matrix.tolist() == [[0, 0], [1, 0], [0, 1], [0, 1], [0, 0], [1, 0]]
    profile = coded.coding.profile_of(coded.arms.frame.iloc[2])
    assert coded.coding.row(profile).tolist() == [0, 1]


def test_what_a_profile_leaves_out_stands_at_the_reference(make_arms: Maker) -> None:
    covariates = bm.Covariates("regimen + age", {"regimen": "a"}, centre={"age": 60})
    coding = design(make_arms, covariates, regimen=REGIMEN, age=AGE).coding
    assert coding.resolved(None) == coding.resolved({}) == {"regimen": "a", "age": 60.0}
    assert coding.resolved({"age": "65"}) == {"regimen": "a", "age": 65.0}
    assert coding.row({"regimen": "c"}).tolist() == [0, 1, 0]


def test_columns_in_backquotes_are_coded_under_their_names(make_arms: Maker) -> None:
    covariates = bm.Covariates("`max dose` * `class`", {"class": "x"}, centre={"max dose": 3})
    columns = {"max dose": [1, 2, 4, 4, 5, 6], "class": ["x", "y"] * 3}
    coded = design(make_arms, covariates, **columns)
    assert coded.coding.names == ("max dose", "class[y]", "max dose:class[y]")
    assert coded.coding.row({"max dose": 5, "class": "y"}).tolist() == [2, 1, 2]
    assert repr(coded.spec).startswith("ModelSpec(pooled: mu + `max dose` + `class` + ")


def test_the_spread_is_that_of_the_coded_column_over_known_values(make_arms: Maker) -> None:
    covariates = bm.Covariates("regimen * age + log(age)", {"regimen": "a"})
    coding = design(make_arms, covariates, regimen=["a", "b"] * 3, age=AGE).coding
    centred = np.array(AGE) - np.mean(AGE)
    assert coding.spreads == pytest.approx(
        {
            "age": np.std(AGE, ddof=1),
            "log(age)": np.std(np.log(AGE), ddof=1),
            "regimen[b]:age": np.std(centred * np.tile([0, 1], 3), ddof=1),
        }
    )
    imputed = bm.Covariates("age", impute=["age"])
    known = design(make_arms, imputed, age=[*AGE[:-1], None]).coding
    assert known.spreads == pytest.approx({"age": np.std(AGE[:-1], ddof=1)})
