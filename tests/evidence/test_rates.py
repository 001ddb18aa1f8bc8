"""Counts of printed percentages: those that round to them, and no others."""

from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal, localcontext

import pandas as pd
import pytest
from hypothesis import given, strategies as st

import bayesmeta as bm
from bayesmeta.evidence.printed import explaining


def rounded(count: int, n: int, digits: int) -> set[str]:
    """Return a count's percentage as long division rounds it, a half either way."""
    with localcontext(prec=60):
        exact = Decimal(100 * count) / Decimal(n)
        unit = Decimal(1).scaleb(-digits)
        return {str(exact.quantize(unit, way)) for way in (ROUND_HALF_UP, ROUND_HALF_DOWN)}


@given(st.integers(1, 400), st.integers(0, 3), st.data())
def test_the_counts_that_explain_a_percentage_are_those_that_round_to_it(
    n: int, digits: int, data: st.DataObject
) -> None:
    percent = f"{data.draw(st.integers(0, 100 * 10**digits)) / 10**digits:.{digits}f}"
    brute = [count for count in range(n + 1) if percent in rounded(count, n, digits)]
    assert list(explaining(percent, n)) == brute


@given(st.integers(1, 400), st.integers(0, 3), st.data())
def test_a_count_explains_its_own_percentage(n: int, digits: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, n))
    assert all(count in explaining(percent, n) for percent in rounded(count, n, digits))


def test_the_bundled_counts_were_derived_by_the_same_rule(table: bm.EvidenceTable) -> None:
    """They were derived by hand, twice; four of the percentages are cut off or misprinted."""
    rows = table.frame[table.frame["derivation"] == "from_percent"]
    rows = rows[rows["percent_reported"].notna()].reset_index(drop=True)
    cells = rows[["study", "arm", "stratum", "outcome", "n", "percent_reported"]]
    agree = [
        list(explaining(f"{percent:g}", n)) == [events]
        for percent, n, events in zip(
            rows["percent_reported"], rows["n"], rows["events"], strict=True
        )
    ]
    assert len(agree) - sum(agree) <= 4
    derived = bm.read_evidence(cells[agree], rate="percent_reported").frame
    assert derived["events"].tolist() == rows.loc[agree, "events"].tolist()
    assert set(derived["derivation"]) == {"from_percent"}


def read(*percents: object, n: object = 38, **columns: object) -> bm.EvidenceTable:
    studies = [f"s{i}" for i in range(len(percents))]
    rows = pd.DataFrame({"study": studies, "n": n, "orr": percents, **columns})
    return bm.read_evidence(rows, rate="orr")


def test_how_a_count_was_had_is_kept_and_can_be_left_out() -> None:
    table = read("76.3%", "45", None, n=[38, 250, 20], events=[None, None, 7])
    assert table.frame["events"].tolist() == [29, 112, 7]
    assert table.frame["derivation"].tolist() == ["from_percent", "inferred", "reported"]
    (found,) = table.findings
    assert (
        "s1 (row 2): 45% of 250 may be 112 to 113; 112 is taken, and marked 'inferred'"
        in found.text
    )
    with pytest.warns(bm.EvidenceWarning, match="112 is taken"):
        sure = table.select(derivations=["reported", "from_percent"])
    assert sure.events.tolist() == [29, 7]
    assert table.reading == {"rate": "orr"}


def test_a_count_that_is_given_stands_and_is_compared() -> None:
    table = read("50", "76.3", events=[20, 29])
    assert table.frame["events"].tolist() == [20, 29]
    (found,) = table.findings
    assert "the percentage printed is 50, but 20 of 38 are 52.6%" in found.text


def test_the_nearest_count_is_taken_of_any_number_of_them() -> None:
    events = read("45", "45", "0.5", n=[250, 10**9, 1000]).frame["events"]
    assert events.tolist() == [112, 450_000_000, 5]


def test_no_responder_is_among_no_patients() -> None:
    assert read("0", n=0).frame[["events", "derivation"]].to_numpy().tolist() == [[0, "from_percent"]]  # fmt: skip


def test_a_small_percentage_that_a_count_explains_is_no_share() -> None:
    assert read("0.8", "0", n=[125, 90]).frame["events"].tolist() == [1, 0]


def test_a_derivation_that_is_stated_stands() -> None:
    table = read("50", "76.3", events=[19, None], derivation=["from_sum", None])
    assert table.frame["derivation"].tolist() == ["from_sum", "from_percent"]


def test_a_decimal_comma_is_read_in_percentages(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("rates") / "a.csv"
    file.write_text("study;n;orr\na;38;76,3\nb;26;46,2\n")
    assert bm.read_evidence(file, rate="orr").frame["events"].tolist() == [29, 12]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("76.3", "47.1"), r"row 2: s1, 47\.1% of 38 \(17 are 44\.74% and 18 are 47\.37%\)"),
        (("76.3", "a"), r"must hold percentages from 0 to 100; not so in row 2: 'a'"),
        (("0.763", "0.5"), r"values from 0\.5 to 0\.763, which look like shares"),
    ],
)
def test_what_no_count_explains_is_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(bm.EvidenceError, match=message):
        read(*arguments)


@pytest.mark.parametrize("rate", [3, "n"])
def test_a_rate_is_the_name_of_a_column_of_percentages(rate: object) -> None:
    rows = pd.DataFrame({"study": ["a"], "n": [3], "orr": [50]})
    with pytest.raises(bm.SettingsError, match="`rate` must name a column"):
        bm.read_evidence(rows, rate=rate)  # type: ignore[arg-type]
