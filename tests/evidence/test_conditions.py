"""The condition grammar: what it means, and that nothing else is ever evaluated."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.evidence.conditions import matches

FRAME = pd.DataFrame(
    {
        "source": pd.Series(["000", "001", None], dtype="str"),
        "n": [10.0, 30.0, np.nan],
        "arm": ["a", "b", "c"],
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
        ("n ==", "can't be read at character"),
        ("", "can't be read"),
        ("m == 1", "no column 'm'"),
        ("n == 'ten'", "holds numbers; got 'ten'"),
        ("arm > 1", "holds text; got 1"),
        ("n in 3", "by `in`"),
        ("n = 3", r"can't be read.* Write `==` where"),
        ("n == 3 && arm == 'a'", "can't be read.* Write `and` instead of `&`"),
        ("n == 3 & n == 4", "does not allow.* Write `and` instead of `&`"),
        ("n == 3 || n == 4", r"can't be read.* Write `or` instead of `\|`"),
        ("arm == 'a=b' 3", "'a=b' 3\"\\. Write comparisons"),
        ("n == [3]", "by `in`"),
    ],
)
def test_everything_else_is_refused(condition: str, message: str) -> None:
    with pytest.raises(bm.EvidenceError, match=message):
        matches(condition, FRAME)
