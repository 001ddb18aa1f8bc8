"""The search for a crossing, on functions whose crossing is known."""

import numpy as np
import pytest

from bayesmeta.sensitivity.crossing import Point, find_crossing

START = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)


def logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def exact(x: float) -> Point:
    return Point(x, logistic(x), 0.0)


def test_without_noise_it_is_the_root() -> None:
    found, points = find_crossing(exact, [exact(x) for x in START], 0.6, near=0.0)
    assert found is not None
    assert found.x == pytest.approx(np.log(0.6 / 0.4), abs=1e-5)
    assert found.error == 0
    assert found.low.x < found.x < found.high.x
    assert [point.x for point in points] == sorted(point.x for point in points)


def test_the_interval_of_a_noisy_crossing_holds_the_root() -> None:
    """In 1,500 searches 94% did; of 400, fewer than 90% would less than once in 1,000 runs."""
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(400):

        def noisy(x: float) -> Point:
            return Point(x, logistic(x) + 0.004 * rng.standard_normal(), 0.004)

        found, _ = find_crossing(noisy, [noisy(x) for x in START], 0.6, near=0.0)
        assert found is not None
        hits.append(abs(found.x - np.log(0.6 / 0.4)) < 1.96 * found.error)
    assert np.mean(hits) > 0.9


def test_the_nearest_of_several_is_found() -> None:
    def wave(x: float) -> Point:
        return Point(x, float(np.cos(x)), 0.0)

    points = [wave(x) for x in START]
    for near, root in ((1.0, np.pi / 2), (-1.0, -np.pi / 2)):
        found, _ = find_crossing(wave, points, 0.0, near=near)
        assert found is not None
        assert found.x == pytest.approx(root, abs=1e-4)


def test_a_difference_within_its_error_is_no_crossing() -> None:
    values = (0.601, 0.599, 0.602, 0.598, 0.601, 0.599, 0.6005)
    points = [Point(x, value, 0.004) for x, value in zip(START, values, strict=True)]
    found, same = find_crossing(exact, points, 0.6, near=0.0)
    assert found is None
    assert same == points


def test_a_point_that_seems_to_have_no_error_does_not_rule_the_line() -> None:
    def capped(x: float) -> Point:
        return Point(x, min(0.5 + x, 1.0), 0.002 if x < 0.5 else 0.0)

    found, _ = find_crossing(capped, [capped(x) for x in (-1.0, 1.0)], 0.9, near=0.0)
    assert found is not None
    assert found.x == pytest.approx(0.4, abs=0.02)
