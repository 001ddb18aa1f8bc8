"""Marginal likelihoods of several outcomes: held to those of each conditional count by itself."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.marginal_likelihood.posterior import Drawn

COUNTS = {"s1": (12, 5, 20), "s2": (14, 9, 30), "s3": (9, 2, 15), "s4": (11, 6, 25)}


@pytest.fixture(scope="module")
def nest() -> bm.Arms:
    rows = [
        {"study": study, "outcome": name, "events": events, "n": n}
        for study, (orr, cr, n) in COUNTS.items()
        for name, events in (("ORR", orr), ("CR", cr))
    ]
    return bm.read_evidence(pd.DataFrame(rows)).select(outcomes=["ORR", "CR"])


@pytest.mark.slow
def test_without_correlation_it_is_the_product_of_conditional_models(
    nest: bm.Arms, make_arms: Callable[..., bm.Arms]
) -> None:
    joint = bm.fit(bm.ModelSpec(correlation=None), nest, seed=1)
    found = bm.log_marginal_likelihood(joint, seed=2)
    each = [[(orr, n) for orr, _, n in COUNTS.values()], [(cr, n) for n, cr, _ in COUNTS.values()]]
    exact = sum(
        bm.fit(bm.ModelSpec(), make_arms(counts), method="quadrature").log_marginal_likelihood
        for counts in each
    )
    assert abs(found.value - exact) < 5 * found.error < 0.1
    assert (found.method, found.most_changed) == ("bridge", "mu")


@pytest.mark.slow
def test_correlations_are_among_the_parameters(nest: bm.Arms) -> None:
    # Two studies of each outcome tell nothing of correlations: the nearer LKJ is to none, the nearer
    # is the marginal likelihood to that of independent effects.
    specs = [bm.ModelSpec(correlation=prior) for prior in (bm.LKJ(1000), None)]
    near, none = (bm.log_marginal_likelihood(bm.fit(spec, nest, seed=1), seed=2) for spec in specs)
    assert abs(near.value - none.value) < 5 * np.hypot(near.error, none.error) < 0.2


def test_draws_go_to_coordinates_and_back(made_up: bm.Fit) -> None:
    drawn = Drawn.of(made_up)
    variables, _ = drawn.posterior.variables(drawn.points)
    for name, values in drawn.variables.items():
        np.testing.assert_allclose(variables[name], values, rtol=1e-6, atol=1e-9)
    assert np.isfinite(drawn.posterior.log_density(drawn.points[0])).all()
