"""What notebooks show of results: the printed sentence, and the table below it."""

import html
from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.shown import Shown, html_of

WRITTEN = {"LKJ", "ModelSpec", "OwnModel", "Probability", "SpecificationGrid"}
"""What is written by a person, or is a number, and prints as such; so do priors."""

HOSTILE = "<script>alert(1)</script>"


def prints_by_itself(found: object) -> bool:
    """Return whether a class prints in words of its own, rather than as a data class."""
    own = getattr(found, "__repr__", None)
    return (
        isinstance(found, type) and not hasattr(own, "__wrapped__") and own is not object.__repr__
    )


def test_all_results_that_print_a_sentence_are_shown_so() -> None:
    public = {name: getattr(bm, name) for name in bm.__all__ if name not in WRITTEN}
    results = {
        name: found
        for name, found in public.items()
        if prints_by_itself(found) and not issubclass(found, bm.Prior | Warning | Exception)
    }
    assert {
        "Fit",
        "Arms",
        "EvidenceTable",
        "Prediction",
        "Contrasts",
        "Comparison",
        "Selection",
    } <= (results.keys())
    assert [name for name, found in results.items() if not issubclass(found, Shown)] == []


@pytest.fixture(scope="module")
def fit() -> bm.QuadratureFit:
    rows = [(HOSTILE, 3, 10), ("b & c", 5, 12), ("d", 4, 15)]
    arms = bm.read_evidence(pd.DataFrame(rows, columns=["study", "events", "n"])).select()
    return bm.fit(bm.load_model("pooled"), arms, method="quadrature")


def test_the_sentence_stands_over_the_table_and_all_is_escaped(fit: bm.QuadratureFit) -> None:
    shown = fit.arms._repr_html_()
    assert shown.startswith(f"<p>{fit.arms!r}</p><div>")
    assert "<table" in shown
    assert HOSTILE not in shown
    assert html.escape(HOSTILE) in shown
    assert "b &amp; c" in shown


def test_a_result_without_a_table_is_its_sentence(fit: bm.QuadratureFit) -> None:
    assert fit._repr_html_() == f"<p>{html.escape(repr(fit))}</p>"


def test_plans_and_dossiers_show_what_they_decide(fit: bm.QuadratureFit, tmp_path: Path) -> None:
    prior = bm.map_prior(fit, components=1)
    one = bm.plan(prior, n=20, success="P(rate > 0.3) > 0.9", rates=[0.3])
    error = one.operating_characteristics["success"].item()
    assert repr(one) == (
        f"Plan(P(rate > 0.3) > 0.9: {one.trial.words} succeed; type-I error {error:.3f})"
    )
    assert one._repr_html_() == html_of(repr(one), one.operating_characteristics)
    two = bm.plan_two_arms(prior, n=8, n_control=4, success="P(rate - control > 0) > 0.9")
    assert repr(two) == "TwoArmPlan(P(rate - control > 0) > 0.9: 8 treated, 4 controls)"
    assert two._repr_html_() == html_of(repr(two), two.largest_errors)
    written = bm.write_dossier(one, tmp_path / "<b>", title=HOSTILE)
    assert repr(written).startswith(f"WrittenDossier({HOSTILE}. Dossier in ")
    assert HOSTILE not in written._repr_html_()


def test_a_prediction_shows_its_intervals(fit: bm.QuadratureFit) -> None:
    found = bm.predict(fit, n=40, seed=1)
    shown = found._repr_html_()
    assert shown == html_of(repr(found), found.interval(0.95))
    assert "<th>events</th>" in shown


def test_a_contrast_shows_its_table(regimen_fit: bm.Fit) -> None:
    found = bm.contrast(regimen_fit, against="ven_hma")
    assert found._repr_html_() == html_of(repr(found), found.table)
    assert bm.diagnose(regimen_fit)._repr_html_().startswith("<p>Diagnostics(ok; largest R-hat")
    summary = bm.summary(regimen_fit)._repr_html_()
    assert summary.startswith('<pre style="font-family: monospace">Parameters (log-odds; 95%')


def test_pandas_decides_whether_and_how_much_of_a_table_is_shown(fit: bm.QuadratureFit) -> None:
    with pd.option_context("display.notebook_repr_html", False):
        assert fit.arms._repr_html_() == f"<p>{fit.arms!r}</p>"
    with pd.option_context("display.max_rows", 2):
        assert "<p>3 rows " in fit.arms._repr_html_()
