"""Terms: what is coded without formulaic is what formulaic makes of it, to the last bit."""

import numpy as np
import pandas as pd
import pytest
from formulaic import Formula as Formulaic
from formulaic.errors import FormulaicError
from hypothesis import example, given, settings, strategies as st

from bayesmeta.errors import SpecError
from bayesmeta.model.formula import parse_formula
from bayesmeta.model.quoting import plain_name
from bayesmeta.model.terms import FormulaicTerms, PlainTerms, learn_terms

CENTRES = {"age": 61.37, "year": -0.1}
FRAME = pd.DataFrame(
    {
        "age": [61.0, 60.5, 70.1, 55.0, 48.0],
        "year": [2019, 2020, 2020, 2021, 2023],
        "design": pd.Categorical(["b", "a", "c [T.x]", "b", "a"], ["b", "a", "c [T.x]"]),
        "group": pd.Categorical(["1", "2", "2", "1", "1"], ["2", "1"]),
    }
)
NEW = FRAME.iloc[[2]].assign(age=90)

PLAIN = ["age", "design", "C(group)", "age + design", "group+design + year + age", "year + year"]


def assert_same_columns(
    text: str, frame: pd.DataFrame, centres: dict[str, float], new: pd.DataFrame
) -> None:
    """Learn plain terms here and by formulaic, and compare what they make of known and new rows."""
    formula = parse_formula(text)
    rewritten = {
        one: f"{{{name} - {centres[one.column]!r}}}" if one.column in centres else name
        for one in formula.factors
        for name in [plain_name(one.column)]
    }
    found = learn_terms(formula, rewritten, frame, centres)
    truth = FormulaicTerms.learnt("1 + " + " + ".join(rewritten.values()), frame)
    assert isinstance(found, PlainTerms)
    assert (found.names, found.widths) == (truth.names, truth.widths)
    assert found.empty == truth.empty == ()
    for rows in (frame, new):
        assert np.array_equal(found.columns(rows), truth.columns(rows))


@pytest.mark.parametrize("text", PLAIN)
def test_plain_terms_are_those_of_formulaic(text: str) -> None:
    assert_same_columns(text, FRAME, CENTRES, NEW)


@pytest.mark.parametrize("text", ["`max dose` + `class`", "`class` + age"])
def test_columns_in_backquotes_are_known_by_plain_names(text: str) -> None:
    names = {"age": "max dose", "design": "class"} if "dose" in text else {"design": "class"}
    centres = {names.get(name, name): centre for name, centre in CENTRES.items()}
    known, new = (
        rows.rename(columns=lambda name: plain_name(names.get(name, name))) for rows in (FRAME, NEW)
    )
    assert_same_columns(text, known, centres, new)


@pytest.mark.parametrize("text", ["age:design", "log(age)", "bs(age, df=4)", "age + I(age * 2)"])
def test_other_terms_are_for_formulaic(text: str) -> None:
    formula = parse_formula(text)
    rewritten = {factor: factor.text for factor in formula.factors}
    assert isinstance(learn_terms(formula, rewritten, FRAME, CENTRES), FormulaicTerms)


NAMES = ["a", "b_1", "_x", "été", "ﬁ", "C", "True", "lambda"]
OTHERS = ["+", ":", "in", "1", "1a", "a.b", "²"]
SPACES = ["", " ", "\t", "\n", "\u3000", "\x1f"]

SPACE = st.sampled_from(SPACES)
SUMS = st.lists(
    st.tuples(SPACE, st.sampled_from(NAMES), SPACE).map("".join), min_size=1, max_size=4
)
JUMBLES = st.lists(st.sampled_from([*NAMES, *OTHERS, *SPACES]), max_size=9)


def read_by_formulaic(text: str) -> list[list[str]] | None:
    """Return the terms of a formula beyond the intercept; None where formulaic cannot read it."""
    try:
        terms = [[factor.expr for factor in term.factors] for term in Formulaic(text)]
    except (FormulaicError, AttributeError):
        return None
    return [term for term in terms if term != ["1"]]


def read_here(text: str) -> list[list[str]] | str:
    """Return the terms of a formula, or why it is refused."""
    try:
        return [[factor.text for factor in term] for term in parse_formula(text).terms]
    except SpecError as refusal:
        return str(refusal)


@given(SUMS.map("+".join) | JUMBLES.map("".join))
@example("b+a+b")
def test_a_formula_is_read_as_formulaic_reads_it(text: str) -> None:
    found, expected = read_here(text), read_by_formulaic(text or "1")
    if isinstance(found, str):
        # What formulaic reads is refused for what it holds, never as if it could not be read.
        assert expected is None or "cannot be read:" not in found
    else:
        assert found == expected


COLUMN = st.lists(st.floats(-1e6, 1e6) | st.integers(-3, 3), min_size=5, max_size=5).map(np.array)
LEVELS = st.lists(st.sampled_from("abc"), min_size=5, max_size=5).map(
    lambda values: pd.Categorical(values, ["b", "c", "a"])
)


@settings(max_examples=30)
@given(st.data())
def test_columns_are_those_of_formulaic_to_the_last_bit(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["float64", "float32", "int64", "bool"]))
    columns = {
        name: data.draw(COLUMN).astype(kind) if name in "xy" else data.draw(LEVELS)
        for name in data.draw(st.permutations("xyfg"))
    }
    frame = pd.DataFrame(columns)
    centres = {name: data.draw(st.floats(-1e3, 1e3)) for name in "xy"}
    assert_same_columns(" + ".join(data.draw(st.permutations("xyfg"))), frame, centres, frame[::-1])


def test_a_level_that_is_not_known_is_no_number() -> None:
    terms = learn_terms(parse_formula("design"), {}, FRAME, {})
    unexpected = pd.DataFrame({"design": pd.Categorical([None], FRAME["design"].cat.categories)})
    assert np.isnan(terms.columns(unexpected)).all()
