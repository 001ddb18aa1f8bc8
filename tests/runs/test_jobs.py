"""What becomes of a job: a value as JSON holds it, or an error."""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_works import fail

import bayesmeta as bm
from bayesmeta.runs import Failed, Finished, Outcome
from bayesmeta.runs.jobs import attempt, versions


def outcome_of(work: Callable[..., Any], *arguments: Any) -> Outcome:
    return attempt(work, arguments, versions())


def test_a_value_is_as_it_would_be_read() -> None:
    value = {
        "pair": (1, 2.5),
        "array": np.arange(3),
        "number": np.float32(0.5),
        "count": np.int64(2),
    }
    found = outcome_of(lambda: value)
    assert isinstance(found, Finished)
    assert found.value == {"pair": [1, 2.5], "array": [0, 1, 2], "number": 0.5, "count": 2}
    assert json.loads(json.dumps(found.value)) == found.value


def test_nan_and_infinities_are_kept() -> None:
    found = outcome_of(lambda: {"nan": math.nan, "inf": -math.inf})
    assert isinstance(found, Finished)
    assert math.isnan(found.value["nan"])
    assert found.value["inf"] == -math.inf


def test_an_error_is_kept_with_its_message_and_seed(tmp_path: Path) -> None:
    found = outcome_of(fail, str(tmp_path / "log"), 7)
    assert isinstance(found, Failed)
    assert found.error == "SamplingError"
    assert found.message == "The sampler stopped. Seed 7 reproduces it."
    assert not found.again


@pytest.mark.parametrize(
    ("error", "again"),
    [(MemoryError("much"), True), (OSError("disk"), True), (ValueError("x"), False)],
)
def test_what_the_machine_may_have_caused_is_done_again(error: Exception, *, again: bool) -> None:
    def work() -> dict[str, Any]:
        raise error

    found = outcome_of(work)
    assert isinstance(found, Failed)
    assert found.again is again


def test_leaving_is_a_failure() -> None:
    found = outcome_of(sys.exit, 4)
    assert isinstance(found, Failed)
    assert (found.error, found.message) == ("SystemExit", "4")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1], "must return a mapping; got list"),
        ({"a": object()}, "cannot hold a value of type object"),
    ],
)
def test_what_json_can_not_hold_is_a_failure(value: object, words: str) -> None:
    found = outcome_of(lambda: value)
    assert isinstance(found, Failed)
    assert found.error == "TypeError"
    assert words in found.message


def test_other_versions_stop_the_run() -> None:
    with pytest.raises(bm.RunError, match=r"other versions: numpy .* rather than 0\.0\.1"):
        attempt(dict, (), {**versions(), "numpy": "0.0.1"})
