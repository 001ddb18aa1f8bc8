"""Random mixtures and conditions, which several tests of planning draw."""

import numpy as np
from hypothesis import strategies as st

import bayesmeta as bm

VAGUE = bm.BetaMixture([1], a=[1], b=[1])
HISTORY = bm.BetaMixture([0.6, 0.3, 0.1], a=[19, 4, 1], b=[29, 5, 1])
BOTH = "P(rate > 0.35) > 0.9 and P(rate > 0.5) > 0.5"


@st.composite
def mixtures(draw: st.DrawFn, smallest: float = 0.3) -> bm.BetaMixture:
    size = draw(st.integers(1, 3))
    shapes = st.lists(st.floats(smallest, 40), min_size=size, max_size=size)
    weights = np.array(draw(st.lists(st.floats(0.05, 1), min_size=size, max_size=size)))
    return bm.BetaMixture(tuple(weights / weights.sum()), draw(shapes), draw(shapes))


def conditions(direction: str) -> st.SearchStrategy[bm.Condition]:
    return st.builds(bm.Condition, st.floats(0.05, 0.95), st.floats(0.5, 0.99), st.just(direction))
