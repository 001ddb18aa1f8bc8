"""Reports of comparisons, grids and nested fits: numbers are those of the files and the library."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from report_reading import as_finely, percentages, section, sentences, table

import bayesmeta as bm
from bayesmeta.report.document import Document, Figure, Table
from bayesmeta.report.sections.checklists import BARG, ROBUST

pytestmark = pytest.mark.slow

KINDS = ("compare", "grid", "nested")
LABELS = {"ORR": "ORR", "CR_CRi": "CR/CRi"}


@pytest.fixture(scope="module")
def documents(document_of_kind: Callable[[str], Document]) -> dict[str, Document]:
    return {name: document_of_kind(name) for name in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_checklists_name_sections_that_are_there(documents: dict[str, Document], kind: str) -> None:
    titles = {one.title for one in documents[kind].sections}
    for caption, items in (("BARG", BARG), ("ROBUST", ROBUST)):
        shown = table(documents[kind], "Checklists", caption)
        assert len(shown) == len(items)
        for where in shown.loc[shown["state"] == "done", "where, or why"]:
            assert where
            assert set(where.split(", ")) <= titles


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_says_in_words_what_it_shows(
    documents: dict[str, Document], kind: str
) -> None:
    figures = [
        block
        for one in documents[kind].sections
        for block in one.blocks
        if isinstance(block, Figure)
    ]
    assert figures
    assert all(len(figure.alt.split()) >= 4 for figure in figures)


def test_scores_of_a_comparison(documents: dict[str, Document], runs: dict[str, Path]) -> None:
    saved = pd.read_csv(runs["compare"] / "comparison.csv").set_index("model")
    shown = table(documents["compare"], "Results", "Models by what").set_index("model")
    assert list(shown.index) == list(saved.index)
    for model, row in saved.iterrows():
        assert float(shown.loc[model, "elpd"]) == pytest.approx(row["elpd"], abs=0.051)
        weight, *ends = map(float, re.findall(r"\d\.\d\d", shown.loc[model, "weight"]))
        assert weight == pytest.approx(row["weight"], abs=0.0051)
        assert ends == pytest.approx(row[["weight_lower", "weight_upper"]].tolist(), abs=0.0051)
        inside, expected = percentages(shown.loc[model, "95%"])
        assert [inside, expected] == as_finely(["0%", "0%"], row["coverage_95"], row["expected_95"])
    brief = " ".join(sentences(documents["compare"], "Summary"))
    assert f"{saved.index[0]} predicts the studies best: elpd {saved['elpd'].iloc[0]:.1f}" in brief


def test_studies_and_fits_of_a_comparison(
    documents: dict[str, Document], runs: dict[str, Path]
) -> None:
    studies = pd.read_csv(runs["compare"] / "studies.csv")
    shown = table(documents["compare"], "Validation", "Log score of each study")
    for model, own in studies.groupby("model"):
        cells = [float(cell) for cell in shown[model]]
        assert cells == pytest.approx(own["elpd"].tolist(), abs=0.0051)
    fits = pd.read_csv(runs["compare"] / "fits.csv")
    counts = table(documents["compare"], "Diagnostics", "Fits of each model").set_index("model")
    for model, own in fits.groupby("model"):
        assert int(counts.loc[model, "fits"]) == len(own)
        assert float(counts.loc[model, "largest R-hat"]) == pytest.approx(own["r_hat"].max(), abs=5.1e-5)  # fmt: skip
        assert int(counts.loc[model, "divergences"]) == own["divergences"].sum()


def test_the_cohort_of_a_comparison(documents: dict[str, Document], runs: dict[str, Path]) -> None:
    pmf = pd.read_csv(runs["compare"] / "prediction.csv")
    [line] = [
        text for text in sentences(documents["compare"], "Summary") if "A new cohort of" in text
    ]
    n, median, low, high = map(
        int,
        re.search(
            r"new cohort of (\d+) .*: (\d+) responders, 95% interval (\d+) to (\d+);", line
        ).groups(),
    )
    assert n == len(pmf) - 1 == 25
    below = pmf["probability"].cumsum()
    for events, probability in ((low, 0.025), (median, 0.5), (high, 0.975)):
        assert below[events] > probability - 1e-9
        assert events == 0 or below[events - 1] < probability + 1e-9


def test_estimates_of_a_grid(documents: dict[str, Document], runs: dict[str, Path]) -> None:
    saved = pd.read_parquet(runs["grid"] / "results.parquet").sort_values(
        "mean_median", kind="stable"
    )
    shown = table(documents["grid"], "Results", "Each combination of CR")
    assert list(shown["study effects"]) == list(saved["study_effects"])
    assert list(shown["priors"]) == list(saved["priors"])
    for cell, (_, row) in zip(shown["median (95% interval)"], saved.iterrows(), strict=True):
        rates = percentages(cell)
        assert rates == as_finely(rates, row["mean_median"], row["mean_lower"], row["mean_upper"])
    _, paragraph = sentences(documents["grid"], "Summary")
    first, second = paragraph.split(" The choice ")
    rates = percentages(first)
    assert rates == as_finely(
        rates,
        saved["mean_median"].min(),
        saved["mean_median"].max(),
        saved["mean_median"].median(),
        saved["mean_lower"].min(),
        saved["mean_upper"].max(),
    )
    assert "that moves them most is that of study effects" in second


def test_rows_of_a_grid(documents: dict[str, Document]) -> None:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", where="venetoclax == 'yes'")
    [row] = table(documents["grid"], "Evidence", "Arms by outcome").to_dict("records")
    assert (row["arms"], row["studies"]) == (str(len(arms)), str(len(arms.studies)))
    assert row["responders / n"] == f"{arms.events.sum()} / {arms.n.sum()}"
    left_out = table(documents["grid"], "Evidence", "Rows left out")
    assert set(zip(left_out["study"], left_out["rule"], strict=True)) == set(
        zip(arms.excluded["study"], arms.excluded["rule"], strict=True)
    )


def test_rates_of_nested_outcomes(documents: dict[str, Document], runs: dict[str, Path]) -> None:
    fit = bm.load_fit(runs["nested"])
    found = bm.summary(fit, cohort=40).set_index(["outcome", "quantity"])
    for outcome in fit.outcomes:
        caption = f"{LABELS[outcome]}, of all patients"
        [row] = table(documents["nested"], "Results", caption).to_dict("records")
        for column, quantity in (("typical", "typical rate"), ("mean", "mean rate"), ("new study", "new study")):  # fmt: skip
            own = found.loc[(outcome, quantity)]
            rates = percentages(row[column])
            assert rates == as_finely(rates, own["median"], own["lower"], own["upper"])
    assert section(documents["nested"], "Model").blocks


def test_the_cohort_of_nested_outcomes(
    documents: dict[str, Document], runs: dict[str, Path]
) -> None:
    fit = bm.load_fit(runs["nested"])
    interval = bm.predict(fit, n=40, seed=fit.provenance.seed).interval(0.95)
    lines = sentences(documents["nested"], "Summary")
    for outcome in fit.outcomes:
        [line] = [text for text in lines if text.startswith(f"{LABELS[outcome]}:")]
        own = interval.xs(outcome, level="outcome")
        rate, events = own.loc["rate"], own.loc["events"]
        rates = percentages(line)[-3:]
        assert rates == as_finely(rates, rate["median"], rate["lower"], rate["upper"])
        assert f"of 40 patients {events['median']:.0f} ({events['lower']:.0f} to {events['upper']:.0f})" in line  # fmt: skip


def test_each_nested_outcome_has_its_checks(documents: dict[str, Document]) -> None:
    blocks = section(documents["nested"], "Validation").blocks
    names = [block.name for block in blocks if isinstance(block, Figure)]
    assert names == [
        f"{name}_{outcome}"
        for outcome in ("ORR", "CR_CRi")
        for name in ("predictive_checks", "leave_one_out")
    ]
    captions = [
        block.caption
        for block in section(documents["nested"], "Sensitivity").blocks
        if isinstance(block, Table)
    ]
    assert [caption.partition(",")[0] for caption in captions] == ["ORR", "CR/CRi"]
