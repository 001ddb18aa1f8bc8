"""Every part of the model family has its cases, and they can be fitted."""

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.calibration import all_cases, select_cases
from bayesmeta.calibration.parts import PARTS, ROLES
from bayesmeta.inference.simulation import draw_events, prior_draws
from bayesmeta.model.effects import LAWS
from bayesmeta.priors import parse_prior
from bayesmeta.priors.text import FAMILIES

CASES = all_cases()


def test_every_law_and_every_prior_family_is_a_part() -> None:
    assert {f"law-{name}" for name in LAWS} <= set(PARTS)
    assert set(ROLES) == set(FAMILIES)
    for family, roles in ROLES.items():
        for prior in map(parse_prior, roles.values()):
            assert type(prior).__name__ == family
    used = {
        type(prior).__name__
        for case in CASES
        for prior in (case.spec.mu, case.spec.study_effects.tau, *case.spec.beta_priors.values())
    }
    assert set(FAMILIES) <= used


def test_names_are_unique_and_selection_is_by_part() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({case.part for case in select_cases(short=True)}) == len(select_cases(short=True))
    assert {case.part for case in select_cases(short=True)} == {case.part for case in CASES}
    assert {case.part for case in select_cases(["coverage"])} == {"coverage"}
    with pytest.raises(bm.SettingsError, match="Did you mean 'law-normal'"):
        select_cases(["law-norml"])


@pytest.mark.parametrize("case", select_cases(short=True), ids=lambda case: case.name)
def test_few_simulated_tables_are_all_or_nothing(case) -> None:
    design, rng = case.design, np.random.default_rng(1)
    events = draw_events(design, prior_draws(design, rng, (400,)), rng).sum(axis=-1)
    share = events / design.arms.n.sum()
    assert np.mean((share < 0.03) | (share > 0.97)) < 0.1


def test_a_held_tau_is_held() -> None:
    case = {case.name: case for case in CASES}["coverage-10-tau_0.3"]
    from bayesmeta.model import make_design

    truth = make_design(case.truth, case.design.arms)
    drawn = prior_draws(truth, np.random.default_rng(1), (50,))
    assert drawn["tau"] == pytest.approx(0.3, rel=1e-8)
    assert case.spec.study_effects == bm.NormalEffects()
