"""Every part of the model family has its cases, and they can be fitted."""

from dataclasses import replace

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.calibration import all_cases, identity_of, select_cases
from bayesmeta.calibration.case import Case
from bayesmeta.calibration.layouts import REPORTED
from bayesmeta.calibration.parts import PARTS, ROLES
from bayesmeta.inference.nested.simulation import draw_counts
from bayesmeta.inference.simulation import draw_events, prior_draws
from bayesmeta.model import Design
from bayesmeta.model.curves import CURVES
from bayesmeta.model.effects import DISTRIBUTIONS
from bayesmeta.model.level_effects import LEVEL_DISTRIBUTIONS
from bayesmeta.model.survival_reports import Kind, Reports
from bayesmeta.priors import parse_prior
from bayesmeta.priors.text import FAMILIES

CASES = all_cases()
SINGLE = [case for case in CASES if case.layout not in {"nested", "survival"}]
NESTED = [case for case in CASES if case.layout == "nested"]
SURVIVAL = [case for case in CASES if case.layout == "survival"]


def test_every_distribution_and_every_prior_family_is_a_part() -> None:
    assert {f"distribution-{name}" for name in DISTRIBUTIONS} <= set(PARTS)
    assert {f"levels-{name}" for name in LEVEL_DISTRIBUTIONS} <= set(PARTS)
    assert {case.part for case in SURVIVAL} == {f"survival-{name}" for name in CURVES}
    assert set(ROLES) == set(FAMILIES)
    for family, roles in ROLES.items():
        for prior in map(parse_prior, roles.values()):
            assert type(prior).__name__ == family
    used = {
        type(prior).__name__
        for case in SINGLE
        for prior in (case.spec.mu, case.spec.study_effects.tau, *case.spec.beta_priors.values())
    }
    assert set(FAMILIES) <= used


def test_names_are_unique_and_selection_is_by_part() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({case.part for case in select_cases(short=True)}) == len(select_cases(short=True))
    assert {case.part for case in select_cases(short=True)} == {case.part for case in CASES}
    assert {case.part for case in select_cases(["coverage"])} == {"coverage"}
    with pytest.raises(bm.SettingsError, match="Did you mean 'distribution-normal'"):
        select_cases(["distribution-norml"])


def all_or_nothing(counts: np.ndarray, around: np.ndarray) -> float:
    """Return the share of simulated tables, dims (table, arm), with nearly none or all `around`."""
    share = counts.sum(axis=-1) / around.sum(axis=-1).clip(1)
    return float(np.mean((share < 0.03) | (share > 0.97)))


@pytest.mark.parametrize(
    "case",
    [case for case in select_cases(short=True) if case in SINGLE],
    ids=lambda case: case.name,
)
def test_few_simulated_tables_are_all_or_nothing(case: Case) -> None:
    design, rng = case.designs[0], np.random.default_rng(1)
    events = draw_events(design, prior_draws(design, rng, (400,)), rng)
    # The default prior of mu has room for rates near 0 and 1, which small arms cannot tell from them.
    assert all_or_nothing(events, design.arms.n) < (0.2 if case.part == "coverage" else 0.1)


@pytest.mark.parametrize("case", NESTED, ids=lambda case: case.name)
def test_few_simulated_nests_are_all_or_nothing(case: Case) -> None:
    design, rng = case.designs[0], np.random.default_rng(1)
    counts = draw_counts(design, prior_draws(design, rng, (400,))["theta"], rng)
    around = design.arms.n
    for level in range(counts.shape[-1]):
        assert all_or_nothing(counts[..., level], around) < 0.1
        around = counts[..., level]


def test_nested_cases_cross_studies_covariates_and_correlation() -> None:
    assert [case.name for case in NESTED] == [
        f"nested-{effects}-{studies}-{covariates}"
        for effects in ("correlated", "independent")
        for studies in (3, 10)
        for covariates in ("none", "factor", "number")
    ]
    assert {case.spec.correlation for case in NESTED} == {bm.LKJ(2), None}


def test_every_choice_of_outcomes_that_an_arm_can_report_occurs() -> None:
    design, _ = NESTED[-1].designs
    there = ["".join(str(int(seen)) for seen in row) for row in ~np.isnan(design.arms.counts)]
    assert set(there) == {f"{k:03b}" for k in range(1, 8)} == set(REPORTED)


@pytest.mark.parametrize("case", SURVIVAL, ids=lambda case: case.name)
def test_every_kind_of_report_of_survival_occurs(case: Case) -> None:
    design, rng = case.designs[0], np.random.default_rng(1)
    assert set(design.reports.kind) == set(Kind)
    kinds = []
    for _ in range(50):
        _, seen = case.simulate(design, rng)
        assert isinstance(seen, Reports)
        assert seen.discounts
        found = case.observed(design, seen)
        assert found.reports is seen
        assert found.scalars == design.scalars
        kinds.append(set(seen.kind))
    # A median is not reached in some data sets, and is in others.
    assert {Kind.BEYOND in own for own in kinds} == {True, False}


def test_counts_are_put_where_arms_report_them() -> None:
    case = NESTED[-1]
    design, _ = case.designs
    counts = design.arms.n[:, None] // np.array([2, 3, 4])
    seen = case.observed(design, counts)
    missing = np.isnan(design.arms.counts)
    assert np.array_equal(seen.arms.counts, np.where(missing, np.nan, counts), equal_nan=True)
    assert seen.matrix is design.matrix
    [[reported, n, *_]] = [
        (own, n)
        for own, n in zip(seen.arms.counts, seen.arms.n, strict=True)
        if not np.isnan(own).any()
    ][:1]
    assert list(seen.conditional_counts.trials[:3]) == [n, *reported[:2]]
    assert list(seen.conditional_counts.events[:3]) == list(reported)


@pytest.mark.slow
def test_exchangeable_levels_occur_in_several_studies_each() -> None:
    for case in (case for case in CASES if case.layout == "grouped"):
        design, _ = case.designs
        frame = design.arms.frame
        assert frame["regimen"].nunique() == 6
        assert (frame.groupby("regimen")["study"].nunique() >= 2).all()
        assert (frame.groupby("group")["regimen"].nunique() == 2).all()
        assert (frame.groupby("regimen")["group"].nunique() == 1).all()
        assert case.spec.levels == LEVEL_DISTRIBUTIONS[case.part.removeprefix("levels-")]()
    terms = {design.coding.level_terms for design in map(_design, CASES)}
    assert terms == {
        (),
        ("regimen",),
        ("group", "group:regimen"),
        ("regimen", "dose|regimen"),
        ("exposure|study",),
        ("walk(year)",),
    }


def _design(case: Case) -> Design:
    return case.designs[0]


@pytest.mark.parametrize(("studies", "totals"), [(3, 2), (10, 6)])
def test_arms_are_divided_in_part(studies: int, totals: int) -> None:
    [design, *_] = [
        _design(case) for case in CASES if (case.layout, case.studies) == ("divided", studies)
    ]
    assert design.totals.arm.size == totals
    by_level = np.delete(np.arange(len(design.arms)), design.totals.arm)
    assert by_level.size == 2 * (studies - totals)
    assert set(design.arms.frame["exposure"].iloc[by_level]) == {"yes", "no"}


def test_split_covariates_differ_within_studies_and_between() -> None:
    for case in (case for case in CASES if case.part == "within_between"):
        design = _design(case)
        assert np.linalg.matrix_rank(design.matrix) == len(design.coding.names)
        assert {part.part for part in design.coding.parts.each} & {"within", "between"}


def test_profiles_other_than_the_reference_belong_to_a_result() -> None:
    [case] = [case for case in CASES if case.name == "levels-normal-10-one_term"]
    assert case.text.endswith("\nregimen=r1\nregimen=NEW")
    other = replace(case, profiles=({"regimen": "r2"},))
    assert identity_of(other)["model"] != identity_of(case)["model"]


def test_a_held_tau_is_held() -> None:
    case = {case.name: case for case in CASES}["coverage-10-tau_0.5-prior_1"]
    _, truth = case.designs
    assert not case.judged
    drawn = prior_draws(truth, np.random.default_rng(1), (50,))
    assert drawn["tau"] == pytest.approx(0.5, rel=1e-8)
    assert case.spec.study_effects == bm.NormalEffects()
