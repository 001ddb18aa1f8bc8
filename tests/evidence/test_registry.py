"""Results of ClinicalTrials.gov.

`sources/NCT03722472.json` is an excerpt, unchanged in its values, of the record of that study as
version 2 of the API gave it, kept by the public repository cyanheads/clinicaltrialsgov-mcp-server
(Apache 2.0). Records of ClinicalTrials.gov are in the public domain. Other records here are made up.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import beta

import bayesmeta as bm

RECORD = Path(__file__).parent / "sources" / "NCT03722472.json"
IGG = "IgG Antibody Response Rate: Day {} Responder rate"


@pytest.fixture(scope="module")
def recorded() -> bm.EvidenceTable:
    return bm.read_clinicaltrials(RECORD)


def test_counts_of_the_record_are_those_of_its_pages(recorded: bm.EvidenceTable) -> None:
    rows = recorded.frame
    assert dict(zip(rows["outcome"].iloc[:8], zip(rows["events"], rows["n"], strict=True), strict=False)) == {
        "Local Injection Site Reactogenicity": (21, 25),
        "Systemic Reactogenicity": (12, 25),
        "All Adverse Events": (24, 25),
        "Serious Adverse Events": (0, 25),
    }  # fmt: skip
    assert set(rows["study"]) == {"NCT03722472"}
    assert rows["arm"].nunique() == 2
    assert set(rows["randomised"]) == {"yes"}
    assert recorded.findings == ()


def test_derived_counts_give_the_intervals_that_the_record_prints(
    recorded: bm.EvidenceTable,
) -> None:
    """The sponsor's exact intervals, to two digits, follow from counts that it did not post."""
    rows = recorded.frame[recorded.frame["derivation"] == "from_percent"]
    assert rows["events"].tolist() == [7, 6, 14, 9, 23, 20]
    events, n = (rows[name].to_numpy(np.float64) for name in ("events", "n"))
    low = 100 * beta.ppf(0.025, events, n - events + 1)
    high = np.where(events == n, 100, 100 * beta.ppf(0.975, events + 1, n - events))
    printed = rows[["ci_low_reported", "ci_high_reported"]].to_numpy()
    assert np.abs(np.column_stack([low, high]) - printed).max() < 0.0051


def test_a_class_has_its_own_denominator(recorded: bm.EvidenceTable) -> None:
    rows = recorded.frame[recorded.frame["outcome"] == IGG.format(56)]
    assert rows["n"].tolist() == [23, 22]


def test_every_locator_leads_to_its_number(recorded: bm.EvidenceTable) -> None:
    content = json.loads(RECORD.read_text(encoding="utf-8"))
    for _, row in recorded.frame.iterrows():
        number, _, path = row["locator"].partition(", ")
        found: Any = content
        for step in path.replace("]", "").replace("[", ".").split("."):
            found = found[int(step) if step.isdecimal() else step]
        assert number == "NCT03722472"
        shown = row["percent_reported"]
        assert float(found["value"]) == (row["events"] if np.isnan(shown) else shown)


def test_wanted_outcomes_are_named(recorded: bm.EvidenceTable) -> None:
    table = bm.read_clinicaltrials(RECORD, outcomes={IGG.format(14): "D14", IGG.format(70): "D70"})
    assert table.outcomes.index.tolist() == ["D14", "D70"]
    with pytest.raises(
        bm.EvidenceError, match=r"has no outcome 'Sistemic Reactogenicity'\. Did you mean"
    ):
        bm.read_clinicaltrials(RECORD, outcomes={"Sistemic Reactogenicity": "S"})
    with pytest.raises(bm.EvidenceError, match="no study is given"):
        bm.read_clinicaltrials([])
    for wrong in ("ORR", 3, {}):
        with pytest.raises(bm.SettingsError, match="`outcomes` must map titles"):
            bm.read_clinicaltrials(RECORD, outcomes=wrong)  # type: ignore[arg-type]


def record(*measures: dict[str, Any], number: str = "NCT1", **design: str) -> dict[str, Any]:
    return {
        "protocolSection": {
            "identificationModule": {"nctId": number, "acronym": "VIA"},
            "designModule": {"designInfo": design},
        },
        "resultsSection": {"outcomeMeasuresModule": {"outcomeMeasures": list(measures)}},
    }


def measure(values: dict[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "title": "Best response",
        "paramType": "COUNT_OF_PARTICIPANTS",
        "unitOfMeasure": "Participants",
        "groups": [{"id": "OG000", "title": "Drug"}, {"id": "OG001", "title": "Drug"}],
        "denoms": [{"units": "Participants", "counts": [{"groupId": "OG000", "value": "38"}]}],
        "classes": [
            {
                "categories": [
                    {"title": title, "measurements": [{"groupId": "OG000", "value": value}]}
                    for title, value in values.items()
                ]
            }
        ],
        **changes,
    }


def test_a_file_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(bm.EvidenceError, match=r"^No file .*study\.json\. Check the path"):
        bm.read_clinicaltrials(tmp_path / "study.json")


def test_categories_are_outcomes_and_groups_of_one_title_are_told_apart() -> None:
    table = bm.read_clinicaltrials(record(measure({"CR": "9", "PR": "5"}), allocation="NA"))
    assert table.frame["outcome"].tolist() == ["Best response: CR", "Best response: PR"]
    assert set(table.frame["arm"]) == {"Drug (OG000)"}
    assert set(table.frame["label"]) == {"VIA"}
    assert table.frame["randomised"].isna().all()


def test_measures_of_one_title_are_told_apart() -> None:
    frames = ({"timeFrame": "Week 8"}, {"timeFrame": "Week 16"}, {"timeFrame": "Week 8"}, {})
    table = bm.read_clinicaltrials(record(*(measure({"CR": "9"}, **one) for one in frames)))
    assert table.frame["outcome"].tolist() == [
        "Best response (Week 8): CR",
        "Best response (Week 16): CR",
        "Best response (Week 8) (2): CR",
        "Best response: CR",
    ]


def test_a_measure_that_is_not_wanted_is_in_nobodys_way() -> None:
    mixed = measure({"": "30.4"}, title="Odd", paramType="NUMBER")
    mean = measure({"": "1.2"}, title="Change", paramType="MEAN", unitOfMeasure="mmHg")
    study = record(measure({"CR": "9"}), mixed, mean)
    table = bm.read_clinicaltrials(study, outcomes={"Best response: CR": "CR"})
    assert table.frame["events"].tolist() == [9]
    assert table.findings == ()
    for outcomes in (None, {"Odd": "odd"}):
        with pytest.raises(
            bm.EvidenceError, match=r"'Odd' has unit .* '30\.4'\. Enter these counts"
        ):
            bm.read_clinicaltrials(study, outcomes=outcomes)


def test_what_is_left_out_is_told() -> None:
    change = {"title": "Change", "paramType": "MEAN", "unitOfMeasure": "mmHg"}
    curve = {"title": "Alive", "paramType": "NUMBER", "unitOfMeasure": "percentage of participants"}
    table = bm.read_clinicaltrials(
        record(
            measure({"CR": "9", "none": "NA"}),
            measure({"": "1.2"}, **change),
            measure({"": "61.7"}, **curve),
        )
    )
    assert len(table) == 1
    assert [one.text for one in table.findings] == [
        "NCT1: 1 measure not of participants are left out: Change",
        "percentages that no count explains are left out: NCT1, Drug (OG000), Alive: 61.7% of 38",
    ]


def test_several_studies_make_one_table(tmp_path: Path) -> None:
    one, two = record(measure({"CR": "9"})), record(measure({"CR": "7"}), number="NCT2")
    (tmp_path / "both.json").write_text(json.dumps({"studies": [one, two]}))
    (tmp_path / "two.json").write_text(json.dumps(two))
    whole = bm.read_clinicaltrials(tmp_path / "both.json")
    parts = bm.read_clinicaltrials([one, tmp_path / "two.json"])
    assert whole.frame["events"].tolist() == parts.frame["events"].tolist() == [9, 7]
    assert (whole.name, parts.name) == ("both.json", "ClinicalTrials.gov")
    assert whole.select().studies.tolist() == ["NCT1", "NCT2"]
