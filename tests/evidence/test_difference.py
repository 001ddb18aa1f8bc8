"""Differences of evidence tables: against tables made by hand, and old plus difference against new."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import bayesmeta as bm
from bayesmeta.evidence.columns import KEY
from bayesmeta.evidence.row_changes import plain
from bayesmeta.report.difference_text import difference_blocks
from bayesmeta.report.document import lines_of

OLD = pd.DataFrame(
    [
        ("lee", "", "CR", 3, 20, "g", 2, 61.0),
        ("lee", "", "ORR", 9, 20, "g", 2, 61.0),
        ("kim", "x", "CR", 5, 30, "", None, 70.0),
        ("kim", "y", "CR", 4, 31, "", None, 70.0),
        ("gone", "", "CR", 1, 8, "h", 1, None),
    ],
    columns=["study", "arm", "outcome", "events", "n", "overlap_group", "overlap_rank", "age"],
)


def later() -> pd.DataFrame:
    """The table without `gone`, one count and one age corrected, and a larger cohort of Lee's."""
    new = OLD[OLD["study"] != "gone"].copy()
    new.loc[2, "events"] = 6
    new.loc[[0, 1], "age"] = None
    more = ("lee2", "", "CR", 8, 44, "g", 1, 62.0)
    return pd.concat([new, pd.DataFrame([more], columns=OLD.columns)], ignore_index=True)


def test_what_was_added_removed_and_changed() -> None:
    found = bm.evidence_diff(OLD, later())
    assert found.added[["study", "outcome", "events"]].to_numpy().tolist() == [["lee2", "CR", 8]]
    assert found.removed["study"].tolist() == ["gone"]
    cells = found.changed[["study", "arm", "outcome", "column", "old", "new"]].to_numpy().tolist()
    assert cells == [
        ["lee", None, "CR", "age", 61.0, None],
        ["lee", None, "ORR", "age", 61.0, None],
        ["kim", "x", "CR", "events", 5, 6],
    ]
    assert (found.rows_changed, found.same, found.reordered) == (3, False, False)
    assert repr(found).endswith("1 row added, 1 removed, 3 changed)")


def test_counts_are_those_of_a_selection() -> None:
    counts = bm.evidence_diff(OLD, later()).counts.set_index("outcome").loc["CR"]
    # Before: all three studies; after: the larger cohort of Lee's stands for the other.
    for name, (old, new) in {
        "rows": (4, 4),
        "studies": (3, 2),
        "arms": (4, 3),
        "patients": (20 + 30 + 31 + 8, 30 + 31 + 44),
        "events": (3 + 5 + 4 + 1, 6 + 4 + 8),
    }.items():
        assert (counts[f"{name}_old"], counts[f"{name}_new"]) == (old, new), name


def test_counts_are_those_of_columns_that_one_table_alone_has() -> None:
    plain_columns = ["study", "events", "n"]
    old = pd.DataFrame([("a", 3, 20), ("b", 7, 30), ("c", 2, 10)], columns=plain_columns)
    new = old.assign(overlap_group=["g", "g", None], overlap_rank=[2, 1, None])
    [counts] = bm.evidence_diff(old, new).counts.to_dict("records")
    assert (counts["patients_old"], counts["patients_new"]) == (20 + 30 + 10, 30 + 10)
    [back] = bm.evidence_diff(new, old).counts.to_dict("records")
    assert (back["studies_old"], back["studies_new"]) == (2, 3)


def test_groups_of_overlapping_cohorts() -> None:
    found = bm.evidence_diff(OLD, later()).overlaps.to_dict("records")
    assert found == [
        {
            "overlap_group": "g",
            "change": "changed",
            "old": "lee (2)",
            "new": "lee2 (1), lee (2)",
            "first_old": "lee",
            "first_new": "lee2",
        },
        {
            "overlap_group": "h",
            "change": "removed",
            "old": "gone (1)",
            "new": "",
            "first_old": "gone",
            "first_new": "",
        },
    ]
    back = bm.evidence_diff(later(), OLD).overlaps
    assert back["change"].tolist() == ["changed", "new"]


def test_the_text_says_it() -> None:
    lines = lines_of(difference_blocks(bm.evidence_diff(OLD, later())))
    text = "\n".join(" ".join(line.split()) for line in lines)
    for part in (
        "DataFrame to DataFrame: 1 row added, 1 removed, 3 changed.",
        "kim x CR events 5 6",
        "g: lee (2) -> lee2 (1), lee (2); lee2 now comes first.",
        "h: removed; it had gone (1).",
        "CR 3 -> 2 4 -> 3 89 -> 105 13 -> 18",
    ):
        assert part in text


def test_columns_of_one_table_are_named_and_not_compared() -> None:
    found = bm.evidence_diff(OLD.drop(columns="age"), OLD.assign(year=2020))
    assert (found.columns_added, found.columns_removed) == (("age", "year"), ())
    assert found.changed.empty
    assert not found.same
    assert bm.evidence_diff(OLD.assign(year=2020), OLD).columns_removed == ("year",)


def test_another_order_is_no_difference_and_is_told() -> None:
    found = bm.evidence_diff(OLD, OLD[::-1])
    assert (found.same, found.reordered) == (True, True)
    assert lines_of(difference_blocks(found)) == [
        "DataFrame to DataFrame: the same rows in another order."
    ]
    assert lines_of(difference_blocks(bm.evidence_diff(OLD, OLD))) == [
        "DataFrame to DataFrame: no differences."
    ]


def test_a_number_written_as_text_is_the_same_number() -> None:
    words = OLD.assign(age=["61.0", "61.0", "70.0", "70.0", ""])
    assert bm.evidence_diff(OLD, bm.read_evidence(words, text=["age"])).changed.empty


def test_survival_is_compared_by_landmark() -> None:
    rows = pd.DataFrame(
        {
            "study": ["a", "a", "b"],
            "time": [12, 24, None],
            "survival": [0.6, 0.4, None],
            "median": [None, None, 8.0],
            "n": 30,
        }
    )
    old = bm.read_survival(rows, time_unit="months")
    later = rows.assign(survival=[0.6, 0.45, None], median=[None, None, 9.0])
    new = bm.read_survival(later, time_unit="months")
    found = bm.evidence_diff(old, new)
    cells = found.changed[["study", "time", "column", "old", "new"]].to_numpy().tolist()
    assert cells == [["a", 24.0, "survival", 0.4, 0.45], ["b", None, "median", 8.0, 9.0]]
    # Lengths of time are the same in another unit.
    years = rows.assign(time=[1, 2, None], unit="years", median=[None, None, 8.0 / 12])
    assert set(bm.evidence_diff(old, bm.read_survival(years)).changed["column"]) == {"unit"}


def test_tables_of_two_kinds_are_refused() -> None:
    survival = bm.load_survival("rr_aml_venetoclax")
    with pytest.raises(bm.EvidenceError, match="`old` must be of survival, as the other is; got"):
        bm.evidence_diff(bm.load_evidence("rr_aml_venetoclax"), survival)
    with pytest.raises(bm.EvidenceError, match="There is no bundled table 'rr_aml'"):
        bm.evidence_diff("rr_aml", "rr_aml_venetoclax")


NAMES = st.tuples(
    st.sampled_from("abcd"), st.sampled_from(["", "x", "y"]), st.sampled_from(["CR", "ORR"])
)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    names = draw(st.lists(NAMES, min_size=1, max_size=10, unique=True))
    rows = []
    for study, arm, outcome in names:
        n = draw(st.integers(1, 40))
        events = draw(st.one_of(st.none(), st.integers(0, n)))
        age = draw(st.one_of(st.none(), st.integers(50, 80)))
        rows.append((study, arm, outcome, events, n, age, "reported"))
    columns = ["study", "arm", "outcome", "events", "n", "age", "derivation"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"events": "Int64", "age": "Int64"})


def rows_of(frame: pd.DataFrame) -> dict[tuple[Any, ...], dict[str, Any]]:
    records = [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]
    return {tuple(row[name] for name in KEY): row for row in records}


@settings(max_examples=30)
@given(old=tables(), new=tables())
def test_the_old_table_with_its_difference_is_the_new_one(
    old: pd.DataFrame, new: pd.DataFrame
) -> None:
    before, after = (bm.read_evidence(frame) for frame in (old, new))
    found = bm.evidence_diff(before, after)
    rows = rows_of(before.frame)
    for key in rows_of(found.removed):
        del rows[key]
    for cell in found.changed.to_dict("records"):
        row = rows[tuple(cell[name] for name in KEY)]
        assert row[cell["column"]] == cell["old"]
        row[cell["column"]] = cell["new"]
    assert not set(rows) & set(rows_of(found.added))
    rows |= rows_of(found.added)
    assert rows == rows_of(after.frame)
    assert found.same == (rows_of(before.frame) == rows_of(after.frame))


@settings(max_examples=30)
@given(old=tables(), seed=st.integers(0, 9))
def test_a_table_does_not_differ_from_itself(old: pd.DataFrame, seed: int) -> None:
    table = bm.read_evidence(old)
    found = bm.evidence_diff(table, old)
    assert found.same
    assert not found.reordered
    assert found.overlaps.empty
    mixed = bm.evidence_diff(table, old.iloc[np.random.default_rng(seed).permutation(len(old))])
    assert mixed.same


@pytest.mark.parametrize("outcome", [{}, {"outcome": "CR"}], ids=["unnamed", "named"])
def test_changed_counts_are_counted(outcome: dict[str, str]) -> None:
    old = pd.DataFrame({"study": ["a", "b"], "events": [3, 7], "n": [20, 30]}).assign(**outcome)
    new = old.assign(events=[3, 17], n=[20, 40])
    [row] = bm.evidence_diff(old, new).counts.to_dict("records")
    numbers = [row[f"{name}_{end}"] for name in ("patients", "events") for end in ("old", "new")]
    assert numbers == [50, 60, 10, 20]
