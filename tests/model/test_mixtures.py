"""Known mixtures of a factor's levels, and missing numbers that the model estimates."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.model import Design, make_design
from bayesmeta.model.coding import Coding

COUNTS = [(3, 10), (5, 20), (1, 8), (7, 12), (4, 9), (2, 15), (6, 11), (9, 14)]
HMA = ["aza", "dec", "ldac", "aza", "dec", "aza", "ldac", "ldac"]
AGE = [61.0, 60.5, 70.0, 55.0, 48.0, 66.0, 58.0, 63.0]
SHARES = {"hma": {"aza": "share_aza", "dec": "share_dec"}}
REFERENCE = {"hma": "aza"}

Maker = Callable[..., bm.Arms]


def at(place: int, value: object) -> list[object]:
    """A column that is blank but for one value."""
    return [value if i == place else None for i in range(len(COUNTS))]


AZA, DEC = at(3, 0.65), at(3, 0.35)


def design(make_arms: Maker, covariates: bm.Covariates, **columns: object) -> Design:
    columns = {"hma": HMA, "age": AGE, "share_aza": AZA, "share_dec": DEC} | columns
    return make_design(bm.ModelSpec(covariates=covariates), make_arms(COUNTS, **columns))


def rows_of_parts(coding: Coding, age: float) -> np.ndarray:
    rows = [coding.row({"hma": level, "age": age}) for level in ("aza", "dec")]
    return np.asarray(0.65 * rows[0] + 0.35 * rows[1])


@pytest.mark.parametrize("formula", ["hma + age", "hma * age", "hma:age + hma", "hma + log(age)"])
def test_a_mixed_arm_is_the_weighted_mean_of_its_levels(make_arms: Maker, formula: str) -> None:
    coded = design(make_arms, bm.Covariates(formula, REFERENCE, level_proportions=SHARES))
    assert coded.matrix[3] == pytest.approx(rows_of_parts(coded.coding, AGE[3]))
    for arm in (0, 1, 2, 4, 5):
        row = coded.coding.row({"hma": HMA[arm], "age": AGE[arm]})
        assert coded.matrix[arm] == pytest.approx(row)


def test_a_profile_may_be_a_mixture(make_arms: Maker) -> None:
    coded = design(make_arms, bm.Covariates("hma * age", REFERENCE, level_proportions=SHARES))
    mixed = coded.coding.row({"hma": {"aza": 0.65, "dec": 0.35}, "age": 50.0})
    assert mixed == pytest.approx(rows_of_parts(coded.coding, 50.0))
    pure = coded.coding.row({"hma": {"dec": 1}, "age": 50.0})
    assert pure == pytest.approx(coded.coding.row({"hma": "dec", "age": 50.0}))


def test_profiles_may_be_mixtures_without_mixed_arms(make_arms: Maker) -> None:
    coded = design(make_arms, bm.Covariates("hma", REFERENCE))
    found = coded.coding.row({"hma": {"aza": 0.2, "dec": 0.3, "ldac": 0.5}})
    assert found == pytest.approx([0.3, 0.5])


def test_a_mixed_arm_needs_no_level_of_its_own(make_arms: Maker) -> None:
    """With a level or without, it is the mixture; it is not left out."""
    covariates = bm.Covariates("hma", REFERENCE, level_proportions=SHARES)
    hma = [*HMA[:3], None, *HMA[4:]]
    assert design(make_arms, covariates, hma=hma).matrix.tolist() == (
        design(make_arms, covariates).matrix.tolist()
    )


def test_a_level_may_be_known_from_mixed_arms_only(make_arms: Maker) -> None:
    hma = ["aza"] * 3 + [None] + ["aza"] * 4
    coded = design(make_arms, bm.Covariates("hma", REFERENCE, level_proportions=SHARES), hma=hma)
    assert coded.coding.names == ("hma[dec]",)
    assert coded.matrix[:, 0] == pytest.approx([0, 0, 0, 0.35, 0, 0, 0, 0])


def test_a_share_left_blank_is_none(make_arms: Maker) -> None:
    arms = {"share_aza": at(3, 1.0), "share_dec": at(5, 1.0)}
    coded = design(make_arms, bm.Covariates("hma", REFERENCE, level_proportions=SHARES), **arms)
    assert coded.matrix[3].tolist() == coded.coding.row({"hma": "aza"}).tolist()
    assert coded.matrix[5].tolist() == coded.coding.row({"hma": "dec"}).tolist()


def test_published_shares_may_be_rounded(make_arms: Maker) -> None:
    """0.667 and 0.33 count as 0.669 and 0.331."""
    shares = {"share_aza": at(3, 0.667), "share_dec": at(3, 0.33)}
    coded = design(make_arms, bm.Covariates("hma", REFERENCE, level_proportions=SHARES), **shares)
    assert coded.matrix[3, 0] == pytest.approx(0.33 / 0.997)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"share_dec": at(3, 0.4)}, "sum to 1; not so in study03"),
        ({"share_dec": at(0, None)}, "sum to 1; not so in study03"),
        (
            {"share_aza": at(3, 1.4), "share_dec": at(3, -0.4)},
            "must lie within 0 and 1",
        ),
        ({"share_dec": at(3, "a third")}, "'share_dec' must hold numbers"),
    ],
)
def test_shares_that_make_no_sense(
    make_arms: Maker, columns: dict[str, object], message: str
) -> None:
    with pytest.raises(bm.SpecError, match=message):
        design(make_arms, bm.Covariates("hma", REFERENCE, level_proportions=SHARES), **columns)


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        (
            {
                "formula": "hma",
                "reference": REFERENCE,
                "level_proportions": {"hma": {"aza": "share_aza", "dec": "share_decc"}},
            },
            "'share_decc', which is not a column of the evidence. Did you mean 'share_dec'",
        ),
        (
            {"formula": "age", "level_proportions": {"age": {"1": "share_aza", "2": "share_dec"}}},
            "`level_proportions` names 'age', which holds numbers. Name a factor",
        ),
        (
            {"formula": "hma", "level_proportions": {"hma": {"aza": "share_aza"}}},
            "`level_proportions` of 'hma' must give two levels or more a column each",
        ),
        (
            {
                "formula": "hma",
                "level_proportions": {"hma": {"aza": "share_aza", "dec": "share_aza"}},
            },
            "must give two levels or more a column each",
        ),
        (
            {"formula": "age", "level_proportions": SHARES},
            "`level_proportions` names 'hma', which the formula does not use",
        ),
        (
            {"formula": "hma", "level_proportions": {"hma": "share_aza"}},
            "`level_proportions` of 'hma' must map levels",
        ),
        (
            {"formula": "hma", "level_proportions": ["share_aza"]},
            "`level_proportions` must map columns to values",
        ),
    ],
)
def test_declarations_of_shares_that_make_no_sense(
    make_arms: Maker, covariates: dict[str, Any], message: str
) -> None:
    with pytest.raises(bm.SpecError, match=message):
        design(make_arms, bm.Covariates(**covariates))


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"aza": 0.5, "dec": 0.4}, "must sum to 1; got .*, 0.9"),
        ({"aza": 1.5, "dec": -0.5}, "must lie within 0 and 1"),
        ({"aza": "half", "dec": 0.5}, "must lie within 0 and 1"),
        ({"aza": True}, "must lie within 0 and 1"),
        ({"aza": 0.5, "cytarabine": 0.5}, "no level 'cytarabine' of 'hma'"),
        ({}, "must sum to 1"),
    ],
)
def test_mixed_profiles_that_make_no_sense(
    make_arms: Maker, shares: dict[str, object], message: str
) -> None:
    coded = design(make_arms, bm.Covariates("hma", REFERENCE))
    with pytest.raises(bm.ProfileError, match=message):
        coded.coding.row({"hma": shares})


def test_a_mixture_has_no_tau_of_its_own(make_arms: Maker) -> None:
    spec = bm.ModelSpec(
        covariates=bm.Covariates("hma", REFERENCE, level_proportions=SHARES),
        study_effects=bm.NormalEffects(by="hma"),
    )
    columns = {"hma": [*HMA[:3], None, *HMA[4:]], "share_aza": AZA, "share_dec": DEC}
    arms = make_arms(COUNTS, **columns)
    with pytest.warns(bm.EvidenceWarning, match="left out because hma is missing: study03"):
        coded = make_design(spec, arms, warn=False)
    assert coded.tau_levels == ("aza", "dec", "ldac")
    mixed = {"hma": {"aza": 0.5, "dec": 0.5}}
    with pytest.raises(bm.ProfileError, match="'hma' decides on tau and must be one level"):
        coded.coding.tau_level(mixed)


DOSE = [1.0, 2.6, None, 3.0, None, 1.5, 2.0, 2.5]
IMPUTED = bm.Covariates("hma * dose", REFERENCE, impute=["dose"])


def test_arms_are_kept_for_imputed_columns_only(make_arms: Maker) -> None:
    kept = design(make_arms, bm.Covariates("age + dose", impute=["dose"]), dose=DOSE)
    assert len(kept.arms) == 8
    age = [*AGE[:7], None]
    with pytest.warns(bm.EvidenceWarning, match="1 of 8 arms are left out because age is missing"):
        fewer = design(make_arms, bm.Covariates("age + dose", impute=["dose"]), dose=DOSE, age=age)
    assert len(fewer.arms) == 7
    with pytest.warns(bm.EvidenceWarning, match="2 of 8 arms are left out because dose is missing"):
        plain = design(make_arms, bm.Covariates("age + dose"), dose=DOSE)
    assert len(plain.arms) == 6


def test_a_missing_value_stands_at_the_centre_and_moves_along_its_slope(make_arms: Maker) -> None:
    """The coded row at any dose is that at the centre and the slope times standard deviations."""
    coded = design(make_arms, IMPUTED, dose=DOSE)
    [dose] = coded.imputed
    known = np.array([1.0, 2.6, 3.0, 1.5, 2.0, 2.5])
    assert (dose.name, dose.missing.tolist()) == ("dose", [2, 4])
    assert (dose.centre, dose.spread) == pytest.approx((known.mean(), known.std(ddof=1)))
    assert dose.known == pytest.approx((known - known.mean()) / known.std(ddof=1))
    for place, arm in enumerate(dose.missing):
        for standard in (0.0, 1.0, -2.3):
            value = dose.in_own_unit(np.array(standard))
            row = coded.coding.row({"hma": HMA[arm], "dose": float(value)})
            assert coded.matrix[arm] + standard * dose.slope[place] == pytest.approx(row)


def test_the_centre_may_be_given(make_arms: Maker) -> None:
    covariates = bm.Covariates("dose", centre={"dose": 2}, impute=["dose"])
    coded = design(make_arms, covariates, dose=DOSE)
    [dose] = coded.imputed
    [other] = design(make_arms, bm.Covariates("dose", impute=["dose"]), dose=DOSE).imputed
    # Where mu stands is not a part of what is assumed of the column.
    assert dose.centre == other.centre == pytest.approx(2.1)
    assert dose.known == pytest.approx(other.known)
    assert dose.slope == pytest.approx(other.slope)
    assert coded.matrix[:, 0] == pytest.approx([-1, 0.6, 0.1, 1, 0.1, -0.5, 0, 0.5])


def test_two_imputed_columns(make_arms: Maker) -> None:
    weight = [70.0, None, 61, 82, 75, 90, 68, 77]
    covariates = bm.Covariates("dose + weight", impute=["weight", "dose"])
    coded = design(make_arms, covariates, dose=DOSE, weight=weight)
    assert [one.name for one in coded.imputed] == ["weight", "dose"]
    assert [scalar.name for scalar in coded.scalars] == ["tau", *["x_mean", "x_sd"] * 2]
    [weights, doses] = coded.imputed
    assert weights.slope == pytest.approx(np.array([[0, weights.spread]]))
    assert doses.slope == pytest.approx(np.array([[doses.spread, 0]] * 2))


def test_nothing_missing_gives_no_parameters(make_arms: Maker) -> None:
    coded = design(make_arms, bm.Covariates("age", impute=["age"]))
    plain = design(make_arms, bm.Covariates("age"))
    assert coded.imputed == ()
    assert coded.scalars == plain.scalars
    assert coded.matrix.tolist() == plain.matrix.tolist()


@pytest.mark.parametrize(
    ("covariates", "columns", "message"),
    [
        (
            {"formula": "dose"},
            {"dose": [1.0, 2.0] + [None] * 6},
            "needs 3 known values of 'dose'; got 2",
        ),
        (
            {"formula": "dose"},
            {"dose": [1.0, 1.0, 1.0] + [None] * 5},
            "'dose' has one value only, 1",
        ),
        ({"formula": "dose"}, {"dose": [None] * 8}, "'dose'"),
        ({"formula": "log(dose)"}, {"dose": DOSE}, r"enter as they are; got log\(dose\)"),
        ({"formula": "{dose ** 2} + dose"}, {"dose": DOSE}, "enter as they are"),
        ({"formula": "bs(dose, df=3)"}, {"dose": DOSE}, "enter as they are"),
        ({"formula": "C(dose)"}, {"dose": DOSE}, "enter as they are"),
        (
            {"formula": "dose:age", "impute": ["dose", "age"]},
            {"dose": DOSE},
            "got dose, age. Leave out the function, or the product of two",
        ),
        (
            {"formula": "hma", "impute": ["hma"], "reference": REFERENCE},
            {"hma": [*HMA[:7], None]},
            "'hma', which holds text, such as aza; only numbers",
        ),
        (
            {"formula": "dose", "impute": "dose"},
            {},
            r"must list columns, such as \['age'\]; got 'dose'",
        ),
        ({"formula": "dose", "impute": [3]}, {}, "must list columns"),
        (
            {"formula": "dose", "impute": ["dosis"]},
            {},
            "`impute` names 'dosis', .* Did you mean 'dose'",
        ),
    ],
)
def test_imputation_that_makes_no_sense(
    make_arms: Maker, covariates: dict[str, Any], columns: dict[str, object], message: str
) -> None:
    with pytest.raises(bm.SpecError, match=message):
        assert design(
            make_arms, bm.Covariates(**{"impute": ["dose"]} | covariates), **columns
        ).imputed
