"""Probable mistakes that are not errors: found once, and read by tables, arms, fits and reports."""

import json
import sys

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import main
from bayesmeta.report.sections.evidence import evidence_section
from bayesmeta.report.text import evidence_lines

ROWS = pd.DataFrame(
    {
        "study": ["Lee 2019", "lee 2019", "May 2020", "Total"],
        "regimen": ["aza", "aza", "Aza", "dec"],
        "events": [1, 2, 3, 6],
        "n": [5, 6, 9, 21],
    }
)
TOLD = [
    "`study`: 'Lee 2019' and 'lee 2019' differ only in case",
    "`regimen`: 'aza' (Lee 2019 and 1 more) and 'Aza' (May 2020) differ only in case",
    "'Total' is named like a total",
]


@pytest.fixture(scope="module")
def arms() -> bm.Arms:
    with pytest.warns(bm.EvidenceWarning, match="DataFrame: ") as told:
        found = bm.read_evidence(ROWS).select()
    assert len(told) == 3
    return found


def test_arms_hold_what_was_found_by_their_labels(arms: bm.Arms) -> None:
    assert [found.text for found in arms.findings] == TOLD
    assert [found.kind for found in arms.findings] == ["spelling", "spelling", "total"]
    assert arms.findings[1].rows == ("Lee 2019", "lee 2019", "May 2020")


def test_what_is_dropped_is_no_longer_found(arms: bm.Arms) -> None:
    kept = bm.matching(arms, "study in ['Lee 2019', 'May 2020'] and regimen == 'aza'")
    assert kept.findings == ()


def test_reports_and_terminals_show_what_was_found(arms: bm.Arms) -> None:
    shown = "\n".join(evidence_lines(arms))
    facts = evidence_section(arms).blocks[0].entries  # type: ignore[union-attr]
    for text in TOLD:
        assert f"Check: {text}" in shown
        assert any(fact.startswith(f"To be checked: {text}") for fact in facts)


def test_json_holds_what_was_found(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path_factory.mktemp("table") / "mine.csv"
    ROWS.to_csv(file, index=False)
    found = {}
    for command in ("check", "show"):
        monkeypatch.setattr(sys, "argv", ["bayesmeta", "evidence", command, str(file), "--json"])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 0
        found[command] = json.loads(capsys.readouterr().out)["findings"]
    assert found["check"][0] == {
        "kind": "spelling",
        "rows": ["row 1 (line 2)", "row 2 (line 3)"],
        "text": "`study`: 'Lee 2019' (row 1 (line 2)) and 'lee 2019' (row 2 (line 3)) differ only in case",
        "remedy": "Spell them alike, or rename one if they are two.",
    }
    assert [one["text"] for one in found["show"]] == TOLD


def test_broken_rules_are_in_the_json(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path_factory.mktemp("table") / "mine.csv"
    ROWS.assign(n=[0, 6, "NR", 20]).to_csv(file, index=False)
    monkeypatch.setattr(sys, "argv", ["bayesmeta", "evidence", "check", str(file), "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    printed = json.loads(capsys.readouterr().out)
    assert left.value.code == 2
    assert (printed["ok"], [one["rows"] for one in printed["broken"]]) == (
        False,
        [["row 3 (line 4)"], ["row 1 (line 2) (Lee 2019)"]],
    )


def test_what_is_found_in_the_bundled_table_is_noted_there(
    table: bm.EvidenceTable, orr: bm.Arms
) -> None:
    """The sources contradict themselves in six places, which were found by hand when they were read."""
    found = {one.rows[-1]: one.text for one in table.findings}
    assert {one.kind for one in table.findings} == {"contradiction"}
    assert [text.partition(" (row")[0].partition(",")[0] for text in found.values()] == [
        "dinardo2018/ven_mixed", "italy57/ven_hma", "italy57/ven_hma", "piccini2021/ven_mixed",
        "ruhnke2023/ven_ham", "italy57",
    ]  # fmt: skip
    notes = table.frame.loc[list(found), "note"]
    assert notes.str.contains("not reproduced|truncated|cut|Disagreements").all(), notes.tolist()
    assert orr.findings == ()


def test_a_spelling_that_is_not_selected_is_told() -> None:
    """Whoever selects `aza` loses the row of `Aza`."""
    with pytest.warns(bm.EvidenceWarning) as told:
        bm.read_evidence(ROWS[:3]).select(regimen="aza")
    assert any("`regimen`: 'aza' (row 1 and 1 more) and 'Aza'" in str(one.message) for one in told)


def test_outcomes_spelt_in_two_ways_are_told_of_the_one_that_is_selected() -> None:
    rows = pd.concat([ROWS[:1], ROWS[2:3]]).assign(outcome=["CR_CRi", "CR/CRi"], regimen="aza")
    with pytest.warns(bm.EvidenceWarning, match="`outcome`: 'CR_CRi' .* and 'CR/CRi'"):
        assert len(bm.read_evidence(rows).select(outcome="CR/CRi")) == 1


def nested_rows() -> pd.DataFrame:
    studies = ["a", "A", "b", "b", "b"]
    rows = [
        {"study": study, "arm": arm, "outcome": outcome, "events": events, "n": n}
        for study, arm, (orr, cr), n in zip(
            studies,
            ["", "", "x", "y", "all"],
            [(4, 2), (5, 1), (6, 3), (2, 1), (8, 4)],
            [9, 12, 10, 8, 18],
            strict=True,
        )
        for outcome, events in (("ORR", orr), ("CR", cr))
    ]
    return pd.DataFrame(rows)


def test_nested_outcomes_tell_each_finding_once() -> None:
    with pytest.warns(bm.EvidenceWarning):
        arms = bm.read_evidence(nested_rows()).select(outcomes=["ORR", "CR"])
    assert [(one.kind, one.rows) for one in arms.findings] == [
        ("spelling", ("a", "A")),
        ("total", ("b/all",)),
        ("total", ("b/all",)),
    ]
    assert sum("Check: " in line for line in evidence_lines(arms)) == 3


def one_size(studies: int, arms: int, *, n: int = 20) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": [f"s{i}" for i in range(studies) for _ in range(arms)],
            "arm": [f"arm{j}" for _ in range(studies) for j in range(arms)],
            "events": [3 + i + j for i in range(studies) for j in range(arms)],
            "n": n,
        }
    )


@pytest.mark.parametrize(
    ("rows", "studies"),
    [
        (one_size(1, 3), 1),
        (one_size(3, 2), 3),
        (one_size(2, 2), 0),
        (one_size(3, 2).assign(events=15), 3),
        (one_size(3, 2).assign(events=[15, 16] * 3), 0),
        (pd.concat([one_size(3, 2), one_size(1, 2).assign(study="t", n=[20, 21])]), 0),
        (one_size(2, 3).assign(arm=["whole", "a", "b"] * 2, part_of=["", "whole", "whole"] * 2), 0),
    ],
)
def test_arms_of_one_size(rows: pd.DataFrame, studies: int) -> None:
    found = [one for one in bm.read_evidence(rows).findings if one.kind == "same patients"]
    assert len(found) == (studies > 0)
    assert sum(len(set(row.study for row in rows.itertuples())) for _ in found) == studies


@pytest.mark.parametrize(
    "name",
    [
        "Total",
        "TOTAL (n = 60)",
        "Overall",
        "Pooled estimate",
        "subtotal",
        "Sub-total",
        "Grand total",
    ],
)
def test_names_of_totals(name: str) -> None:
    rows = pd.DataFrame({"study": ["a", name], "events": [1, 3], "n": [5, 9]})
    with pytest.warns(bm.EvidenceWarning, match="is named like a total. Drop it"):
        bm.read_evidence(rows).select()


def test_a_few_patients_add_up_by_chance() -> None:
    rows = pd.DataFrame({"study": list("abc"), "events": [1, 0, 1], "n": [1, 1, 2]})
    assert bm.read_evidence(rows).findings == ()


@pytest.mark.parametrize(
    "name", ["Overall 2019", "Total therapy", "Pooled by Lee", "Summary et al."]
)
def test_names_of_people_and_treatments_are_no_totals(
    name: str,
) -> None:
    rows = pd.DataFrame({"study": ["a", name], "events": [1, 3], "n": [5, 9]})
    assert bm.read_evidence(rows).findings == ()


@pytest.mark.parametrize("name", ["Total", "Overall", "Grand total"])
def test_a_study_that_is_the_total_of_all_others_is_refused(name: str) -> None:
    """It would count every patient twice."""
    rows = pd.DataFrame({"study": ["a", "b", name], "events": [1, 2, 3], "n": [5, 9, 14]})
    told = f"'{name}' .* named like a total and has counts, 3 of 14, that are the sum of all others. Drop it"
    with pytest.raises(bm.EvidenceError, match=told):
        bm.read_evidence(rows)
    kept = bm.read_evidence(rows.assign(outcome=["CR", "CR", "ORR"]))
    assert [one.kind for one in kept.findings] == ["total"]
