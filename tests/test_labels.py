"""What people call levels and outcomes: where it comes from, and what takes its place."""

from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.evidence.table import labelled
from bayesmeta.labels import Labels, as_labels, labels_of_csv
from bayesmeta.layout import is_numeric, table_text
from bayesmeta.model.files import parse_model, to_toml
from bayesmeta.wording import Wording

NAMES = {"regimen": {"DEC": "decitabine", "AZA": "azacitidine"}, "outcome": {"P": "response"}}


def test_labels_stand_in_place_of_levels_in_profiles_and_sentences() -> None:
    labels = Labels(NAMES)
    assert (
        labels.text("regimen=DEC (reference), age=65") == "regimen=decitabine (reference), age=65"
    )
    assert labels.text("Few studies inform regimen[DEC] (1), regimen[CY] (2).") == (
        "Few studies inform decitabine (1), CY (2)."
    )
    assert labels.text("my_regimen=DEC") == "my_regimen=DEC"
    own = Labels({"regimen": {"": "drug"}})
    assert own.text("regimen=DEC") == "drug=DEC"
    assert own.of("regimen", "") == ""


def test_a_coefficient_stands_against_the_reference() -> None:
    words = Wording(
        labels=Labels(NAMES), references={"regimen": "AZA", "age_group": "old"}, by="regimen"
    )
    assert words.parameter("beta[regimen[DEC]]") == "decitabine vs azacitidine"
    assert words.parameter("beta[regimen[DEC]:age]") == "beta[decitabine:age]"
    assert words.parameter("beta[age_group[young]]") == "beta[age_group[young]]"
    assert words.parameter("beta[within(regimen)[DEC]]") == "within(decitabine vs azacitidine)"
    assert words.parameter("beta[between(age)[old]]") == "beta[between(age)[old]]"
    assert Wording(labels=Labels({"mg": {"": "dose"}})).parameter("beta[mg]") == "beta[dose]"
    dose = Wording(labels=Labels({"mg": {"": "dose"}}))
    assert dose.parameter("beta[within(mg)]") == "beta[within(dose)]"
    assert words.note("P: few studies inform regimen[DEC] (1).") == (
        "response: few studies inform decitabine (1)."
    )
    assert words.note("Fewer studies inform regimen[DEC] (1): look.") == (
        "Fewer studies inform decitabine (1): look."
    )
    nested = Wording(labels=Labels({"outcome": {"CR": "complete", "CR_CRi": "CR/CRi"}}))
    assert nested.note("Few inform DEC of CR_CRi (1), DEC of CR and AZA of CR_MRD: of CRs.") == (
        "Few inform DEC of CR/CRi (1), DEC of complete and AZA of CR_MRD: of CRs."
    )
    assert nested.note("The prior of tau of CR_CRi.") == "The prior of tau of CR/CRi."
    assert words.parameter("tau[DEC]") == "tau[decitabine]"
    assert words.parameter("correlation[P, Q]") == "correlation[response, Q]"
    assert words.category("Q, not P") == "Q, not response"


def test_labels_come_from_toml_and_csv(tmp_path: Path) -> None:
    toml = tmp_path / "labels.toml"
    toml.write_text(
        '[labels.regimen]\nDEC = "decitabine"\nAZA = "azacitidine"\n[labels.outcome]\nP = "response"\n'
    )
    csv = (
        "column,value,label\nregimen,DEC,decitabine\nregimen,AZA,azacitidine\noutcome,P,response\n"
    )
    assert as_labels(toml) == labels_of_csv(csv) == Labels(NAMES)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ({"regimen": "decitabine"}, "`labels` of 'regimen' must map its values to labels"),
        ({"regimen": {"DEC": " "}}, "must be text that is not blank"),
        ({"regimen": {"DEC": "x", "AZA": "x"}}, "two values of 'regimen' one label"),
        ([], "`labels` must map columns to their labels"),
    ],
)
def test_labels_that_are_none_are_refused(names: object, told: str) -> None:
    with pytest.raises(bm.SpecError, match=told):
        Labels(names)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n", "columns column, value, label; got a, b"),
        ("", "columns column, value, label; got none"),
        ("column,value,label\nx,y,z\nx,y,w\n", "'y' of 'x' twice, again in line 3"),
    ],
)
def test_tables_that_hold_no_labels_are_refused(text: str, told: str) -> None:
    with pytest.raises(bm.SpecError, match=told):
        labels_of_csv(text)


def test_a_label_of_what_is_not_there_is_refused_with_what_there_is() -> None:
    table = bm.read_evidence(
        pd.DataFrame(
            {"study": ["a", "b"], "events": [3, 7], "n": [20, 30], "regimen": ["AZA", "DEC"]}
        )
    )
    with pytest.raises(
        bm.SpecError, match=r"'DCE', which is not a level of 'regimen'\. There are: .*DEC"
    ):
        labelled(table, Labels({"regimen": {"DCE": "decitabine"}}))
    with pytest.raises(bm.SpecError, match=r"'response', which is not an outcome\. There is none"):
        labelled(table, Labels({"outcome": {"response": "Overall response"}}))
    with pytest.raises(bm.SpecError, match=r"`labels`: no file nowhere\.csv\. Check the path"):
        as_labels("nowhere.csv")
    with pytest.raises(bm.SpecError, match="the column 'regime', which is not there"):
        labelled(table, Labels({"regime": {"DEC": "decitabine"}}))
    spec = bm.ModelSpec(
        covariates=bm.Covariates("regimen", {"regimen": "AZA"}),
        labels={"regimen": {"DCE": "decitabine"}},
    )
    with pytest.raises(bm.SpecError, match="'DCE', which is not a level of 'regimen'"):
        bm.fit(spec, table.select(), seed=1)


def test_a_model_file_keeps_its_labels() -> None:
    spec = bm.ModelSpec(covariates="regimen", labels=NAMES)
    assert parse_model(to_toml(spec)) == spec


def test_the_labels_of_a_selection_go_with_it() -> None:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR_CRi", venetoclax="yes")
    labels = Labels(arms.selection["labels"])
    assert labels.outcome("CR_CRi") == "CR/CRi"
    assert labels.of("regimen_class", "ven_hma") == "venetoclax + HMA"
    classes = set(bm.load_evidence("rr_aml_venetoclax").frame["regimen_class"])
    assert classes == set(labels.names["regimen_class"])


def test_numbers_are_set_to_the_right_and_words_to_the_left() -> None:
    table = pd.DataFrame(
        {"arm": ["a", "bc"], "n": [5, 120], "rate": ["5% (<1% to 20%)", "-"], "": ["ok", "NOT OK"]}
    )
    assert table_text(table).splitlines() == [
        "arm    n             rate",
        "a      5  5% (<1% to 20%)  ok",
        "bc   120                -  NOT OK",
    ]
    assert is_numeric(["1.00 (0.30 to 3.41)", "\N{MINUS SIGN}3", "3 / 12", ""])
    assert not is_numeric(["3 or fewer", "12"])
    assert not is_numeric(["", "-"])


@pytest.mark.slow
def test_labels_of_a_model_reach_its_figures_and_its_outcomes_are_those_of_the_table() -> None:
    rows = {
        "study": list("abcdef"),
        "outcome": "CR",
        "drug": ["x", "y"] * 3,
        "events": [3, 5, 2, 8, 4, 6],
        "n": 20,
    }
    arms = bm.read_evidence(pd.DataFrame(rows)).select(outcome="CR")
    labels = {
        "outcome": {"CR": "complete remission"},
        "drug": {"": "Drug", "x": "xenine", "y": "yttrin"},
    }
    drug = bm.Covariates("drug", reference={"drug": "x"})
    spec = bm.ModelSpec("drug", covariates=drug, labels=labels)
    fit = bm.fit(spec, arms, seed=1, settings=bm.SamplerSettings(chains=2, draws=300))
    for name in ("forest", "subgroups", "trace", "prior_posterior", "heterogeneity"):
        page = getattr(bm.plots, name)(fit).figure
        texts = " ".join(text.get_text() for axes in page.axes for text in axes.texts)
        assert "complete remission" in texts, name
        assert "drug=" not in texts, name
        assert "drug[" not in texts, name
        assert name == "heterogeneity" or "yttrin" in texts, name
    wrong = bm.ModelSpec("drug", covariates=drug, labels={"outcome": {"CRi": "incomplete"}})
    with pytest.raises(bm.SpecError, match="`labels` names 'CRi', which is not an outcome"):
        bm.fit(wrong, arms, seed=1)
