"""What must not change the density of nested outcomes, and what must change it by a constant."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import special

import bayesmeta as bm
from bayesmeta.inference.nested.coordinates import nested_data
from bayesmeta.inference.nested.simulation import draw_counts, nested_log_likelihood, rates_of
from bayesmeta.model import Design, make_design

Array = npt.NDArray[np.float64]
Counts = tuple[int | None, ...]

OUTCOMES = ("ORR", "CR_CRi", "CR")


def design_of(
    counts: Sequence[Counts], studies: Sequence[str], *, outcomes: Sequence[str] = OUTCOMES
) -> Design:
    frame = pd.DataFrame(counts, columns=["n", *outcomes])
    frame["study"], frame["arm"] = list(studies), [f"a{i}" for i in range(len(frame))]
    arms = bm.Arms(frame, pd.DataFrame(), outcomes=tuple(outcomes))
    return make_design(bm.ModelSpec(), arms)


def log_likelihood(design: Design, theta: Array) -> float:
    return float(nested_log_likelihood(design, {"theta": theta}).sum())


@st.composite
def counts(draw: st.DrawFn) -> Counts:
    n, *own = sorted(draw(st.lists(st.integers(0, 60), min_size=4, max_size=4)), reverse=True)
    shown = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()).filter(any))
    return (n, *[count if one else None for count, one in zip(own, shown, strict=True)])


thetas = st.lists(st.floats(-30, 30), min_size=3, max_size=3).map(np.array)


@settings(max_examples=30, deadline=None)
@given(own=counts(), theta=thetas)
def test_an_arm_without_patients_changes_nothing(own: Counts, theta: Array) -> None:
    alone = log_likelihood(design_of([own], "a"), theta[None])
    beside = log_likelihood(design_of([own, (0, 0, 0, 0)], "aa"), np.stack([theta, theta]))
    assert beside == pytest.approx(alone, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(one=counts(), other=counts(), first=thetas, second=thetas)
def test_splitting_an_arm_changes_the_density_by_a_constant(
    one: Counts, other: Counts, first: Array, second: Array
) -> None:
    """The split rows report what the pooled row reports."""
    shown = [a is not None for a in one]
    other = tuple(b if b is not None else 0 for b in other)
    ordered = tuple(sorted(other, reverse=True))
    split = [one, tuple(b if there else None for b, there in zip(ordered, shown, strict=True))]
    pooled = tuple(None if a is None else a + (b or 0) for a, b in zip(*split, strict=True))
    gaps = [
        log_likelihood(design_of(split, "aa"), np.stack([theta, theta]))
        - log_likelihood(design_of([pooled], "a"), theta[None])
        for theta in (first, second)
    ]
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-8)


def test_an_outermost_count_says_nothing_of_what_is_within() -> None:
    design = design_of([(20, 12, None, None)], "a")
    values = [log_likelihood(design, np.array([[0.3, x, -x]])) for x in (-2.0, 0.0, 3.0)]
    assert values == pytest.approx([values[0]] * 3, rel=1e-12)
    assert nested_data(design).information[0, 1:].tolist() == [0, 0]


@settings(max_examples=30, deadline=None)
@given(n=st.integers(0, 40), share=st.floats(0, 1), theta=thetas)
def test_a_count_alone_has_the_product_of_ratios(n: int, share: float, theta: Array) -> None:
    events = round(n * share)
    design = design_of([(n, None, None, events)], "a")
    log_rate = -np.logaddexp(0, -theta).sum()
    coefficient = (
        special.gammaln(n + 1) - special.gammaln(events + 1) - special.gammaln(n - events + 1)
    )
    expected = coefficient + events * log_rate
    if n > events:
        expected += (n - events) * np.log(-np.expm1(log_rate))
    assert log_likelihood(design, theta[None]) == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_outcomes_drawn_are_nested_and_have_their_rates() -> None:
    design = design_of([(1000, 0, 0, 0), (0, 0, 0, 0)], "ab")
    theta = np.broadcast_to(np.array([1.0, -0.5, 0.2]), (4000, 2, 3))
    drawn = draw_counts(design, theta, np.random.default_rng(1))
    assert (np.diff(drawn, axis=-1) <= 0).all()
    assert (drawn[:, 1] == 0).all()
    rates = rates_of(design, theta)[0, 0]
    assert rates == pytest.approx(np.cumprod(special.expit([1.0, -0.5, 0.2])))
    error = np.sqrt(rates * (1 - rates) * 1000 / 4000)
    # Beyond 5 errors once in a million.
    assert (np.abs(drawn[:, 0].mean(axis=0) - 1000 * rates) <= 5 * error).all()


@pytest.mark.slow
def test_draws_follow_the_order_of_rows_only_by_chance() -> None:
    """The same rows in another order: means of mu and tau within 4 joint errors."""
    from bayesmeta.estimates.precision import mean_of

    rows: list[Counts] = [(20, 14, 9, 5), (24, None, 9, 4), (15, 6, 3, None), (30, 12, 9, 2)]
    spec = bm.ModelSpec()
    one, other = (
        bm.fit(spec, design_of(own, names).arms, seed=2).posterior
        for own, names in ((rows, "abcd"), (rows[::-1], "dcba"))
    )
    for name in ("mu", "tau", "correlation"):
        for i in range(3):
            a, b = (mean_of(fit[name].to_numpy()[..., i]) for fit in (one, other))
            assert abs(a.value - b.value) <= 4 * np.hypot(a.mcse, b.mcse), (name, i)
