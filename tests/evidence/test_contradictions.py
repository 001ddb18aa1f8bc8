"""Counts that contradict a percentage, an interval, their parts or another outcome are told."""

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import beta

import bayesmeta as bm


def found(*rows: dict[str, object]) -> list[tuple[tuple[str, ...], str]]:
    table = bm.read_evidence(pd.DataFrame([{"study": "a", "arm": "", **row} for row in rows]))
    return [(one.rows, one.text) for one in table.findings if one.kind == "contradiction"]


def counts(events: int, n: int, **others: object) -> dict[str, object]:
    return {"events": events, "n": n, **others}


WHOLE = counts(12, 30, arm="x")


@pytest.mark.parametrize(
    ("rows", "places", "text"),
    [
        (
            [counts(29, 38, percent_reported=77)], ("row 1",),
            "a (row 1): the percentage printed is 77, but 29 of 38 are 76.3%",
        ),
        (
            [counts(45, 47, percent_reported=95)], ("row 1",),
            "a (row 1): the percentage printed is 95, but 45 of 47 are 95.7%, cut off and not rounded",
        ),
        (
            [counts(12, 30, percent_reported=40, ci_low_reported=42, ci_high_reported=60)], ("row 1",),
            "a (row 1): the interval printed, 42% to 60%, does not hold the percentage printed, 40",
        ),
        (
            [counts(12, 30, percent_reported=40, ci_low_reported=37, ci_high_reported=43)], ("row 1",),
            "a (row 1): the interval printed, 37% to 43%, is 6 points wide; 30 patients give 33.1",
        ),
        (
            [counts(12, 30, percent_reported=40, ci_low_reported=2, ci_high_reported=98)], ("row 1",),
            "a (row 1): the interval printed, 2% to 98%, is 96 points wide; 30 patients give 33.1",
        ),
        (
            [counts(12, 30, percent_reported=140, ci_low_reported=90, ci_high_reported=150)], ("row 1",),
            "a (row 1): the percentage printed is 140, but 12 of 30 are 40.0%",
        ),
        (
            [WHOLE, counts(9, 16, arm="y", part_of="x"), counts(5, 14, arm="z", part_of="x")],
            ("row 2", "row 3", "row 1"),
            "a: the parts of arm 'x', 14 of 30 (row 2 and 1 more), cannot lie within the whole, 12 of 30 (row 1)",
        ),
        (
            [WHOLE, counts(9, 40, arm="y", part_of="x")], ("row 2", "row 1"),
            "a: the parts of arm 'x', 9 of 40 (row 2), cannot lie within the whole, 12 of 30 (row 1)",
        ),
        (
            [WHOLE, counts(1, 29, arm="x", stratum="tp53=mut")], ("row 2", "row 1"),
            "a: a subgroup, 1 of 29 (row 2), cannot lie within the whole, 12 of 30 (row 1)",
        ),
        (
            [WHOLE, counts(1, 16, arm="x", stratum="sex=f"), counts(11, 15, arm="x", stratum="sex=m")],
            ("row 2", "row 3", "row 1"),
            "a: the levels of 'sex', 12 of 31 (row 2 and 1 more), cannot lie within the whole, 12 of 30 (row 1)",
        ),
        (
            [counts(8, 30, outcome="CR/CRi"), counts(9, 30, outcome="CR")], ("row 2", "row 1"),
            "a: CR of 9 (row 2) is within CR/CRi, which is of 8 (row 1), of the same 30 patients",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_told_with_both_numbers(
    rows: list[dict[str, object]], places: tuple[str, ...], text: str
) -> None:
    assert found(*rows) == [(places, text)]


@pytest.mark.parametrize(
    "rows",
    [
        [counts(12, 30, percent_reported=40, ci_low_reported=23, ci_high_reported=59)],
        [counts(1, 38, percent_reported=2.6), counts(1, 40, percent_reported=2.5, arm="x")],
        # A half is rounded up or down.
        [counts(1, 8, percent_reported=13), counts(1, 8, percent_reported=12, arm="x")],
        [counts(0, 0, percent_reported=0)],
        [WHOLE, counts(9, 16, arm="y", part_of="x")],
        [WHOLE, counts(9, 16, arm="x", stratum="lines>=2"), counts(8, 15, arm="x", stratum="lines>=3")],
        [WHOLE, counts(20, 50, arm="x", stratum="mixed_population=yes")],
        [counts(8, 30, outcome="ORR"), counts(9, 28, outcome="CR")],
        [counts(8, 30, outcome="ORR"), counts(9, 30, outcome="neutropenia")],
    ],
)  # fmt: skip
def test_what_can_be_true_is_not_told(rows: list[dict[str, object]]) -> None:
    assert found(*rows) == []


@st.composite
def printed(draw: st.DrawFn) -> dict[str, object]:
    """A count with Clopper and Pearson's interval, of 90%, 95% or 99%, with up to two digits."""
    n = draw(st.integers(1, 5000))
    events = draw(st.integers(0, n))
    level = draw(st.sampled_from([0.9, 0.95, 0.99]))
    digits = draw(st.integers(0, 2))
    low = beta.ppf((1 - level) / 2, events, n - events + 1) if events else 0
    high = beta.ppf((1 + level) / 2, events + 1, n - events) if events < n else 1
    percent, *limits = (round(100 * one, digits) for one in (events / n, low, high))
    ends = dict(zip(("ci_low_reported", "ci_high_reported"), map(float, limits), strict=True))
    return counts(events, n, percent_reported=percent, **ends)


@settings(max_examples=20)
@given(st.lists(printed(), min_size=1, max_size=20))
def test_exact_intervals_of_counts_contradict_nothing(rows: list[dict[str, object]]) -> None:
    assert found(*({**row, "study": f"s{i}"} for i, row in enumerate(rows))) == []


def test_contradictions_of_the_rows_that_are_selected_are_told_before_a_fit() -> None:
    rows = pd.DataFrame({"study": ["a", "b"], "events": [29, 3], "n": [38, 9], "outcome": ["CR", "PR"], "percent_reported": [77, 33.3]})  # fmt: skip
    table = bm.read_evidence(rows)
    with pytest.warns(bm.EvidenceWarning, match="29 of 38 are 76.3%"):
        table.select(outcome="CR")
    assert len(table.select(outcome="PR")) == 1


def test_columns_of_what_is_printed_are_no_covariates_and_may_be_mapped() -> None:
    rows = pd.DataFrame({"study": ["a"], "events": [29], "n": [38], "orr": [77], "lo": [60], "hi": [88]})  # fmt: skip
    table = bm.read_evidence(rows, columns={"orr": "percent_reported", "lo": "ci_low_reported", "hi": "ci_high_reported"})  # fmt: skip
    assert table.covariates == ()
    assert len(table.findings) == 1


def test_what_is_printed_must_be_numbers_and_may_be_missing() -> None:
    rows = pd.DataFrame({"study": list("ab"), "events": 1, "n": 9, "percent_reported": ["11 percent", "about 11"], "ci_low_reported": None})  # fmt: skip
    with pytest.raises(
        bm.EvidenceError, match=r"'percent_reported' is numeric.*without their sign"
    ):
        bm.read_evidence(rows)
    assert bm.read_evidence(rows.assign(percent_reported="NR")).findings == ()


def test_several_nested_outcomes_are_told_in_one_order() -> None:
    rows = [counts(8, 30, outcome="CR/CRi"), counts(7, 30, outcome="ORR"), counts(9, 30, outcome="CR")]  # fmt: skip
    assert [places for places, _ in found(*rows)] == [("row 1", "row 2"), ("row 3", "row 2"), ("row 3", "row 1")]  # fmt: skip


def test_all_broken_rules_are_told_beside_a_missing_column_and_a_row_of_another_length(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("table") / "a.csv"
    file.write_text("study,events,total,age\na,x,9,61\nb,2,9\nc,3,9,old\nd,3,9,62\n,4,9,70\n")
    with pytest.raises(bm.EvidenceError, match="5 rules are broken") as caught:
        bm.read_evidence(file)
    kinds = [one.kind for one in caught.value.findings]
    assert kinds == ["row", "column", "name", "count", "number"]


def test_covariates_are_listed_with_levels_and_missing_values() -> None:
    rows = pd.DataFrame(
        {
            "study": list("abcd"), "events": 1, "n": 9, "age": [61, None, 70.5, "NR"],
            "regimen": ["aza", "dec", "aza", None], "ref": ["u", "v", "w", "x"], "empty": [None] * 4,
        }
    )  # fmt: skip
    summary = bm.read_evidence(rows).covariate_summary
    assert summary.to_dict("split")["data"] == [
        ["age", "number", "61 to 70.5", 2],
        ["regimen", "factor", "2 levels: aza (2), dec (1)", 1],
        ["ref", "text", "4 levels: u (1), v (1), w (1), x (1)", 0],
        ["empty", "empty", "", 4],
    ]
