"""Where mu stands: as the user centred a number, at `centre`, or at the mean."""

from collections.abc import Callable

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.model import Design, make_design
from bayesmeta.model.centring import written_centres
from bayesmeta.model.formula import parse_formula

COUNTS = [(3, 10), (5, 20), (1, 8), (7, 12), (4, 9), (2, 15)]
AGE = [61.0, 60.5, 70.0, 55.0, 48.0, 66.0]
REGIMEN = ["b", "a", "c", "b", "a", "c"]

Maker = Callable[..., bm.Arms]


def design(make_arms: Maker, formula: str, **options: object) -> Design:
    covariates = bm.Covariates(formula, **options)  # type: ignore[arg-type]
    arms = make_arms(COUNTS, age=AGE, regimen=REGIMEN)
    return make_design(bm.ModelSpec(covariates=covariates), arms)


@pytest.mark.parametrize(
    ("formula", "centres"),
    [
        ("{(age - 65) / 10}", {"age": (65.0,)}),
        ("I((age - 65) / 10)", {"age": (65.0,)}),
        ("{65 - age}", {"age": (65.0,)}),
        ("{0.1 * age - 6.5}", {"age": (65.0,)}),
        ("{age + 5 - 70}", {"age": (65.0,)}),
        ("{-(age - 65) / 0.1}", {"age": (65.0,)}),
        ("age + I((age - 65)**2)", {"age": (65.0,)}),
        ("{(age - 65) * (dose - 3)}", {"age": (65.0,), "dose": (3.0,)}),
        ("{age - 60} + {(age - 65)**2}", {"age": (60.0, 65.0)}),
        ("age", {}),
        ("{age / 10}", {}),
        ("{age - dose}", {}),
        ("log(age + 1)", {}),
        ("{1 / (dose + 1)}", {}),
        ("{exp(age - 65)}", {}),
    ],
)
def test_what_a_formula_centres(formula: str, centres: dict[str, tuple[float, ...]]) -> None:
    assert written_centres(parse_formula(formula)) == centres


@pytest.mark.parametrize("formula", ["{(age - 65) / 10}", "I((age - 65) / 10)"])
def test_mu_stands_where_the_user_centred(make_arms: Maker, formula: str) -> None:
    coded = design(make_arms, formula)
    assert coded.coding.reference == {"age": 65.0}
    assert coded.matrix[:, 0] == pytest.approx((np.array(AGE) - 65) / 10)
    assert coded.coding.row({"age": 75}) == pytest.approx(1)


def test_so_do_the_coefficients_of_an_interaction(make_arms: Maker) -> None:
    coded = design(make_arms, "regimen * {(age - 65) / 10}", reference={"regimen": "a"})
    assert coded.coding.row({"regimen": "b"}) == pytest.approx([1, 0, 0, 0, 0])
    assert coded.coding.row({"regimen": "b", "age": 75}) == pytest.approx([1, 0, 1, 1, 0])


def test_every_function_is_relative_to_its_value_at_the_centre(make_arms: Maker) -> None:
    coded = design(make_arms, "regimen * log(age)", reference={"regimen": "a"})
    assert coded.coding.row({"regimen": "b"}) == pytest.approx([1, 0, 0, 0, 0])


def test_a_centre_that_is_asked_for_comes_first(make_arms: Maker) -> None:
    coded = design(make_arms, "{(age - 65) / 10}", centre={"age": 60})
    assert coded.coding.reference == {"age": 60.0}
    assert coded.coding.row({"age": 70}) == pytest.approx(1)


def test_two_centres_of_one_column_are_refused(make_arms: Maker) -> None:
    formula = "{age - 60} + {(age - 65)**2}"
    with pytest.raises(bm.SpecError, match=r"centres 'age' at 60 and at 65; .* by `centre`"):
        design(make_arms, formula)
    coded = design(make_arms, formula, centre={"age": 65})
    assert coded.coding.reference == {"age": 65.0}
