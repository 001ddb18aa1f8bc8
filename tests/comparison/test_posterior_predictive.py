"""The posterior predictive check, against its definition and cases that fit and do not."""

from collections.abc import Callable

import numpy as np
import pytest

import bayesmeta as bm

Maker = Callable[..., bm.Arms]
QUICK = bm.SamplerSettings(warmup=300, draws=500)
GROUPS = [(4, 40), (5, 40), (3, 40), (32, 40), (30, 40), (33, 40)]


@pytest.fixture(scope="module")
def misfit(make_arms: Maker) -> bm.Fit:
    return bm.fit(bm.load_model("common_effect"), make_arms(GROUPS), seed=1, settings=QUICK)


def test_statistics_and_p_values_are_those_of_one_replicate_at_a_time(make_arms: Maker) -> None:
    arms = make_arms([(4, 20), (9, 22), (14, 31), (0, 0)])
    fit = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=QUICK)
    check = bm.posterior_predictive_check(fit, seed=3)
    n = np.array([20, 22, 31])
    assert check.events.shape == (2000, 3)

    def both(events: np.ndarray) -> tuple[float, float]:
        rate = events.sum() / 73
        expected = np.array([n * rate, n * (1 - rate)])
        seen = np.array([events, n - events])
        # The chi-square of a table of responders and others, cell by cell.
        chi = ((seen - expected) ** 2 / expected).sum()
        return chi, np.std(events / n, ddof=1)

    drawn = np.array([both(events) for events in check.events])
    observed = np.array(both(np.array([4, 9, 14])))
    p = [(np.mean(one > o + 1e-9) + np.mean(one > o - 1e-9)) / 2 for one, o in zip(drawn.T, observed, strict=True)]  # fmt: skip
    assert check.statistics.to_numpy() == pytest.approx(drawn)
    assert check.table["observed"].to_numpy() == pytest.approx(observed)
    assert check.table["p"].to_numpy() == pytest.approx(p)
    # Replicates have the arms' own rates: means of counts to five standard errors.
    rate = fit.posterior["theta"].to_numpy().reshape(-1, 4)[:, :3]
    mean = (n / (1 + np.exp(-rate))).mean(axis=0)
    error = check.events.std(axis=0) / np.sqrt(2000)
    assert (np.abs(check.events.mean(axis=0) - mean) < 5 * error).all()


def test_two_groups_of_rates_are_no_common_effect(misfit: bm.Fit) -> None:
    assert (bm.posterior_predictive_check(misfit, seed=1).table["p"] < 0.001).all()


def test_arms_that_differ_by_chance_alone_are_calm(make_arms: Maker) -> None:
    arms = make_arms([(12, 40), (15, 40), (9, 40), (14, 40), (10, 40)])
    fit = bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=QUICK)
    found = bm.posterior_predictive_check(fit, seed=1).table
    assert found["p"].between(0.1, 0.9).all()
    # For one known rate the statistic is chi-square with 4 degrees of freedom, of median 3.36.
    assert found["median"].iloc[0] == pytest.approx(3.36, rel=0.1)


def test_the_same_seed_gives_the_same_counts(misfit: bm.Fit) -> None:
    one, again, other = (bm.posterior_predictive_check(misfit, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.events, again.events)
    assert not np.array_equal(one.events, other.events)


def test_what_cannot_be_checked(make_arms: Maker, misfit: bm.Fit) -> None:
    alone = bm.fit(bm.load_model("pooled"), make_arms([(3, 9), (0, 0)]), seed=1, settings=QUICK)
    with pytest.raises(bm.EvidenceError, match="needs two arms with patients; got 1"):
        bm.posterior_predictive_check(alone, seed=1)
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit, which has draws; got str"):
        bm.posterior_predictive_check("fit", seed=1)  # type: ignore[arg-type]
    with pytest.raises(bm.SettingsError, match="`check` must be a PosteriorPredictiveCheck"):
        bm.plots.posterior_predictive(misfit)  # type: ignore[arg-type]


def test_the_figure_shows_the_observed_statistic(misfit: bm.Fit) -> None:
    check = bm.posterior_predictive_check(misfit, seed=1)
    plot = bm.plots.posterior_predictive(check)
    _, rates, statistic = plot.figure.axes
    assert np.asarray(statistic.lines[0].get_xdata())[0] == pytest.approx(
        100 * check.table["observed"].iloc[1]
    )
    observed = np.asarray(rates.lines[-1].get_xdata())[1:]
    assert observed == pytest.approx(np.sort([100 * e / n for e, n in GROUPS]))
