"""Which weights predict better: the stored losses are those of this code, and bear out the default."""

from pathlib import Path

import averaging_simulation as simulation
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import binom, norm

from bayesmeta.comparison.weights import DEFAULT, METHODS

STORED = Path(__file__).parents[1] / "reference" / "weights" / "losses.csv"


@pytest.fixture(scope="module")
def losses() -> pd.DataFrame:
    return pd.read_csv(STORED)


def mean_by(losses: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return means over truths, one row per number of studies and one column per method."""
    return losses.pivot_table(index="studies", columns="method", values=column)


def error_by(losses: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the standard errors of such means."""
    squares = losses.assign(**{column: losses[column] ** 2})
    truths = losses["truth"].nunique()
    return np.sqrt(mean_by(squares, column) / truths)


def test_every_truth_size_and_method_is_stored(losses: pd.DataFrame) -> None:
    methods = [*METHODS, "best", "equal"]
    cells = pd.MultiIndex.from_product([simulation.TRUTHS, simulation.STUDIES, methods])
    assert set(losses.set_index(["truth", "studies", "method"]).index) == set(cells)
    assert (losses["replicates"] == simulation.REPLICATES).all()


def test_the_default_predicts_best_or_almost(losses: pd.DataFrame) -> None:
    more, error = mean_by(losses, "more"), error_by(losses, "se_more")
    assert DEFAULT == "pseudo_bma_plus"
    # With 30 studies it is better than both others, with 10 than stacking.
    for studies, method in ((30, "stacking"), (30, "dirichlet_stacking"), (10, "stacking")):
        assert more.loc[studies, method] > 2 * error.loc[studies, method]
    # Where another is better, it is so by little (nats per study), whatever that costs the default.
    assert more.loc[10, "dirichlet_stacking"] > -0.006
    assert more.loc[100, "stacking"] > -0.0015
    assert more.loc[100, "dirichlet_stacking"] > 0
    # Averaging by equal weights is worse at every size, and a single model at 10 studies.
    assert (more["equal"] > 2 * error["equal"]).all()
    assert more.loc[10, "best"] > 2 * error.loc[10, "best"]


@pytest.mark.slow
@pytest.mark.stored
def test_stored_losses_are_those_of_this_code(losses: pd.DataFrame) -> None:
    stored = losses.set_index(["truth", "studies", "method"])
    replicates = 10
    for truth in simulation.TRUTHS:
        # Other replicates than those that are stored.
        found = [simulation.losses(truth, 30, 10_000 + one) for one in range(replicates)]
        for method, own in pd.DataFrame(found).items():
            kept = stored.loc[(truth, 30, method)]
            spread = kept["se"] * np.sqrt(kept["replicates"])
            assert abs(own.mean() - kept["loss"]) < 5 * spread / np.sqrt(replicates)


@pytest.mark.slow
def test_a_study_left_out_is_predicted_as_by_brute_force() -> None:
    """Hold the grid of `pooled` to a sum over other nodes, from the other studies alone."""
    data = pd.DataFrame(
        {"size": [12, 25, 45, 90], "group": [0, 1, 0, 1], "events": [4, 15, 12, 40]}
    )
    elpd, new = simulation.MODELS["pooled"].predicted(data)
    mu, tau, z = np.linspace(-2.5, 2.5, 201), simulation.TAU, np.linspace(-7, 7, 281)
    theta = mu[:, None, None] + tau[:, None] * z
    logs = [
        logsumexp(binom.logpmf(y, n, expit(theta)), b=norm.pdf(z) * (z[1] - z[0]), axis=-1)
        for n, y in zip(data["size"], data["events"], strict=True)
    ]
    prior = simulation.LOG_PRIOR_MU[:, None] + np.log(simulation.PRIOR_TAU)
    for place, own in enumerate(logs):
        rest = prior + sum(one for i, one in enumerate(logs) if i != place)
        assert elpd[place] == pytest.approx(logsumexp(rest + own) - logsumexp(rest), abs=2e-3)
    assert all(one.sum() == pytest.approx(1, abs=1e-9) for one in new.values())
