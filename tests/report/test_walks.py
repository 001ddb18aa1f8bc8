"""A random walk over calendar years in words: the model section, the notes of figures, and priors."""

import functools

import matplotlib as mpl
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.estimates.prior_meanings import prior_meanings
from bayesmeta.inference.result import Fit
from bayesmeta.report.sections.model import model_blocks


@functools.cache
def fitted(formula: str) -> Fit:
    frame = pd.DataFrame(
        {
            "study": ["s1", "s2", "s3", "s4", "s5", "s6"],
            "events": [5, 9, 14, 12, 21, 8],
            "n": [20, 21, 30, 22, 30, 15],
            "kind": ["x", "y", "z", "x", "y", "z"],
            "year": [2017, 2017, 2018, 2020, 2021, 2021],
        }
    )
    few = bm.SamplerSettings(chains=2, draws=1000)
    spec = bm.ModelSpec("drift", covariates=formula)
    return bm.fit(spec, bm.read_evidence(frame).select(), seed=1, settings=few)


def test_the_model_section_says_what_the_walk_is() -> None:
    fit = fitted("walk(year)")
    said = " ".join(map(str, model_blocks(fit.spec, fit.design)))
    assert "d(year) is a random walk over calendar years, 0 at the last year of the arms" in said
    assert "year stands at 2021, the last one" in said
    assert "Effects b of" not in said
    assert "centred" not in said


@pytest.mark.parametrize(
    ("formula", "others"),
    [
        ("walk(year)", ""),
        ("(1 | kind) + walk(year)", "Heterogeneity between exchangeable levels: sigma[kind]"),
    ],
)
def test_the_forest_plot_tells_drift_from_exchangeable_levels(formula: str, others: str) -> None:
    fit = fitted(formula)
    note = notes_of(fit)
    assert "Drift over calendar years: sigma[walk(year)] 0." in note
    assert "standard deviation of the log-odds from a year to the next" in note
    assert others in note
    assert ("exchangeable" in note) == bool(others)


def notes_of(fit: Fit) -> str:
    """Text of the forest plot, its lines joined."""
    figure = bm.plots.forest(fit).figure
    lines = [one.get_text() for one in figure.findobj(mpl.text.Text)]  # type: ignore[attr-defined]
    return " ".join(" ".join(lines).split())


def test_the_prior_of_steps_is_told_of_a_year() -> None:
    fit = fitted("(1 | kind) + walk(year)")
    rows = prior_meanings(fit.design).query("parameter == 'sigma'")
    levels, steps = rows["meaning"]
    assert levels.startswith("95% of levels about a typical rate of 50%")
    assert steps.startswith("95% of typical rates a year later about a typical rate of 50%")
    # HalfNormal(0.25) has its 97.5% point at 0.56: 1.96 of it takes 50% to 75%.
    assert steps.endswith("25% to 75% at a large (97.5%) value")
