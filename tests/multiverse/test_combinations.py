"""Planning a grid: what is one fit, what cannot be, and that fits do not depend on each other."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.model import make_design
from bayesmeta.multiverse.combinations import PlannedRow, plan_rows

VENETOCLAX = {"where": "venetoclax == 'yes'"}
VEN_HMA = {"where": "regimen_class == 'ven_hma'"}
REGIMEN = bm.Covariates("regimen_class", {"regimen_class": "ven_hma"})

GRID = bm.SpecificationGrid(
    outcomes=["ORR", "CR"],
    inclusion={"primary": VENETOCLAX, "ven_hma": VEN_HMA},
    covariates={"none": bm.Covariates(), "regimen": REGIMEN},
    study_effects={"normal": bm.NormalEffects(), "common": bm.CommonEffect()},
    priors={"default": {}, "wide": {"tau": bm.HalfNormal(2)}},
    question=bm.Question(profile={"regimen_class": "ven_hma"}),
)


ONE = replace(
    GRID,
    outcomes=["ORR"],
    inclusion={"primary": VENETOCLAX},
    covariates={"regimen": REGIMEN},
    study_effects={"normal": bm.NormalEffects()},
    priors={"default": {}},
)
"""A single combination of them."""


@pytest.fixture(scope="module")
def rows(table: bm.EvidenceTable) -> dict[str, PlannedRow]:
    return {row.label: row for row in plan_rows(GRID, table)}


def test_rows_are_the_product_in_its_order(rows: dict[str, PlannedRow]) -> None:
    assert len(rows) == GRID.size == 32
    assert list(rows)[:3] == [
        "ORR / primary / none / normal / binomial / default",
        "ORR / primary / none / normal / binomial / wide",
        "ORR / primary / none / common / binomial / default",
    ]
    assert list(rows)[-1] == "CR / ven_hma / regimen / common / binomial / wide"


def test_combinations_of_one_meaning_are_one_fit(rows: dict[str, PlannedRow]) -> None:
    def content(label: str) -> str:
        fit = rows[label].fit
        assert fit is not None
        return fit.content

    common = "ORR / primary / none / common / binomial / "
    normal = "ORR / primary / none / normal / binomial / "
    assert content(f"{common}default") == content(f"{common}wide")
    assert content(f"{normal}default") != content(f"{normal}wide")
    assert content(f"{normal}default") != content(f"{common}default")
    contents = {row.fit.content for row in rows.values() if row.fit}
    streams = {row.fit.stream for row in rows.values() if row.fit}
    # With a common effect, tau's prior is no part: 3 of 4 models, on arms where all can be fitted.
    assert len(contents) == len(streams) == 2 * (3 + 3 + 3)


def test_inclusion_rules_of_the_same_arms_are_one_fit(table: bm.EvidenceTable) -> None:
    rules = {"resolved": VENETOCLAX, "twice": {"where": {"venetoclax": "yes"}}}
    rows = plan_rows(bm.SpecificationGrid(outcomes=["CR"], inclusion=rules), table)
    assert len({row.fit.content for row in rows if row.fit}) == 1


def test_what_can_not_be_fitted_says_why(rows: dict[str, PlannedRow]) -> None:
    impossible = [row for row in rows.values() if row.fit is None]
    assert {(row.choices["inclusion"], row.choices["covariates"]) for row in impossible} == {
        ("ven_hma", "regimen")
    }
    assert {row.reason for row in impossible} == {
        "`formula`: covariate 'regimen_class' has one level only, 'ven_hma', in these arms. Leave it out."
    }
    assert all(row.reason == "" for row in rows.values() if row.fit is not None)


def test_a_level_that_an_outcome_lacks_is_not_possible(table: bm.EvidenceTable) -> None:
    grid = replace(
        GRID,
        outcomes=["ORR", "CR"],
        inclusion={"all": VENETOCLAX},
        covariates={"none": bm.Covariates(), "regimen": REGIMEN},
        question=bm.Question(profile={"regimen_class": "ven_dli"}),
    )
    reasons = {
        (row.choices["outcome"], row.choices["covariates"]): row.reason
        for row in plan_rows(grid, table)
    }
    assert reasons["ORR", "regimen"] == reasons["CR", "none"] == ""
    assert "no level 'ven_dli' of 'regimen_class'" in reasons["CR", "regimen"]


def test_an_outcome_without_an_arm_is_not_possible(table: bm.EvidenceTable) -> None:
    rules = {"all": VENETOCLAX, "two": {"where": {"study": ["stahl2021", "zha2023"]}}}
    grid = bm.SpecificationGrid(outcomes=["ORR", "CR"], inclusion=rules)
    reasons = [row.reason for row in plan_rows(grid, table)]
    assert reasons[:3] == ["", "", ""]
    assert "the selection leaves no arm" in reasons[3]


def test_notes_are_kept_instead_of_warned(table: bm.EvidenceTable) -> None:
    grid = bm.SpecificationGrid(
        outcomes=["ORR"],
        inclusion={"all": VENETOCLAX, "few": {"where": {"study": ["stahl2021", "zha2023"]}}},
        covariates={"none": bm.Covariates(), "age": bm.Covariates("age_median")},
        study_effects={"student": bm.StudentTEffects()},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        notes = {row.label: row.notes for row in plan_rows(grid, table)}
    assert notes["ORR / all / none / student / binomial / default"] == ()
    [left_out] = notes["ORR / all / age / student / binomial / default"]
    assert "arms are left out because age_median is missing" in left_out
    [few] = notes["ORR / few / none / student / binomial / default"]
    assert few.startswith("2 studies cannot identify outlying studies: `nu` depends on its prior.")


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"outcomes": ["ORR", "ORRR"]}, bm.EvidenceError, r"^outcome 'ORRR' can be .* Did you mean 'ORR'"),
        (
            {"inclusion": {"primary": VENETOCLAX, "slip": {"where": "venetoclacks == 'yes'"}}},
            bm.EvidenceError,
            r"^\[inclusion.slip\] can be fitted in no combination; .*venetoclacks",
        ),
        (
            {"covariates": {"none": bm.Covariates(), "slip": bm.Covariates("regimen_clas")}, "question": bm.Question()},
            bm.SpecError,
            r"^\[covariates.slip\] can be .* Did you mean 'regimen_class'",
        ),
        (
            {"study_effects": {"normal": bm.NormalEffects(), "slip": bm.NormalEffects(by="desing")}},
            bm.SpecError,
            r"^\[study_effects.slip\] can be .* Did you mean 'design'",
        ),
        (
            {"priors": {"default": {}, "slip": {"mu": bm.HalfNormal(1)}}},
            bm.SpecError,
            r"^\[priors.slip\] can be .* must allow every number",
        ),
        (
            {"inclusion": {"none": {"where": "n > 10000"}}},
            bm.EvidenceError,
            "^No combination of the grid can be fitted; the first, .* leaves no arm",
        ),
        (
            {"inclusion": {"primary": VENETOCLAX | {"overlaps": "all"}}},
            bm.SettingsError,
            r"^\[inclusion.primary\]: `overlaps` must be 'resolve' or 'keep'; got 'all'",
        ),
    ],
)  # fmt: skip
def test_a_choice_that_is_possible_nowhere_is_an_error(
    table: bm.EvidenceTable, changes: dict[str, object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        plan_rows(replace(GRID, **changes), table)  # type: ignore[arg-type]


def test_outcomes_may_be_left_out_where_there_is_one(table: bm.EvidenceTable) -> None:
    own = bm.read_evidence(pd.DataFrame({"study": ["a", "b"], "events": [4, 7], "n": [10, 20]}))
    [row] = plan_rows(bm.SpecificationGrid(), own)
    assert row.label == " / default / none / normal / binomial / default"
    with pytest.raises(bm.EvidenceError, match="holds 66 outcomes; name those of the grid"):
        plan_rows(bm.SpecificationGrid(), table)


@pytest.mark.slow
def test_a_fit_does_not_depend_on_the_rest_of_the_grid(
    table: bm.EvidenceTable, rows: dict[str, PlannedRow]
) -> None:
    larger = replace(
        GRID,
        outcomes=["CR_CRi", *GRID.outcomes],
        inclusion={"kept": VENETOCLAX | {"overlaps": "keep"}, **GRID.inclusion},
        covariates={**GRID.covariates, "year": bm.Covariates("year")},
        study_effects={"student": bm.StudentTEffects(), **GRID.study_effects},
        priors={"narrow": {"tau": bm.HalfNormal(0.2)}, **GRID.priors},
    )
    more = {row.label: row for row in plan_rows(larger, table)}
    for label, row in rows.items():
        own, other = row.fit, more[label].fit
        assert (own and own.content) == (other and other.content)


def test_what_a_fit_depends_on_is_in_its_content(table: bm.EvidenceTable) -> None:
    def content(grid: bm.SpecificationGrid, evidence: bm.EvidenceTable = table) -> str:
        fit = plan_rows(grid, evidence)[0].fit
        assert fit is not None
        return fit.content

    one = content(ONE)
    assert content(replace(ONE, name="other", seed=5, question=bm.Question(cohort=10))) == one
    # A column that no model uses is not a part of a fit.
    renoted = bm.EvidenceTable(table.frame.assign(note="x"), table.name)
    assert content(ONE, renoted) == one
    changed = table.frame.copy()
    selected = (changed["outcome"] == "ORR") & (changed["venetoclax"] == "yes")
    changed.loc[selected, "n"] += 1
    assert content(ONE, bm.EvidenceTable(changed, table.name)) != one
    for settings in (replace(ONE.settings, draws=500), replace(ONE.settings, target_accept=0.95)):
        assert content(replace(ONE, settings=settings)) != one
    assert content(replace(ONE, settings=replace(ONE.settings, cores=1))) == one


def test_designs_are_those_of_single_fits(
    table: bm.EvidenceTable, rows: dict[str, PlannedRow]
) -> None:
    for label in (
        "ORR / primary / regimen / normal / binomial / wide",
        "CR / primary / regimen / common / binomial / default",
    ):
        row = rows[label]
        assert row.fit is not None
        arms = table.select(outcome=row.choices["outcome"], **VENETOCLAX)
        alone = make_design(GRID.model(row.choices), arms)
        assert row.fit.design.spec == alone.spec
        assert np.array_equal(row.fit.design.matrix, alone.matrix)
        assert np.array_equal(row.fit.design.arms.events, alone.arms.events)
        assert np.array_equal(row.fit.design.arms.study_index, alone.arms.study_index)


def test_a_profile_stands_at_the_reference_where_it_is_not_given(table: bm.EvidenceTable) -> None:
    covariates = {
        "none": bm.Covariates(),
        "both": bm.Covariates("regimen_class + post_hsct", {"regimen_class": "ven_hma", "post_hsct": "False"}),
    }  # fmt: skip
    grid = bm.SpecificationGrid(
        outcomes=["ORR"],
        inclusion={"primary": VENETOCLAX},
        covariates=covariates,
        question=bm.Question(profile={"regimen_class": "ven_ldac"}),
    )
    none, both = (row.fit for row in plan_rows(grid, table))
    assert none is not None
    assert both is not None
    assert none.profile is None
    assert both.profile == {"regimen_class": "ven_ldac", "post_hsct": "False"}


def test_a_planned_fit_is_light_to_send(rows: dict[str, PlannedRow]) -> None:
    sizes = [len(pickle.dumps(row.fit)) for row in rows.values() if row.fit]
    assert max(sizes) < 30_000


def test_a_choice_that_the_arms_cannot_tell_is_told_in_its_rows(table: bm.EvidenceTable) -> None:
    grid = replace(GRID, outcomes=["ORR"], inclusion={"ven_hma": VEN_HMA})
    found = {row.choices["covariates"]: row for row in plan_rows(grid, table)}
    assert found["none"].fit is not None
    assert found["regimen"].fit is None
    assert "has one level only" in found["regimen"].reason
    with pytest.raises(bm.SpecError, match="No combination of the grid can be fitted"):
        plan_rows(replace(grid, covariates={"regimen": REGIMEN}), table)
