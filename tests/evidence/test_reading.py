"""Reading tables: what is a number, what is missing, and how a table may be written."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.evidence.values import read_otherwise


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"study": list("abcd"), "events": [1, 2, 3, 4], "n": 9, **columns})


def values(table: bm.EvidenceTable, column: str) -> list[object]:
    return [None if pd.isna(value) else value for value in table.frame[column]]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["61", "NR", "66", "nd"], [61, None, 66, None]),
        ([61, "N/A", None, "-"], [61, None, None, None]),
        ([Decimal("61.5"), np.float32(62), Fraction(1, 2), np.int8(4)], [61.5, 62, 0.5, 4]),
        (["-1.5", "+2", "1e1", ".5"], [-1.5, 2, 10, 0.5]),
        (["aza", "61", "NR", "dec"], ["aza", "61", None, "dec"]),
        (["001", "002", "10", "011"], ["001", "002", "10", "011"]),
        (["<60", ">=60", "<60", ">=60"], ["<60", ">=60", "<60", ">=60"]),
        (["7+3", "5+2", "7+3", "FLAG"], ["7+3", "5+2", "7+3", "FLAG"]),
        ([True, False, True, False], ["True", "False", "True", "False"]),
        ([None, "", "NA", "NR"], [None, None, None, None]),
    ],
)
def test_covariates_are_numbers_or_names(column: list[object], expected: list[object]) -> None:
    assert values(bm.read_evidence(frame(x=column)), "x") == expected


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        (["61", "62", "63", ">60"], "row 4: '>60'"),
        (["61", "62", "63", "unknown"], "row 4: 'unknown'"),
        ([61, 62, np.inf, 64], "row 3: 'inf'"),
        ([61, 62, 63, True], "row 4: 'True'"),
        (["35%", "NR", "40 %", "a"], "row 1: '35%', row 3: '40 %', row 4: 'a'"),
        (["1,200", "1 300", "900", "NR"], "row 1: '1,200', row 2: '1 300'"),
        (["62 (45-80)", "58 [21, 77]", "61 ± 5", "NR"], "row 1: '62 \\(45-80\\)'"),
    ],
)
def test_a_column_of_numbers_holds_nothing_else(column: list[object], wrong: str) -> None:
    with pytest.raises(bm.EvidenceError, match=f"column 'x' is numeric.*not so in {wrong}"):
        bm.read_evidence(frame(x=column))


def test_half_of_the_values_are_not_most_of_them() -> None:
    assert values(bm.read_evidence(frame(x=["1", "2", "a", "b"])), "x") == ["1", "2", "a", "b"]
    with pytest.raises(bm.EvidenceError, match=r"'x' is numeric.*row 4: 'b'"):
        bm.read_evidence(frame(x=["1", "2", None, "b"]))


@pytest.mark.parametrize("kind", [Decimal, Fraction, np.int16, np.float32, str, float])
def test_counts_are_whole_in_value_whatever_their_kind(kind: type) -> None:
    table = bm.read_evidence(frame(n=[kind(count) for count in (9, 10, 200, 7)]))
    assert values(table, "n") == [9, 10, 200, 7]


@pytest.mark.parametrize("count", [Decimal("7.5"), np.inf, np.float64("nan"), np.True_, 1e300])
def test_counts_that_are_not_whole_are_refused(count: object) -> None:
    with pytest.raises(
        bm.EvidenceError, match=r"`n` must (be a whole number|not be missing).*row 2"
    ):
        bm.read_evidence(frame(n=[9, count, 9, 9]))


def test_words_that_are_missing_can_be_chosen() -> None:
    column = ["61", "62", "63", "Unknown"]
    assert values(bm.read_evidence(frame(x=column), missing=["unknown"]), "x") == [61, 62, 63, None]
    with pytest.raises(bm.EvidenceError, match="row 4: 'NR'"):
        bm.read_evidence(frame(x=["61", "62", "63", "NR"]), missing=["unknown"])


def test_a_word_taken_as_missing_among_names_is_told() -> None:
    column = ["ND", "RR", "RR", "RR"]
    (found,) = bm.read_evidence(frame(population=column)).findings
    assert (found.kind, found.rows) == ("missing", ("row 1",))
    for arguments in ({"text": ["population"]}, {"missing": []}):
        table = bm.read_evidence(frame(population=column), **arguments)  # type: ignore[arg-type]
        assert values(table, "population") == column
        assert table.findings == ()


def test_a_column_that_says_nothing_is_not_told_of() -> None:
    assert bm.read_evidence(frame(age=["NR", "", "ND", "-"])).findings == ()


def test_names_that_look_like_numbers_can_be_kept() -> None:
    column = ["66", "67", "71,72", "NR"]
    table = bm.read_evidence(frame(ref=column), text=["ref"])
    assert values(table, "ref") == column
    assert read_otherwise(table.frame) == ["ref"]
    assert read_otherwise(bm.read_evidence(frame(ref=list("abcd"))).frame) == []


def test_decimal_commas_are_read_where_asked() -> None:
    rows = frame(age=["61,5", "NR", "70", "55,9"])
    assert values(bm.read_evidence(rows, decimal=","), "age") == [61.5, None, 70, 55.9]
    with pytest.raises(bm.EvidenceError, match=r"row 4: '61\.5'"):
        bm.read_evidence(frame(age=["61,5", "62,5", "63", "61.5"]), decimal=",")
    with pytest.raises(bm.EvidenceError, match=r"`n` must be a whole number.*row 1: '1\.000'"):
        bm.read_evidence(frame(n=["1.000", "9", "9", "9"]), decimal=",")


def test_columns_of_other_names_are_mapped() -> None:
    rows = frame().rename(columns={"events": "xi", "n": "ni"})
    table = bm.read_evidence(rows, columns={"events": "xi", "n": "ni"})
    assert table.select().events.tolist() == [1, 2, 3, 4]
    assert table.covariates == ()
    with pytest.raises(
        bm.EvidenceError, match=r"Name them by `columns`, such as events=xi and n=ni\."
    ):
        bm.read_evidence(rows)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"columns": "events"}, bm.SettingsError, "`columns` must map names"),
        (
            {"columns": {"event": "x"}},
            bm.SettingsError,
            "maps to 'event', which has no meaning. Did you mean 'events'",
        ),
        ({"columns": {"arm": "armm"}}, bm.EvidenceError, "names 'armm', which is not a column"),
        ({"columns": {"events": "n"}}, bm.EvidenceError, "has a column 'events' besides 'n'"),
        (
            {"missing": "NR"},
            bm.SettingsError,
            r"`missing` must list words; got 'NR'. Write \['NR'\]",
        ),
        ({"text": "x"}, bm.SettingsError, r"`text` must list words; got 'x'. Write \['x'\]"),
        ({"text": ["y"]}, bm.EvidenceError, "`text` names 'y', which is not a covariate"),
        ({"text": ["n"]}, bm.EvidenceError, "`text` names 'n', which is not a covariate"),
        ({"decimal": ";"}, bm.SettingsError, "`decimal` must be '.' or ','; got ';'"),
    ],
)
def test_bad_arguments(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        bm.read_evidence(frame(x=1), **arguments)  # type: ignore[arg-type]


def test_how_a_table_was_read_is_kept_with_the_selection() -> None:
    rows = frame(ref=["1", "2", "3", "4"]).rename(columns={"events": "xi"})
    table = bm.read_evidence(
        rows, columns={"events": "xi"}, missing=["x"], text=["ref"], decimal="."
    )
    assert table.select().selection["reading"] == {
        "columns": {"events": "xi"},
        "missing": ["x"],
        "text": ["ref"],
        "decimal": ".",
    }
    assert "reading" not in bm.read_evidence(frame()).select().selection


def test_semicolons_separate_and_commas_may_stand_in_cells(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(
        'study;events;n;note\nLee, K;1;9;"a; b"\nMay;2;9;c, d, e, f\n'
    )
    table = bm.read_evidence(tmp_path / "table.csv")
    assert values(table, "note") == ["a; b", "c, d, e, f"]
    assert values(table, "study") == ["Lee, K", "May"]


def test_every_broken_rule_is_in_the_message_and_in_the_error() -> None:
    rows = frame(n=[9, 1, "x", 9], age=["61", "62", "63", ">60"])
    with pytest.raises(bm.EvidenceError, match="3 rules are broken") as caught:
        bm.read_evidence(rows)
    findings = caught.value.findings
    assert [(found.kind, found.rows) for found in findings] == [
        ("count", ("row 3",)),
        ("count", ("row 2 (b)",)),
        ("number", ("row 4",)),
    ]
    assert all(str(found) in str(caught.value) for found in findings)
