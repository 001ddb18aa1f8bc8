"""Answers about nested outcomes in text, JSON and reports: each outcome has its rows and figures."""

import json
from pathlib import Path

import pytest
from report_reading import sentences, table

import bayesmeta as bm
from bayesmeta.estimates.events import cohort_event
from bayesmeta.report.comparison_text import comparison_blocks, comparison_json
from bayesmeta.report.document import Document, Table, lines_of
from bayesmeta.report.fit_report import fit_document
from bayesmeta.report.fit_results import fit_results
from bayesmeta.report.options import Options
from bayesmeta.report.predicted_text import (
    cumulative_blocks,
    cumulative_json,
    left_out_blocks,
    left_out_json,
)
from bayesmeta.report.prediction_text import prediction_blocks, prediction_json, probability_words
from bayesmeta.report.saved_runs import SavedComparison, load_run
from bayesmeta.report.writing import document_of

pytestmark = [pytest.mark.slow, pytest.mark.stored]

FEW = bm.SamplerSettings(chains=4, warmup=300, draws=300)
MODELS = (bm.ModelSpec("correlated"), bm.ModelSpec("apart", correlation=None))


@pytest.fixture(scope="module")
def compared(
    small_nest: bm.Arms, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bm.Comparison, Path]:
    """A comparison of two models of nested outcomes, and its folder."""
    folder = tmp_path_factory.mktemp("nested") / "run"
    found = bm.compare(
        list(MODELS),
        small_nest,
        seed=1,
        method="psis",
        marginal=False,
        settings=FEW,
        out=folder,
        progress=False,
    )
    return found, folder


@pytest.fixture(scope="module")
def saved(compared: tuple[bm.Comparison, Path]) -> SavedComparison:
    _, folder = compared
    found = load_run(folder)
    assert isinstance(found, SavedComparison)
    return found


@pytest.fixture(scope="module")
def document(compared: tuple[bm.Comparison, Path]) -> Document:
    _, folder = compared
    return document_of(folder)


def test_a_saved_comparison_is_that_of_the_arms(
    saved: SavedComparison, small_nest: bm.Arms
) -> None:
    assert saved.evidence.outcomes == tuple(saved.predictions) == ("ORR", "CR")
    assert saved.evidence.n.tolist() == small_nest.n.tolist()
    assert saved.evidence.frame["CR"].isna().sum() == 1


def test_a_comparison_tells_each_outcome(saved: SavedComparison) -> None:
    told = "\n".join(lines_of(comparison_blocks(saved, 0.95)))
    for outcome in ("ORR", "CR"):
        assert f"the typical rate of {outcome} by " in told
        assert f"{outcome}: A new cohort of 40" in told


def test_the_json_of_a_comparison_has_each_outcome(
    compared: tuple[bm.Comparison, Path],
) -> None:
    found, _ = compared
    content = json.loads(json.dumps(comparison_json(found, 0.95)))
    assert set(content["prediction"]) == {"ORR", "CR"}
    assert sum(content["prediction"]["CR"]["pmf"]) == pytest.approx(1)


def test_the_report_of_a_comparison_has_the_figures_of_each_outcome(document: Document) -> None:
    names = {figure.name for figure in document.figures}
    parts = {f"{name}_{one}" for name in ("leave_one_out", "predictive_checks") for one in ("ORR", "CR")}  # fmt: skip
    assert names == {"comparison", *parts}
    said = table(document, "Results", "Estimates of each model")
    assert {"ORR, typical rate", "CR, typical rate"} <= set(said.columns)


def test_studies_left_out_are_told_by_outcome(small_nest: bm.Arms) -> None:
    found = bm.leave_one_study_out(
        MODELS[1], small_nest, seed=1, method="psis", settings=FEW, progress=False
    )
    first, *_ = [block for block in left_out_blocks(found) if isinstance(block, Table)]
    assert list(first.frame.columns[:2]) == ["arm", "outcome"]
    assert first.frame["outcome"].value_counts().to_dict() == {"ORR": 3, "CR": 3}
    told = lines_of(left_out_blocks(found))
    assert [line for line in told if line.startswith(("ORR: typical rate", "CR: typical rate"))]
    assert left_out_json(found)["arms"][0]["outcome"] == "ORR"


def test_the_evidence_as_it_grew_is_told_by_outcome(made_up: bm.Fit) -> None:
    frame = made_up.arms.frame.assign(year=[2001.0, 2001.0, 2002.0, 2002.0])
    arms = bm.Arms(frame, made_up.arms.excluded, outcomes=made_up.arms.outcomes)
    fit = bm.fit(MODELS[1], arms, seed=1, settings=FEW, progress=False)
    found = bm.cumulative(fit, seed=1, settings=FEW)
    [block] = [one for one in cumulative_blocks(found) if isinstance(one, Table)]
    assert block.frame["outcome"].tolist() == ["ORR", "CR"] * 2
    assert [row["year"] for row in cumulative_json(found)["table"]] == [2001, 2001, 2002, 2002]


def test_a_prediction_tells_outcomes_categories_and_events(made_up: bm.Fit) -> None:
    found = bm.predict(made_up, n=20, seed=1)
    event = "ORR >= 10 and CR >= 5"
    asked = cohort_event(20, {"event": event}, found.outcomes)
    told = lines_of(prediction_blocks(found, 0.95, [asked]))
    assert told[-1] == f"P({event}) {probability_words(found.probability(event))}."
    content = prediction_json(found, 0.95, [asked], ())
    assert set(content["outcomes"]) == {"ORR", "CR"}
    assert content["probabilities"][event]["probability"] == found.probability(event)


def test_the_probability_asked_for_is_told_of_each_outcome(small_nest: bm.Arms) -> None:
    fit = bm.fit(MODELS[1], small_nest, seed=1, settings=FEW)
    asked = fit_results(fit, bm.Question(rate_above=0.3), Options(refits=False))
    lines = sentences(fit_document(asked), "Summary")
    prediction = bm.predict(fit, n=40, seed=fit.provenance.seed)
    for outcome in fit.outcomes:
        words = probability_words(prediction.of(outcome).probability(rate_above=0.3))
        assert any(line.endswith(f"P(rate > 0.3) {words}.") for line in lines)
