"""A stored result knows what it depends on: what makes it stale, what does not."""

import ast
from dataclasses import replace

import pytest

import bayesmeta as bm
from bayesmeta.calibration import Case, all_cases, changes, identity, identity_of, status
from bayesmeta.calibration.results import CaseResult, Tally

CODE = '''
"""Module."""
def f(x: float) -> float:
    """Return the double."""
    return x * 2
'''


CASES = {case.name: case for case in all_cases()}


@pytest.fixture(
    scope="module", params=["distribution-normal-3-factor", "nested-correlated-3-factor"]
)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def syntax(text: str) -> str:
    return "".join(identity._syntax(ast.parse(text)))


def test_docstrings_comments_and_layout_are_not_code() -> None:
    same = CODE.replace("Return the double.", "Return twice x.").replace("* 2", "*  2  # twice")
    assert syntax(CODE) == syntax(same)
    assert syntax(CODE) != syntax(CODE.replace("* 2", "* 3"))
    assert syntax("x = 'text'") != syntax("x = 'other'")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "own"),
    [
        (
            "distribution-normal-3-factor",
            (
                "calibration.case",
                "inference.density.log_density",
                "inference.density.effects",
            ),
        ),
        (
            "nested-correlated-3-factor",
            ("calibration.case", "inference.nested.log_density", "model.design"),
        ),
    ],
)
def test_every_module_that_a_fit_runs_through_counts(name: str, own: tuple[str, ...]) -> None:
    code = identity_of(CASES[name])["code"]
    for module in (*own, "calibration.trials", "inference.kernels", "priors.positive"):
        assert f"bayesmeta.{module}" in code
    apart = [f"bayesmeta.{module}" for module in ("evidence", "plots")]
    assert not any(module.startswith(tuple(apart)) for module in code)


def test_nothing_changed_is_current(case: Case) -> None:
    assert changes(identity_of(case), identity_of(case)).current


def test_another_prior_is_stale(case: Case) -> None:
    other = replace(case, spec=replace(case.spec, mu=bm.Normal(0, 1.01)))
    assert "model" in changes(identity_of(case), identity_of(other)).stale


def test_another_layout_is_stale(case: Case) -> None:
    assert changes(identity_of(case), identity_of(replace(case, studies=4))).stale


def test_another_density_is_stale_and_rounding_is_not(case: Case) -> None:
    stored = identity_of(case)
    rounded = stored | {"density": [value * (1 + 1e-9) for value in stored["density"]]}
    other = stored | {"density": [value * (1 + 1e-4) for value in stored["density"]]}
    assert changes(rounded, stored).current
    assert "density" in changes(other, stored).stale


def test_edited_code_is_named_and_not_stale(case: Case) -> None:
    stored = identity_of(case)
    edited = stored | {"code": stored["code"] | {"bayesmeta.inference.nuts": "another"}}
    found = changes(edited, stored)
    assert found.edited == ("bayesmeta.inference.nuts",)
    assert not found.stale
    assert not found.current


def test_status_lists_stale_and_missing_cases(case: Case) -> None:
    empty = Tally(1, {}, {}, {}, 0, 0)
    stored = identity_of(case)
    known = CaseResult(case.name, case.part, True, 1, empty, 1.0, {}, stored)
    gone = replace(known, name="distribution-gone-3-none")
    table = status([known, gone]).set_index("case")["state"]
    assert table[case.name] == "current"
    assert table["distribution-gone-3-none"] == "stale"
    assert (table.drop([case.name, "distribution-gone-3-none"]) == "missing").all()
    assert len(table) == len(all_cases()) + 1
