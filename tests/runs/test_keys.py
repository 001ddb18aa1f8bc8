"""Keys of jobs: the same for the same parts and versions, and for nothing else."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

import bayesmeta as bm
from bayesmeta.runs import Job, job_key, jobs

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
parts = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def written(part: object) -> str:
    """Return a part as text that tells 1 from 1.0 and True, and -0.0 from 0.0."""
    return json.dumps(part, sort_keys=True)


@given(one=parts, other=parts)
def test_parts_that_differ_have_keys_that_differ(one: object, other: object) -> None:
    same = written(one) == written(other)
    assert (job_key(part=one) == job_key(part=other)) == same  # type: ignore[arg-type]


@given(content=st.dictionaries(st.text(max_size=4), parts, max_size=5), data=st.data())
def test_the_order_of_a_mapping_makes_no_difference(
    content: dict[str, object], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(content.items()))))
    assert job_key(part=content) == job_key(part=shuffled)  # type: ignore[arg-type]


def test_neither_does_the_order_of_the_parts_but_their_names_do() -> None:
    assert job_key(seed=1, draws=2) == job_key(draws=2, seed=1)
    assert job_key(seed=1, draws=2) != job_key(seed=2, draws=1)


def test_types_are_told_apart() -> None:
    values = (1, 1.0, True, "1", None, (1,), {"1": 1}, (), {}, "", 0.0, -0.0)
    assert len({job_key(part=value) for value in values}) == len(values)


def test_numbers_of_numpy_are_numbers() -> None:
    assert job_key(part=np.int64(3)) == job_key(part=3)
    assert job_key(part=np.float64(0.1)) == job_key(part=0.1)


def test_versions_belong_to_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = job_key(seed=1)
    monkeypatch.setattr(jobs, "versions", lambda: {**keys_before, "numpy": "0.0"})
    assert job_key(seed=1) != before


keys_before = dict(jobs.versions())


def test_a_key_names_a_file() -> None:
    assert re.fullmatch("[0-9a-f]{32}", job_key(seed=1))
    with pytest.raises(bm.SettingsError, match=r"`key` of job 'a' must be 32 hexadecimal digits"):
        Job("a", "../outside", dict)


@pytest.mark.parametrize("part", [b"bytes", {1: "a"}, object(), {"a": {"b": set()}}])
def test_what_is_no_part_is_refused(part: object) -> None:
    with pytest.raises(bm.SettingsError, match=r"`parts\['seed'\].* must be text, a number"):
        job_key(seed=part)  # type: ignore[arg-type]
