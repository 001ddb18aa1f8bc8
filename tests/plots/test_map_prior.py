"""The figure of a MAP prior shows the densities of its table, whatever the prior and its profile."""

from dataclasses import replace

import numpy as np
import pytest

import bayesmeta as bm

LONG = "a profile whose covariates are many and whose levels have long names, and then some, " * 3


def prior_at(centre: float, components: int) -> bm.MapPrior:
    draws = centre + np.random.default_rng(1).standard_t(5, 2000)
    return bm.MapPrior(bm.fit_mixture(draws, components=components), "all studies", reliable=True)


@pytest.mark.slow
@pytest.mark.parametrize(("centre", "components"), [(0, 1), (-1, 3), (-6, 2), (7, 2)])
def test_nothing_overlaps_or_is_cut_off(collisions, centre, components):
    prior = prior_at(centre, components)
    unsure = replace(prior, profile=LONG, reliable=False)
    for each, robust in ((prior, None), (unsure, prior.robustify(weight=0.2))):
        assert collisions(bm.plots.map_prior(each, robust).figure) == ([], [])


def test_lines_and_text_are_the_numbers_of_the_table():
    prior = prior_at(-1, 2)
    robust = prior.robustify(weight=0.2)
    plot = bm.plots.map_prior(prior, robust, notes=["8 studies."])
    table, lines = plot.table, plot.figure.axes[-1].lines
    np.testing.assert_allclose(lines[-1].get_ydata(), table["map"])
    np.testing.assert_allclose(lines[-2].get_ydata(), table["robust"])
    np.testing.assert_allclose(table["robust"], robust.pdf(table["rate"]))
    np.testing.assert_allclose(table["component_1"] + table["component_2"], table["map"])
    shown = [text.get_text() for text in plot.figure.axes[0].texts]
    assert {"Draws", "MAP prior", "Components", "Robust", "8 studies."} <= set(shown)
    assert repr(plot) == "Plot(map_prior: 2 components, robust)"


def test_a_prior_that_is_not_reliable_says_so_and_one_component_needs_no_key():
    plot = bm.plots.map_prior(replace(prior_at(0, 1), reliable=False))
    shown = " ".join(text.get_text() for text in plot.figure.axes[0].texts)
    assert "NOT RELIABLE" in shown
    assert "Components" not in shown
    assert repr(plot) == "Plot(map_prior: 1 component)"


def test_what_can_not_be_drawn_is_refused():
    prior = prior_at(0, 1)
    with pytest.raises(bm.SettingsError, match="`prior` must be a MapPrior; got BetaMixture"):
        bm.plots.map_prior(prior.mixture)
    with pytest.raises(bm.SettingsError, match="`robust` must be a BetaMixture; got float"):
        bm.plots.map_prior(prior, 0.2)
