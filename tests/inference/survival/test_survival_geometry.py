"""The sampler's coordinates of models of survival: what makes trajectories diverge."""

import warnings
from pathlib import Path

import numpy as np

import bayesmeta as bm
from bayesmeta.inference.density.callbacks import value_and_gradient
from bayesmeta.inference.survival.coordinates import survival_data, survival_size
from bayesmeta.inference.survival.log_density import survival_density
from bayesmeta.model import make_design

MODEL = Path(__file__).parents[3] / "models" / "survival" / "survival_regimen.toml"

STEP = 1e-4


def test_levels_are_about_as_wide_in_their_coordinates_whatever_sigma() -> None:
    """The curvature in them is 1 by the prior, and that of the evidence must not outgrow it.

    In standardised effects it grows with the square of sigma: between 0.15 and 7 from 2.5 to over 3,000
    on this evidence, and trajectories that suit one end diverge at the other.
    """
    with warnings.catch_warnings(action="ignore"):
        arms = bm.load_survival("rr_aml_venetoclax").select(outcome="OS")
        data = survival_data(make_design(bm.load_model(MODEL), arms))
    shared = data.shared
    q = np.zeros(survival_size(data))
    q[0] = shared.information @ shared.level / shared.information.sum()
    place = 1 + shared.centre.size + int(shared.levels[0, 0])
    for sigma in (-1.0, 0.0, 1.0, 4.0):
        q[place] = sigma
        for level in range(1, 1 + len(shared.levels)):
            ends = [q + sign * STEP * (np.arange(q.size) == level) for sign in (-1, 1)]
            low, high = (value_and_gradient(at, data.pointers, survival_density)[1] for at in ends)
            curvature = (low - high)[level] / (2 * STEP)
            assert 0.5 < curvature < 10


def test_levels_that_may_not_be_exchangeable_keep_standardised_effects() -> None:
    with warnings.catch_warnings(action="ignore"):
        arms = bm.load_survival("rr_aml_venetoclax").select(outcome="OS")
        spec = bm.ModelSpec(
            curve=bm.WeibullSurvival(),
            covariates=bm.Covariates("(1 | regimen_class)"),
            levels=bm.PartlyExchangeableLevels(),
        )
        data = survival_data(make_design(spec, arms))
    assert (data.shared.levels[:, 4] == 0).all()
