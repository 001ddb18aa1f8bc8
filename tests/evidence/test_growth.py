"""Reading, selecting and checking are linear in arms: counted in operations, not in seconds."""

import tracemalloc
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.inference.density.coordinates import density_data, size, translate
from bayesmeta.model import make_design


def frame(arms: int) -> pd.DataFrame:
    """Studies of a whole arm and its two parts."""
    study = [f"s{i // 3}" for i in range(arms)]
    arm = ["whole", "one", "two"] * (arms // 3)
    return pd.DataFrame(
        {
            "study": study,
            "arm": arm,
            "part_of": ["", "whole", "whole"] * (arms // 3),
            "events": [4, 2, 2] * (arms // 3),
            "n": [18, 9, 9] * (arms // 3),
        }
    )


def counted(owner: type, name: str, call: Callable[[], object]) -> int:
    """Return how often an attribute, each time linear in arms, is used by a call."""
    original, uses = getattr(owner, name), []
    wrapped = original.fget if isinstance(original, property) else original

    def counting(*arguments: object) -> object:
        uses.append(1)
        return wrapped(*arguments)

    new = property(counting) if isinstance(original, property) else counting
    with patch.object(owner, name, new):
        call()
    return len(uses)


@pytest.mark.parametrize(
    ("owner", "name"),
    [(bm.Arms, "labels"), (pd.DataFrame, "__getitem__"), (pd.Series, "__eq__")],
)
def test_a_selection_looks_at_all_arms_equally_often_however_many_there_are(
    owner: type, name: str
) -> None:
    few, many = (bm.read_evidence(frame(arms)) for arms in (30, 300))
    assert counted(owner, name, few.select) == counted(owner, name, many.select)


def test_translating_missing_values_needs_memory_linear_in_arms(
    make_arms: Callable[..., bm.Arms],
) -> None:
    peaks = []
    for arms in (400, 1600):
        dose = [float(i % 5) if i % 2 else None for i in range(arms)]
        spec = bm.ModelSpec(covariates=bm.Covariates("dose", impute=["dose"]))
        data = density_data(make_design(spec, make_arms([(3, 9)] * arms, dose=dose)))
        points = np.zeros((3, size(data)))
        tracemalloc.start()
        translate(data, points)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 4.5 * peaks[0]
