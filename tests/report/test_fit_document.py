"""The report of a fit: its numbers and sentences are those of the library."""

import re
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from report_reading import as_finely, percentages, section, sentences, table

import bayesmeta as bm
from bayesmeta.errors import counted
from bayesmeta.report.document import Document, Figure, Table
from bayesmeta.report.fit_report import fit_document
from bayesmeta.report.fit_results import FitResults, fit_results
from bayesmeta.report.fit_text import heterogeneity_line
from bayesmeta.report.options import Options
from bayesmeta.report.prediction_text import probability_words
from bayesmeta.report.rendering import FORMATS
from bayesmeta.report.sections.checklists import BARG, ROBUST
from bayesmeta.report.sections.evidence import about_frame

pytestmark = pytest.mark.stored

NAMES = (
    *("bundled", "one", "sixty", "zeros", "regimen"),
    pytest.param("whole", marks=pytest.mark.slow),
)
STATES = {"done", "in part", "not done", "needs the author", "does not apply"}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_rates_and_parameters_are_those_of_the_summary(
    documents: dict[str, Document], results: dict[str, FitResults], name: str
) -> None:
    found = bm.summary(results[name].fit, cohort=40)
    rates = table(documents[name], "Results", "Response rates: median and 95%").set_index("profile")
    for profile, own in found[found["profile"] != ""].groupby("profile"):
        of = own.set_index("quantity").to_dict("index")
        mark = " \N{DAGGER}" if own["inferred"].any() else ""
        label = f"{results[name].words.text(profile)}{mark}"
        for column, quantity in (("typical", "typical rate"), ("mean", "mean rate"), ("new study", "new study")):  # fmt: skip
            shown, row = percentages(rates.loc[label, column]), of[quantity]
            assert shown == as_finely(shown, row["median"], row["lower"], row["upper"])
        cohort = of["new cohort"]
        shown = [int(number) for number in re.findall(r"\d+", rates.loc[label].iloc[-1])]
        assert shown == pytest.approx([cohort["median"], cohort["lower"], cohort["upper"]], abs=0.5)
    parameters = table(documents[name], "Results", "Parameters (log-odds").set_index("quantity")
    own = found[found["profile"] == ""].set_index("quantity")
    assert list(parameters.index) == list(map(results[name].words.parameter, own.index))
    for column in ("mean", "sd", "lower", "upper"):
        assert parameters[column].astype(float).to_numpy() == pytest.approx(
            own[column].to_numpy(float), abs=0.0051, nan_ok=True
        )


@pytest.mark.parametrize("name", NAMES)
def test_what_is_predicted_is_that_of_the_library(
    documents: dict[str, Document], results: dict[str, FitResults], name: str
) -> None:
    fit = results[name].fit
    predicted = bm.predict(fit, n=40, seed=fit.provenance.seed)
    events = predicted.interval(0.95).loc["events"]
    brief = " ".join(sentences(documents[name], "Summary"))
    assert (
        f"Responders of 40: {events['median']:.0f}, 95% interval {events['lower']:.0f} to {events['upper']:.0f}."
        in brief
    )
    assert f"P(rate > 0.4) {probability_words(predicted.probability(rate_above=0.4))}." in brief
    arms = fit.arms
    studies = counted(len(arms.studies), "study", "studies")
    assert f"{counted(len(arms), 'arm')} of {studies}; {arms.events.sum():,} of {arms.n.sum():,}" in brief  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_summary_says_how_counts_were_had_and_what_to_expect(
    documents: dict[str, Document], results: dict[str, FitResults], name: str
) -> None:
    question, paragraph, *_ = sentences(documents[name], "Summary")
    assert question.startswith("Question: ")
    frame = results[name].fit.arms.frame
    inferred = int((frame.get("derivation", pd.Series(dtype=str)) == "inferred").sum())
    if inferred:
        assert f"{inferred} of the {len(frame)} counts " in paragraph
    rates = table(documents[name], "Results", "Response rates").iloc[0]
    assert f" is {rates['typical']}, median and 95% interval" in paragraph
    assert f"true rate of a new study is {rates['new study']}, median and 95% prediction interval." in paragraph  # fmt: skip
    ends = {
        "ok": "The diagnostics of the draws passed.",
        "warning": "The diagnostics of the draws passed with a warning.",
        "failed": "NOT RELIABLE: the diagnostics of the draws failed.",
    }
    level = bm.diagnose(results[name].fit).level
    assert paragraph.endswith(ends[level])
    assert bool(documents[name].warning) is (level == "failed")


@pytest.mark.slow
def test_ranks_of_levels_compared_between_studies_stand_only_where_asked(
    documents: dict[str, Document], results: dict[str, FitResults]
) -> None:
    found = results["regimen"]
    assert found.contrasts[0].table["between_only"].any()
    asked = fit_document(replace(found, options=replace(found.options, ranks=True)))
    captions = [
        [block.caption for block in section(one, "Results").blocks if isinstance(block, Table)]
        for one in (documents["regimen"], asked)
    ]
    assert [any("each rank" in caption for caption in own) for own in captions] == [False, True]


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_diagnosed(
    documents: dict[str, Document], results: dict[str, FitResults], name: str
) -> None:
    found = bm.diagnose(results[name].fit)
    shown = table(documents[name], "Diagnostics", "Convergence of").set_index("parameter")
    effects = found.table.index.str.startswith("u[")
    own_names = found.table.rename(index=results[name].words.parameter)
    assert f"u, worst of {effects.sum()}" in shown.index
    assert len(shown) == (~effects).sum() + 1
    for parameter, row in shown.iterrows():
        own = found.table[effects] if parameter.startswith("u,") else own_names.loc[[parameter]]
        assert float(row["R-hat"]) == pytest.approx(own["r_hat"].max(), abs=5.1e-5)
        assert row["ESS bulk"] == f"{own['ess_bulk'].min():,.0f}"
    said = sentences(documents[name], "Diagnostics")
    assert f"Divergent transitions: {found.divergences} (at most 0.1% of all, better none)." in said
    assert bool(documents[name].warning) is bool(found.problems)
    assert set(map(str, found.warnings)) <= set(said)
    passed = "passed with a warning" if found.warnings else "passed"
    told = [f"Diagnostics: {passed} (Appendix A).", *map(str, found.warnings)]
    assert found.problems or documents[name].verdict == " ".join(told)


@pytest.mark.parametrize("name", NAMES)
def test_every_arm_and_every_row_left_out_is_there(
    documents: dict[str, Document], results: dict[str, FitResults], name: str
) -> None:
    arms = results[name].fit.arms
    shown = table(documents[name], "Evidence", "Arms that were used")
    assert list(shown["study"]) == list(arms.display_labels)
    pairs = [tuple(map(int, cell.split(" / "))) for cell in shown["responders / n"]]
    assert pairs == list(zip(arms.events, arms.n, strict=True))
    if arms.excluded.empty:
        assert "No row of the table was left out." in sentences(documents[name], "Evidence")
        return
    left_out = table(documents[name], "Evidence", "Rows left out")
    for column in ("study", "arm", "rule"):
        assert list(left_out[column]) == list(arms.excluded[column])


def test_what_is_asked_of_columns_is_in_words(documents: dict[str, Document]) -> None:
    assert "Only rows with venetoclax yes." in sentences(documents["bundled"], "Evidence")


def test_contrasts_are_those_of_the_library(
    documents: dict[str, Document], regimen_fit: bm.Fit
) -> None:
    own = bm.contrast(regimen_fit, "regimen_class", against="ven_hma").table
    shown = table(documents["regimen"], "Results", "Contrasts of regimen_class")
    for cell, ratio in zip(shown["odds ratio"], own["odds_ratio"], strict=True):
        assert float(cell.split()[0]) == pytest.approx(ratio, abs=0.0051)


@pytest.mark.parametrize("name", NAMES)
def test_checklists_have_every_item_and_name_sections_that_are_there(
    documents: dict[str, Document], name: str
) -> None:
    titles = {one.title for one in documents[name].sections}
    for caption, items in (("BARG", BARG.values()), ("ROBUST", ROBUST)):
        shown = table(documents[name], "Checklists", caption)
        assert len(shown) == len(items)
        assert all(cell.endswith(item) for cell, item in zip(shown["item"], items, strict=True))
        assert set(shown["state"]) <= STATES
        for where in shown.loc[shown["state"] == "done", "where, or why"]:
            assert where
            assert set(where.split(", ")) <= titles


def test_one_study_can_not_be_predicted_from_others(documents: dict[str, Document]) -> None:
    assert "With one study that has patients, none can be predicted from others." in sentences(
        documents["one"], "Validation"
    )
    limits = " ".join(sentences(documents["one"], "Limitations"))
    assert "With 1 study, how much studies differ rests largely on the prior of tau." in limits


@pytest.mark.parametrize("name", NAMES)
def test_notes_of_the_fit_are_among_the_limits(
    documents: dict[str, Document], results: dict[str, FitResults], name: str
) -> None:
    said = sentences(documents[name], "Limitations")
    notes = bm.notes(results[name].fit)
    assert set(map(results[name].words.note, notes)) <= set(said)


@pytest.mark.slow
def test_failed_diagnostics_come_first(orr: bm.Arms) -> None:
    few = bm.SamplerSettings(chains=2, warmup=50, draws=50)
    fit = bm.fit(bm.load_model("pooled"), orr, seed=1, settings=few)
    document = fit_document(fit_results(fit, options=Options(refits=False)))
    assert document.warning.startswith("NOT RELIABLE")
    page = FORMATS["md"](document).decode()
    assert document.verdict not in page
    assert page.index("NOT RELIABLE") < page.index("## Summary")
    problems = bm.diagnose(fit).problems
    assert problems
    assert set(map(str, problems)) <= set(sentences(document, "Diagnostics"))
    summary = " ".join(sentences(document, "Summary"))
    assert summary.endswith("NOT RELIABLE: the diagnostics of the draws failed.")


@pytest.mark.parametrize("name", NAMES)
def test_figures_have_names_of_their_own_and_say_what_they_show(
    documents: dict[str, Document], name: str
) -> None:
    figures = list(documents[name].figures)
    assert len({figure.name for figure in figures}) == len(figures) >= 4
    assert all(figure.alt and len(figure.plot.table) for figure in figures)
    [forest] = [one for one in section(documents[name], "Results").blocks if isinstance(one, Figure) and one.name == "forest"]  # fmt: skip
    assert (
        f"Forest plot of {counted(len(table(documents[name], 'Evidence', 'Arms')), 'arm')}."
        in forest.alt
    )


@pytest.mark.slow
def test_a_whole_report_has_what_is_fitted_again(pooled_fits: dict[str, bm.Fit]) -> None:
    fit = pooled_fits["zeros"]
    document = fit_document(fit_results(fit))
    names = {figure.name for figure in document.figures}
    assert {"sensitivity", "posterior_predictive", "predictive_checks", "leave_one_out"} <= names
    found = bm.leave_one_study_out(fit.spec, fit.arms, seed=1, method="psis", progress=False)
    said = " ".join(sentences(document, "Validation"))
    assert f"Log predictive density {found.elpd:.1f} " in said
    [above] = found.coverage.loc[found.coverage["ci_prob"] == 0.95].to_dict("records")
    assert f"{above['inside']:.0f} of {above['arms']:.0f} inside 95%" in said
    barg = table(document, "Checklists", "BARG").set_index("item")["state"]
    assert barg["3A Posterior predictive check"] == "done"
    assert barg["5A Sensitivity to the priors"] == "done"


def test_only_studies_marked_as_overlapping_are_named(results: dict[str, FitResults]) -> None:
    """Cells that are missing, not empty, once counted as marks."""
    frame = results["bundled"].fit.arms.frame
    marked = frame["overlap_risk"].fillna("").ne("")
    [said] = [text for text in about_frame(frame, covariates=False) if "may be counted" in text]
    assert 0 < marked.sum() < len(frame)
    assert all(label in said for label in frame.loc[marked, "label"].unique()[:8])
    assert not any(label in said for label in frame.loc[~marked, "label"])


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (bm.ModelSpec(study_effects=bm.NormalEffects(by="regimen")), r"tau\[a\] .*; tau\[b\] "),
        (bm.ModelSpec(study_effects=bm.IndependentStudies()), "studies are independent"),
        (bm.ModelSpec(study_effects=bm.CommonEffect()), "none in this model"),
        (bm.ModelSpec(likelihood=bm.Binomial(bm.Probit())), r"tau \d.* probit"),
    ],
)
@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
def test_heterogeneity_is_that_of_the_model(
    make_arms: Callable[..., bm.Arms], quick: bm.SamplerSettings, spec: bm.ModelSpec, said: str
) -> None:
    counts = [(3, 10), (5, 14), (8, 20), (2, 9), (4, 9), (6, 12)]
    arms = make_arms(counts, regimen=["a", "b"] * 3)
    fit = bm.fit(spec, arms, seed=1, settings=quick)
    assert re.search(said, heterogeneity_line(bm.summary(fit), spec))


@pytest.mark.slow
def test_the_profile_asked_for_comes_first(
    make_arms: Callable[..., bm.Arms], quick: bm.SamplerSettings
) -> None:
    spec = bm.ModelSpec("m", covariates=bm.Covariates("regimen", {"regimen": "a"}))
    arms = make_arms([(3, 10), (5, 14), (8, 20), (2, 9)], regimen=["a", "b"] * 2)
    fit = bm.fit(spec, arms, seed=1, settings=quick)
    document = fit_document(fit_results(fit, bm.Question({"regimen": "b"}), Options(refits=False)))
    assert "The typical rate (regimen=b) is " in " ".join(sentences(document, "Summary"))
    assert table(document, "Results", "Response rates")["profile"].tolist() == [
        "regimen=b",
        "regimen=a",
    ]


def test_a_fit_without_draws_of_arms_has_a_report(
    make_arms: Callable[..., bm.Arms], quick: bm.SamplerSettings
) -> None:
    settings = replace(quick, arm_draws=False)
    arms = make_arms([(3, 10), (5, 14), (0, 0)])
    fit = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=settings)
    document = fit_document(fit_results(fit, options=Options(refits=False)))
    said = " ".join(sentences(document, "Results"))
    assert "The fit kept no draws of arms, which a forest plot needs." in said
    assert "arm_draws=False" in " ".join(sentences(document, "Reproducibility"))
