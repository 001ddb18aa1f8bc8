"""The condition grammar: what it means, and that nothing else is ever evaluated."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import bayesmeta as bm
from bayesmeta.evidence.conditions import matches

FRAME = pd.DataFrame(
    {
        "source": pd.Series(["000", "001", None], dtype="str"),
        "n": [10.0, 30.0, np.nan],
        "arm": ["a", "b", "c"],
        "part_of": ["", "x", "x"],
        "median age": [61.0, np.nan, 70.0],
        "class": ["a", "b", "in"],
    }
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("source == '001'", [False, True, False]),
        ("source != '001'", [True, False, False]),
        ("n >= 10 and n < 30", [True, False, False]),
        ("not n > 10", [True, False, False]),
        ("n > 20 or arm == 'a'", [True, True, False]),
        ("arm in ['a', 'c'] and not (source == '000')", [False, False, False]),
        ("source not in ('001',)", [True, False, False]),
        ("n == -1", [False, False, False]),
        ("n is missing", [False, False, True]),
        ("n is not missing", [True, True, False]),
        ("not n is missing", [True, True, False]),
        ("n > 20 or n is missing", [False, True, True]),
        ("not (n > 20 and source == '000')", [True, True, False]),
        ("not (n < 20 or arm == 'c')", [False, True, False]),
        ("part_of != 'x'", [True, False, False]),
        ("part_of is missing", [True, False, False]),
        ("`median age` > 60 and `class` == 'a'", [True, False, False]),
        ("`median age` is missing or `class` in ['in', '`n`']", [False, True, True]),
    ],
)
def test_meaning(condition: str, expected: list[bool]) -> None:
    assert matches(condition, FRAME).tolist() == expected


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("__import__('os').system('true')", "does not allow"),
        ("().__class__ == 'a'", "does not allow"),
        ("n.real == 1", "does not allow"),
        ("(lambda: 1)() == 1", "does not allow"),
        ("n == (x := 3)", "text in quotes or a number"),
        ("n == open('f')", "text in quotes or a number"),
        ("1 < n < 3", "does not allow"),
        ("n + 1 == 3", "does not allow"),
        ("n", "does not allow"),
        ("n ==", "cannot be read at character"),
        ("", "cannot be read"),
        ("m == 1", "no column 'm'"),
        ("n == 'ten'", "holds numbers; got 'ten'"),
        ("arm > 1", "holds text; got 1"),
        ("n in 3", "by `in`"),
        ("n = 3", r"cannot be read.* Write `==` where"),
        ("n == 3 && arm == 'a'", "cannot be read.* Write `and` instead of `&`"),
        ("n == 3 & n == 4", "does not allow.* Write `and` instead of `&`"),
        ("n == 3 || n == 4", r"cannot be read.* Write `or` instead of `\|`"),
        ("arm == 'a=b' 3", "'a=b' 3\"\\. Write comparisons"),
        ("n == [3]", "by `in`"),
        ("n is 3", "does not allow 'n is 3'"),
        ("n is None", "does not allow 'n is None'"),
        ("missing is n", "does not allow 'missing is n'"),
        ("m is missing", "no column 'm'"),
        ("`m` == 1", "no column 'm'"),
        ("`median age > 60", "cannot be read"),
        ("`median age` + 1 == 3", r"does not allow '`median age` \+ 1 == 3'"),
        ("class == 'a'", "cannot be read.* stand in backquotes"),
    ],
)
def test_everything_else_is_refused(condition: str, message: str) -> None:
    with pytest.raises(bm.EvidenceError, match=message):
        matches(condition, FRAME)


OPPOSITES = {"==": "!=", "<": ">=", "<=": ">", "in": "not in", "is": "is not"}
PAIRS = st.sampled_from(
    [pair for one, other in OPPOSITES.items() for pair in ((one, other), (other, one))]
)
VALUES = {"`age`": st.integers(59, 62), "source": st.sampled_from(["'a'", "'b'"])}


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[str, str]:
    """Return a comparison and its negation."""
    column, pair = draw(st.sampled_from(sorted(VALUES))), draw(PAIRS)
    value = draw(VALUES[column])
    if pair[0] in ("<", "<=", ">", ">=") and column == "source":
        pair = ("==", "!=")
    right = "missing" if "is" in pair[0].split() else f"[{value}]" if "in" in pair[0] else value
    return f"{column} {pair[0]} {right}", f"{column} {pair[1]} {right}"


def joined(parts: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """Return two conditions joined, and the negation of both."""
    both = st.tuples(parts, parts, st.sampled_from([("and", "or"), ("or", "and")]))
    return both.map(
        lambda found: (
            f"({found[0][0]}) {found[2][0]} ({found[1][0]})",
            f"({found[0][1]}) {found[2][1]} ({found[1][1]})",
        )
    )


ROWS = st.lists(
    st.tuples(st.sampled_from([59.0, 60.0, 61.0, 62.0, None]), st.sampled_from(["a", "b", None])),
    min_size=1,
    max_size=8,
)


@settings(deadline=None)
@given(rows=ROWS, conditions=st.recursive(comparisons(), joined, max_leaves=5))
def test_not_and_the_negated_condition_keep_the_same_rows(
    rows: list[tuple[float | None, str | None]], conditions: tuple[str, str]
) -> None:
    age, source = zip(*rows, strict=True)
    frame = pd.DataFrame(
        {"age": pd.Series(age, dtype="float64"), "source": pd.Series(source, dtype="str")}
    )
    condition, negated = conditions
    without = matches(f"not ({condition})", frame)
    assert without.tolist() == matches(negated, frame).tolist()
    assert not (without & matches(condition, frame)).any()
    known = frame.notna().all(axis=1).to_numpy()
    assert (without | matches(condition, frame))[known].all()


def test_unknown_values_are_kept_where_asked_for_only() -> None:
    rows = pd.DataFrame({"study": list("abcd"), "events": 3, "n": 9, "age": [61, "NR", 66, 70]})
    table = bm.read_evidence(rows)
    for where in ("not age in [61, 70]", "age not in [61, 70]"):
        assert table.select(where=where).studies.tolist() == ["c"]
    kept = table.select(where="age not in [61, 70] or age is missing")
    assert kept.studies.tolist() == ["b", "c"]
