"""Effects on several outcomes integrated out: held to the road of one outcome, and to sums."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom

import bayesmeta as bm
from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.inference.integrated.nested import nested_study_log_likelihood
from bayesmeta.model import make_design


# Where all responded, the likelihood of other links than the logit is steep on one side alone.
@pytest.mark.parametrize(
    ("link", "error"), [(bm.Logit(), 1e-6), (bm.Probit(), 1e-4), (bm.CLogLog(), 2e-3)]
)
def test_one_outcome_is_a_nest_of_one(
    make_arms: Callable[..., bm.Arms], link: bm.Link, error: float
) -> None:
    arms = make_arms(
        [(4, 20), (9, 30), (0, 25), (18, 18), (11, 16), (5, 90)],
        studies=["a", "a", "b", "c", "d", "d"],
        dose=[1.0, 2.0, 4.0, 2.5, 3.0, 1.5],
    )
    design = make_design(bm.ModelSpec(covariates="dose", likelihood=bm.Binomial(link)), arms)
    rng = np.random.default_rng(1)
    drawn = {
        "mu": rng.normal(size=(2, 40)),
        "tau": rng.uniform(0, 1.5, size=(2, 40)),
        "beta": rng.normal(size=(2, 40, 1)),
    }
    nested = {name: values[..., None] for name, values in drawn.items() if name != "beta"}
    nested["beta"] = drawn["beta"][..., None, :]
    found = nested_study_log_likelihood(design, nested)
    np.testing.assert_allclose(found, study_log_likelihood(design, drawn), atol=error)


def test_correlated_effects_are_integrated_together(small_nest: bm.Arms) -> None:
    design = make_design(bm.ModelSpec(), small_nest)
    drawn = {
        "mu": np.array([0.2, -0.4]),
        "tau": np.array([0.8, 0.6]),
        "correlation": np.array([0.7]),
    }
    found = nested_study_log_likelihood(design, drawn)
    # Directly: s2 has 14 of 30, and 9 of these 14; s4 has 6 of 25 by both probabilities together.
    x, weights = np.polynomial.hermite_e.hermegauss(80)
    first, second = np.meshgrid(x, x, indexing="ij")
    second = 0.7 * first + np.sqrt(1 - 0.7**2) * second
    outer, inner = (
        1 / (1 + np.exp(-(drawn["mu"][k] + drawn["tau"][k] * z)))
        for k, z in enumerate((first, second))
    )
    weight = np.outer(weights, weights) / weights.sum() ** 2
    both = binom.pmf(14, 30, outer) * binom.pmf(9, 14, inner)
    alone = binom.pmf(6, 25, outer * inner)
    exact = [np.log((weight * one).sum()) for one in (both, alone)]
    assert found[[1, 3]] == pytest.approx(exact, abs=1e-5)
