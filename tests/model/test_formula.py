"""Formulas: what they may hold, and that nothing else reaches an evaluation."""

import pytest

import bayesmeta as bm
from bayesmeta.model.formula import parse_formula


def texts(formula: str) -> list[str]:
    return [":".join(factor.text for factor in term) for term in parse_formula(formula).terms]


@pytest.mark.parametrize(
    ("formula", "terms"),
    [
        ("", []),
        ("1", []),
        ("~ 1", []),
        ("a + b", ["a", "b"]),
        ("~ a", ["a"]),
        ("a * b", ["a", "b", "a:b"]),
        ("C(year) + log(n)", ["C(year)", "log(n)"]),
        ("a + {1 / sqrt(n)}", ["a", "1 / sqrt(n)"]),
        ("bs(age, df=3)", ["bs(age, df=3)"]),
    ],
)
def test_terms(formula: str, terms: list[str]) -> None:
    assert texts(formula) == terms


def test_columns_needed() -> None:
    assert parse_formula("C(year):log(n) + {age - base}").columns == ("age", "base", "year", "n")


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("{__import__('os').getpid()}", "may not hold|may not call"),
        ("{().__class__}", "may not hold"),
        ("{age.real}", "may not hold 'age.real'"),
        ("{[x for x in age]}", "may not hold"),
        ("{(lambda: 1)()}", "may not"),
        ("{age[0]}", "may not hold"),
        ("{age if age else age}", "may not hold"),
        ("{'text'}", "no constants but numbers|names no column"),
        ("eval(age)", "may not call 'eval'"),
        ("np.log(age)", "may not"),
        ("hashed(age)", "may not call 'hashed'"),
        ("lag(age)", "may not call 'lag'"),
        ("`age`", "may not hold `"),
        ("y ~ age", "no left-hand side"),
        ("age | study", r"may not hold \|"),
        ("0 + age", "must keep its intercept"),
        ("age - 1", "must keep its intercept"),
        ("age +", "can't be read"),
        ("log(age", "can't be read"),
        ("{3}", "names no column"),
        ("C(log(age))", r"`C\(\)` takes one column"),
    ],
)
def test_everything_else_is_refused(formula: str, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        bm.Covariates(formula)
