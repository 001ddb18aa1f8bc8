"""The report of a fit of survival: its numbers are the library's, its words those of survival."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_reading import (
    as_finely,
    everything,
    percentages,
    printed_command,
    run,
    section,
    sentences,
    table,
)
from survival_examples import CSV, survival_arms, survival_model

import bayesmeta as bm
from bayesmeta.report.document import Document, Figure, Formulas, Table
from bayesmeta.report.fit_report import fit_document
from bayesmeta.report.fit_results import FitResults, fit_results
from bayesmeta.report.options import Options
from bayesmeta.report.prediction_text import probability_words
from bayesmeta.report.rendering import FORMATS
from bayesmeta.report.sections.formulas import model_formulas
from bayesmeta.report.sections.redo import selection_options
from bayesmeta.report.writing import document_of

pytestmark = [
    pytest.mark.stored,
    pytest.mark.filterwarnings(
        "ignore::bayesmeta.EvidenceWarning", "ignore::bayesmeta.ModelWarning"
    ),
]

TIMES = (6.0, 18.0)
QUESTION = bm.Question(rate_above=0.3, cohort=25)
FEW = bm.SamplerSettings(chains=2, warmup=500, draws=1000)

OF_RATES = re.compile(r"\b(rates?|responders?|odds|log-odds)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a saved fit, and of the table that it is of."""
    found = tmp_path_factory.mktemp("survival")
    (found / "os.csv").write_text(CSV)
    arms = survival_arms(str(found / "os.csv"))
    bm.fit(survival_model(), arms, seed=1, settings=FEW).save(found / "run")
    return found


@pytest.fixture(scope="module")
def results(folder: Path) -> FitResults:
    fit = bm.load_fit(folder / "run")
    return fit_results(fit, QUESTION, Options(refits=False, times=TIMES))


@pytest.fixture(scope="module")
def document(results: FitResults) -> Document:
    return fit_document(results)


@pytest.fixture(scope="module")
def whole(folder: Path) -> Document:
    """The report with refits, at the usual time."""
    return document_of(folder / "run", QUESTION)


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def test_medians_and_survival_are_those_of_the_summary(
    document: Document, results: FitResults
) -> None:
    found = bm.summary(results.fit, cohort=25, times=TIMES)
    ends = ["median", "lower", "upper"]
    medians = table(document, "Results", "Median survival in months").set_index("profile")
    assert len(medians) == 2
    for profile, own in found[found["profile"] != ""].groupby("profile"):
        of = own[own["time"].isna()].set_index("quantity")
        for column, quantity in (("typical", "typical median"), ("new study", "new study median")):
            shown = numbers(medians.loc[profile, column])
            assert shown == pytest.approx(of.loc[quantity, ends].tolist(), abs=0.051)
        for time in TIMES:
            caption = f"Survival at {time:g} months: median and 95% interval"
            cells = table(document, "Results", caption).set_index("profile").loc[profile]
            at = own[own["time"] == time].set_index("quantity")
            for column, quantity in (("typical", "typical survival"), ("mean", "mean survival"), ("new study", "new study survival")):  # fmt: skip
                shown = percentages(cells[column])
                assert shown == as_finely(shown, *at.loc[quantity, ends])
            alive = at.loc["new cohort alive", ends].tolist()
            assert numbers(cells["alive of 25"]) == pytest.approx(alive, abs=0.5)
            restricted = at.loc["typical restricted mean", ends].tolist()
            assert numbers(cells["restricted mean, months"]) == pytest.approx(restricted, abs=0.051)


def test_the_summary_tells_the_cohort_and_the_event_at_each_time(
    document: Document, results: FitResults
) -> None:
    question, evidence, *at_times = sentences(document, "Summary")
    assert question == (
        "Question: which median and which survival at 6 and 18 months do these studies support for OS, by regimen, how "
        "much do studies differ, and what is to be expected in a new cohort of 25 patients?"
    )
    assert "9 arms of 8 studies; they report 8 medians (1 not reached) and 3 landmarks." in evidence
    assert "1 of the 11 numbers is inferred from other figures." in evidence
    for time, told in zip(TIMES, at_times, strict=True):
        predicted = bm.predict(results.fit, n=25, time=time, seed=1)
        low, median, high = predicted.interval(0.95).loc["alive", ["lower", "median", "upper"]]
        assert f"25 patients, {median:.0f} ({low:.0f} to {high:.0f}) are alive then." in told
        above = probability_words(predicted.probability(rate_above=0.3))
        assert f"P(survival at {time:g} months > 0.3) {above}." in told


@pytest.mark.parametrize("name", ["document", pytest.param("whole", marks=pytest.mark.slow)])
def test_every_word_is_of_survival(request: pytest.FixtureRequest, name: str) -> None:
    for text in everything(request.getfixturevalue(name)):
        assert not OF_RATES.search(text), text
        assert "hazard ratio" not in text.replace("no hazard ratio", ""), text


def test_figures_say_what_they_are_of(document: Document) -> None:
    figures = {one.name: one for one in document.figures}
    assert list(figures) == [
        "survival_forest",
        "survival_curve",
        "survival_forest_6_months",
        "survival_forest_18_months",
        "trace",
    ]
    assert figures["survival_forest"].alt == "Forest plot of 9 arms: median survival of each arm (months)."  # fmt: skip
    times = figures["survival_curve"].plot.table.query("kind == 'curve'")["time"]
    assert times.max() == 24
    assert (figures["survival_forest_18_months"].plot.table["time"] == 18).all()


def test_every_report_stands_in_the_evidence(document: Document) -> None:
    found = table(document, "Evidence", "Landmarks and medians that were used")
    assert len(found) == 11
    shown = dict(zip(found["study"] + " " + found["arm"] + " " + found["report"], found["estimate (95% CI)"], strict=True))  # fmt: skip
    assert shown["s1 x median"] == "8.0 months (5.0 to 12.0)"
    assert shown["s1 y median"] == "11.0 months (7.0 to not reached)"
    assert shown["s1 x survival at 18 months"] == "20%"
    assert shown["s3 x survival at 12 months"] == "42% (25% to 58%)"
    assert shown["s5 x median"] == "not reached"
    assert found.set_index("study").loc["s5", "follow-up, months"] == "10.0"
    assert found.set_index("study").loc["s2", "derivation"] == "inferred"
    left_out = table(document, "Evidence", "Rows left out")
    assert left_out[["study", "report"]].to_numpy().tolist() == [["s8", "median 30.0 months"]]
    told = " ".join(sentences(document, "Evidence"))
    assert "How numbers were derived: reported 9, " in told
    assert "To be checked: s9: the interval 7.5 to 10.1 months of the median (s9/x) is narrower than 36 patients allow" in told  # fmt: skip


def test_limits_say_how_far_the_reports_reach(document: Document) -> None:
    told = sentences(document, "Limitations")
    assert "The last report is at 18 months: survival beyond follows from the form of the curves (Weibull) alone." in told  # fmt: skip
    assert any("of the typical median does not say where the next study will lie" in one for one in told)  # fmt: skip
    assert any(one.startswith("Of 11 numbers, these do not stand in their source") for one in told)


def test_priors_are_told_in_months(document: Document) -> None:
    meanings = table(document, "Priors", "Priors (scale: log months)").set_index("parameter")
    low, high = np.exp(bm.Normal(2.5, 1.5).interval(0.95))
    assert meanings.loc["mu", "on the scale of survival"] == f"typical median {low:.2g} to {high:.3g} months"  # fmt: skip
    low, high = np.exp(bm.Normal(0, 0.7).interval(0.95))
    assert meanings.loc["beta", "on the scale of survival"] == f"ratio of medians {low:.2g} to {high:.3g}"  # fmt: skip
    # The median of a half-normal of scale 1 is 0.6745.
    reach = np.exp(1.96 * 0.6745)
    assert f"{1 / reach:.2g} to {reach:.2g} times the typical one at a middling value" in meanings.loc["tau", "on the scale of survival"]  # fmt: skip
    assert set(meanings.index) == {"mu", "beta", "tau", "kappa", "tau_k", "retention"}


@pytest.mark.parametrize(
    ("curve", "formula"),
    [
        (bm.WeibullSurvival(), r"S_i(t) = \exp(-\log(2)\ (t / m_i)^{k_i})"),
        (bm.ExponentialSurvival(), r"S_i(t) = \exp(-\log(2)\ (t / m_i))"),
        (bm.LogLogisticSurvival(), r"S_i(t) = \frac{1}{1 + (t / m_i)^{k_i}}"),
    ],
)
def test_the_curve_is_a_formula(results: FitResults, curve: bm.SurvivalCurve, formula: str) -> None:
    first, second, *rest = model_formulas(replace(results.fit.spec, curve=curve))
    assert first == formula
    assert second == r"\log(m_i) = \mu + x_i^{\top} \beta + u_{s(i)}"
    assert (rest[-1] == r"\log(k_i)\ \sim\ \text{Normal}(\kappa,\ \tau_k)") == curve.has_shape


def test_contrasts_of_further_times_tell_differences_alone(
    document: Document, results: FitResults
) -> None:
    first = table(document, "Results", "Contrasts of regimen")
    assert list(first.columns) == ["pair", "ratio of medians", "difference at 6 months", "P(longer)", "studies"]  # fmt: skip
    [row] = first.to_dict("records")
    found = bm.contrast(results.fit, time=6).table.iloc[0]
    ends = [found[f"median_ratio{end}"] for end in ("", "_lower", "_upper")]
    assert numbers(row["ratio of medians"]) == pytest.approx(ends, abs=0.0051)
    later = table(document, "Results", "Differences of typical survival at 18 months by regimen")
    found = bm.contrast(results.fit, time=18).table.iloc[0]
    ends = [100 * found[f"survival_difference{end}"] for end in ("", "_lower", "_upper")]
    assert numbers(later["difference at 18 months"].iloc[0]) == pytest.approx(ends, abs=0.51)


def test_the_interval_of_the_median_is_told_with_other_priors_of_tau(
    document: Document, results: FitResults
) -> None:
    found = bm.prior_sensitivity(results.fit, time=6).set_index("power")
    [line] = [one for one in sentences(document, "Sensitivity") if "prior of tau" in one]
    shown = numbers(line)
    ends = found.loc[[0.5, 1.0, 2.0], ["new_study_median_lower", "new_study_median_upper"]]
    assert shown == pytest.approx(ends.to_numpy().ravel().tolist(), abs=0.051)


@pytest.mark.slow
def test_a_whole_report_has_the_refits(whole: Document, results: FitResults) -> None:
    found = table(whole, "Sensitivity", "Refits under other priors")
    assert {"typical median, months", "new study survival at 12 months"} <= set(found.columns)
    tried = {text.split(" ~ ")[0] for text in found["prior"]}
    assert tried == {"the model's own", "mu", "beta", "tau", "kappa", "tau_k", "retention"}
    own = bm.summary(results.fit).set_index(["quantity", "profile"])
    shown = numbers(found["new study median, months"].iloc[0])
    ends = own.loc[("new study median", "regimen=a"), ["median", "lower", "upper"]]
    assert shown == pytest.approx(ends.astype(float).tolist(), abs=0.051)
    assert "sensitivity" in {one.name for one in section(whole, "Sensitivity").blocks if isinstance(one, Figure)}  # fmt: skip
    scaling = table(whole, "Sensitivity", "Power-scaling")
    assert scaling["estimate"].tolist()[-2:] == ["mean survival", "new study survival"]


def test_a_report_is_written_in_every_form(document: Document) -> None:
    html = FORMATS["html"](document).decode()
    assert "Median survival in months" in html
    assert "<math" in html
    assert any(isinstance(block, Formulas) for block in section(document, "Model").blocks)
    assert "| profile" in FORMATS["md"](document).decode()
    assert json.loads(FORMATS["json"](document))["title"] == "OS: model 'by_regimen' on 8 studies"


def test_the_diagnostics_have_log_shapes_in_one_row(document: Document) -> None:
    found = table(document, "Diagnostics", "Convergence of each")
    assert "log_shape, worst of 9" in found["parameter"].tolist()


def test_the_printed_command_makes_the_same_draws(
    document: Document,
    results: FitResults,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    words = printed_command(document)
    assert words[-6:-2] == ["--draws", "1000", "--seed", "1"]
    assert words[words.index("--time-unit") + 1] == "months"
    assert "--parts" not in words
    model = next(block.text for block in section(document, "Reproducibility").blocks if getattr(block, "text", "").startswith("schema"))  # fmt: skip
    Path("model.toml").write_text(model)
    assert run(*words) == 0
    assert bm.load_fit("runs/again").draws.equals(results.fit.draws)


def test_parts_of_survival_are_asked_for_by_the_printed_command(results: FitResults) -> None:
    arms = results.fit.arms
    assert "--parts" not in " ".join(selection_options(arms))
    parts = replace(arms, selection={**arms.selection, "parts": "parts"})
    assert "--parts parts" in " ".join(selection_options(parts))


def test_a_report_by_command_asks_for_times(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "one.md"
    asked = ("report", folder / "run", "--quick", "--time", 9, "--out", out, "--force")
    assert run(*asked) == 0
    assert "Survival at 9 months" in out.read_text()
    assert "Survival at 12 months" not in out.read_text()
    assert run("report", folder / "run", "--time", 0, "--out", out, "--force") == 2
    assert "`--time` must be months above 0" in capsys.readouterr().err


def test_times_of_rates_are_refused(pooled_fit: bm.Fit) -> None:
    with pytest.raises(bm.SettingsError, match=r"`times` has no effect on a fit of response rates"):
        fit_results(pooled_fit, QUESTION, Options(times=12))


def test_durations_of_response_are_of_responders(results: FitResults) -> None:
    arms = bm.load_survival("rr_aml_venetoclax").select(outcome="DOR")
    fit = bm.fit(bm.ModelSpec(curve=bm.WeibullSurvival()), arms, seed=1, settings=FEW)
    found = fit_document(fit_results(fit, QUESTION, Options(refits=False)))
    question, told, alive = sentences(found, "Summary")
    assert question.endswith("in a new cohort of 25 responders?")
    assert "every number is conditional on response" in told
    assert "Of a new cohort of 25 responders" in alive
    assert next(iter(sentences(found, "Evidence"))).startswith(
        "4 arms of 4 studies, 51 responders,"
    )
    captions = [
        block.caption for one in found.sections for block in one.blocks if isinstance(block, Figure)
    ]
    assert any("Duration of response curves of a typical" in caption for caption in captions)
    assert not any("Survival curves" in caption for caption in captions)


def test_tables_and_captions_are_said_once(document: Document) -> None:
    captions = [
        block.caption
        for one in document.sections
        for block in one.blocks
        if isinstance(block, Table | Figure)
    ]
    assert len(set(captions)) == len(captions)


def test_written_reports_take_times(folder: Path, tmp_path: Path) -> None:
    written = bm.write_report(
        folder / "run", out=tmp_path / "report.json", times=[3, 6], refits=False
    )
    content = written.path.read_text()
    assert "Survival at 3 months" in content
    assert "Survival at 6 months" in content
