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
        ("(a + b)**2", ["a", "b", "a:b"]),
        ("a / b", ["a", "a:b"]),
        ("x + I(x**2)", ["x", "I(x ** 2)"]),
        ("`max dose`:`class` + log(`a.b`)", ["log(`a.b`)", "`max dose`:`class`"]),
        ("`age`", ["age"]),
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
        ("`age", "may not hold `"),
        ("a`ge`", "may not hold `"),
        ("``", "backquotes without a name"),
        ("{`max dose`.real}", "may not hold"),
        ("`max dose`()", "may not call|cannot be read"),
        ("y ~ age", "no left-hand side"),
        ("age | study", r"may hold \| only in terms that \+ joins"),
        ("0 + age", "must keep its intercept"),
        ("age - 1", "must keep its intercept"),
        ("age +", "cannot be read"),
        ("log(age", "cannot be read"),
        ("{3}", "names no column"),
        ("C(log(age))", r"`C\(\)` takes one column"),
    ],
)
def test_everything_else_is_refused(formula: str, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        bm.Covariates(formula)


@pytest.mark.parametrize(
    ("formula", "remedy"),
    [
        ("x + x**2", r"write I\(x\*\*2\)"),
        ("(x + x)**2", r"write I\(x\*\*2\)"),
        ("x + x^2", r"write I\(x\*\*2\)"),
        ("x * x", r"write I\(x\*\*2\)"),
        ("x:x", r"write I\(x\*\*2\)"),
        ("x / x", r"write I\(x\*\*2\)"),
        ("a:x:a", r"write I\(a\*\*2\)"),
        ("(a + x) * (x + b)", r"write I\(x\*\*2\)"),
        ("log(x)**2", r"write I\(log\(x\)\*\*2\)"),
        ("`max dose`**2", r"write I\(`max dose`\*\*2\)"),
        ("C(a):C(a)", "Leave it out"),
    ],
)
def test_a_term_times_itself_is_refused(formula: str, remedy: str) -> None:
    with pytest.raises(bm.SpecError, match=rf"by itself in .* alone\. .*{remedy}"):
        bm.Covariates(formula)


@pytest.mark.parametrize("formula", ["I(x^2)", "{x^2}", "x + I(1 + x ^ 2)"])
def test_powers_of_numbers_are_written_as_in_python(formula: str) -> None:
    with pytest.raises(bm.SpecError, match=r"written \*\*, not \^; .* Write I\(.*x \*\* 2"):
        bm.Covariates(formula)


@pytest.mark.parametrize("formula", ["class", "a.b", "max dose", "lambda + a"])
def test_a_name_that_is_no_word_is_told_of_backquotes(formula: str) -> None:
    with pytest.raises(bm.SpecError, match="stands in backquotes: `max dose`"):
        bm.Covariates(formula)


def test_columns_in_backquotes_are_named_as_in_the_table() -> None:
    formula = parse_formula("`max dose` + C(`class`) + {`a.b` - base}")
    assert formula.columns == ("max dose", "class", "a.b", "base")
    assert formula.factors[0].column == "max dose"
    assert formula.factors[1].categorical
