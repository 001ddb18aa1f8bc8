"""Information within and between studies, against closed forms and dense generalised least squares."""

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.estimates.heterogeneity import arm_information, sampling_variance
from bayesmeta.estimates.identifiability import share_within, within_shares
from bayesmeta.estimates.outcome_draws import draws_of

ONE = np.ones((1, 1))


def share(
    level: list[float],
    information: list[float],
    study: list[int],
    tau: float,
) -> float:
    [found] = share_within(
        ONE,
        design=np.array(level, dtype=float)[:, None],
        information=np.array(information, dtype=float),
        study=np.array(study),
        tau=tau,
    )
    return float(found)


def dense_information(
    contrast: np.ndarray,
    design: np.ndarray,
    information: np.ndarray,
    study: np.ndarray,
    tau: float | None,
) -> float:
    """1 / variance of a contrast by dense matrices; with tau None each study has its own level."""
    same = study[:, None] == study
    if tau is None:
        levels = (study[:, None] == np.unique(study)).astype(float)
        covariance = np.diag(1 / information)
    else:
        levels = np.ones((len(study), 1))
        covariance = np.diag(1 / information) + tau**2 * same
    full = np.column_stack([levels, design])
    whole = full.T @ np.linalg.inv(covariance) @ full
    weights = np.concatenate([np.zeros(levels.shape[1]), contrast])
    known = np.linalg.matrix_rank(np.vstack([full, weights])) == np.linalg.matrix_rank(full)
    return 1 / float(weights @ np.linalg.pinv(whole) @ weights) if known else 0.0


def test_equal_arms_of_trials_of_both_levels_tell_all_within() -> None:
    assert share([0, 1] * 3, [4, 4, 9, 9, 2, 2], [0, 0, 1, 1, 2, 2], 0.5) == pytest.approx(1)


def test_unequal_arms_of_trials_of_both_levels_tell_nearly_all_within() -> None:
    found = share([0, 1] * 3, [4, 5, 9, 7, 2, 2.2], [0, 0, 1, 1, 2, 2], 0.5)
    assert 0.99 < found < 1


@pytest.mark.parametrize("tau", [0.0, 1e-6, 0.5, 50.0])
def test_disjoint_studies_tell_nothing_within(tau: float) -> None:
    assert share([0, 0, 1, 1, 1], [4, 5.5, 9, 7, 0.1], [0, 0, 1, 1, 2], tau) == 0


def test_one_trial_and_two_single_arms_by_hand() -> None:
    """The trial's difference is independent of the mean of its arms and of the other studies."""
    a, tau = 6.0, 0.4
    # The trial's mean stands midway, where it carries no information on the difference.
    within, between = a / 2, 1 / (2 * (tau**2 + 1 / a))
    expected = within / (within + between)
    assert share([0, 1, 0, 1], [a] * 4, [0, 0, 1, 2], tau) == pytest.approx(expected)


def test_a_level_in_common_compares_two_within() -> None:
    """A against C in one study, B against C in another: the variances of the differences add."""
    design = np.array([[1.0, 0], [0, 0], [0, 1], [0, 0]])
    information, study = np.array([4.0, 6, 3, 5]), np.array([0, 0, 1, 1])
    arguments = {"design": design, "information": information, "study": study}
    contrast = np.array([1.0, -1])
    within = 1 / (1 / 4 + 1 / 6 + 1 / 3 + 1 / 5)
    assert dense_information(contrast, **arguments, tau=None) == pytest.approx(within)
    total = dense_information(contrast, **arguments, tau=0.7)
    [found] = share_within(contrast[None], **arguments, tau=0.7)
    assert found == pytest.approx(within / total)


@pytest.mark.parametrize("seed", range(40))
def test_random_evidence_agrees_with_dense_least_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arms, studies = int(rng.integers(8, 25)), int(rng.integers(4, 10))
    level = rng.integers(0, 4, arms)
    # A number of the study and one of the arm, on scales of their own.
    of_study = rng.normal(60, 8, studies)
    study = rng.integers(0, studies, arms)
    design = np.column_stack(
        [(level[:, None] == [1, 2, 3]).astype(float), of_study[study], 1e-3 * rng.normal(size=arms)]
    )
    information, tau = rng.uniform(0.05, 30, arms), float(rng.choice([0.0, 0.3, 2.0]))
    contrasts = np.vstack([np.eye(5), [1, -1, 0, 0, 0], [0, 1, 0, 3, 0]])
    arguments = {"design": design, "information": information, "study": study}
    found = share_within(contrasts, **arguments, tau=tau)
    for contrast, value in zip(contrasts, found, strict=True):
        # Dense inverses need columns of one size; shares do not depend on it.
        size = np.array([1, 1, 1, 10, 1e-3])
        scaled = {**arguments, "design": (design - design.mean(axis=0)) / size}
        total = dense_information(contrast / size, **scaled, tau=tau)
        if total == 0:
            assert np.isnan(value)
            continue
        within = dense_information(contrast / size, **scaled, tau=None)
        assert 0 <= value <= 1
        assert value == pytest.approx(within / total, rel=1e-6, abs=1e-12)


def test_arms_without_information_change_nothing() -> None:
    plain = share([0, 1, 0, 1], [4, 5, 6, 7], [0, 0, 1, 2], 0.4)
    # One in a study of its own, one that would make a single arm a trial.
    more = share([0, 1, 0, 1, 1, 1], [4, 5, 6, 7, 0, 0], [0, 0, 1, 2, 3, 1], 0.4)
    assert more == pytest.approx(plain)


def test_without_evidence_there_is_no_share() -> None:
    assert np.isnan(share([0, 1], [0, 0], [0, 1], 0.5))
    assert np.isnan(share([0, 0, 1], [3, 4, 0], [0, 1, 2], 0.5))


def test_a_unit_changes_nothing() -> None:
    level, information, study = [0.0, 1.5, 0.3, 2.0], [4.0, 5, 6, 7], [0, 0, 1, 2]
    plain = share(level, information, study, 0.4)
    for unit in (1e-9, 1e9):
        found = share([unit * value + 7 * unit for value in level], information, study, 0.4)
        assert found == pytest.approx(plain, rel=1e-6)


def test_the_share_within_rises_with_tau() -> None:
    found = [share([0, 1, 0, 1], [4, 5, 6, 7], [0, 0, 1, 2], tau) for tau in (0, 0.3, 1, 5, 500)]
    assert found == sorted(found)
    assert found[-1] == pytest.approx(1, abs=1e-4)


def test_the_bundled_evidence_agrees_with_dense_least_squares(parts_fit: bm.Fit) -> None:
    information = arm_information(sampling_variance(draws_of(parts_fit)))
    arguments = {
        "design": parts_fit.design.matrix,
        "information": information,
        "study": parts_fit.arms.study_index,
    }
    contrast = np.eye(7)[4]
    tau = float(parts_fit.posterior["tau"].mean())
    total = dense_information(contrast, **arguments, tau=tau)
    # goldberg2017 and stahl2021 gave both; other regimens do not help.
    expected = dense_information(contrast, **arguments, tau=None) / total
    assert within_shares(draws_of(parts_fit), contrast[None])[0] == pytest.approx(expected)
    assert 0.6 < expected < 0.8
