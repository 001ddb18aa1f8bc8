"""NumPy's numbers are numbers wherever one is asked for; truth values and text are none."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import bayesmeta as bm

PRIOR = bm.BetaMixture([0.6, 0.4], a=[2, 3], b=[4, 5])
WITH_NOTHING = bm.BetaMixture([1.0, 0.0], a=[2, 0.5], b=[2, 0.5])


@pytest.mark.parametrize(
    ("made", "plain"),
    [
        (bm.robustify(PRIOR, weight=np.float32(0.25), n=np.int64(1)), bm.robustify(PRIOR, weight=0.25, n=1)),
        (PRIOR.update(events=np.int32(3), n=np.int64(10)), PRIOR.update(events=3, n=10)),
        (bm.Condition(np.float64(0.35), certainty=np.float32(0.75)), bm.Condition(0.35, certainty=0.75)),
        (bm.LKJ(np.int64(2)), bm.LKJ(2)),
        (bm.Covariates("year", centre={"year": np.int64(2019)}), bm.Covariates("year", centre={"year": 2019})),
    ],
)  # fmt: skip
def test_numbers_of_numpy_give_what_plain_ones_give(made: object, plain: object) -> None:
    assert made == plain
    assert repr(made) == repr(plain)


def test_settings_of_numpy_can_be_written() -> None:
    settings = bm.SamplerSettings(chains=np.int64(2), draws=np.int32(300))  # type: ignore[arg-type]
    assert json.dumps([settings.chains, settings.draws]) == "[2, 300]"
    answer = bm.Question(rate_above=np.float32(0.5), cohort=np.int64(30), ci_prob=np.float64(0.9))  # type: ignore[arg-type]
    assert json.dumps([answer.rate_above, answer.cohort, answer.ci_prob]) == "[0.5, 30, 0.9]"


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda value: PRIOR.quantile(value), "probability"),
        (lambda value: bm.robustify(PRIOR, weight=value), "weight"),
        (lambda value: bm.Condition(value, certainty=0.9), "threshold"),
        (lambda value: bm.Condition(0.4, certainty=value), "certainty"),
        (lambda value: PRIOR.update(events=1, n=value), "n"),
        (lambda value: bm.SamplerSettings(draws=value), "draws"),
        (lambda value: bm.Question(rate_above=value), "rate_above"),
    ],
)
@pytest.mark.parametrize("value", ["0.4", True, [0.4], {"a": 1}, np.array([0.4, 0.5])])
def test_what_is_no_number_is_refused_by_name(
    call: Callable[[Any], object], argument: str, value: Any
) -> None:
    with pytest.raises(bm.BayesmetaError, match=f"^`{argument}`"):
        call(value)


@pytest.mark.parametrize("method", [["elir"], {"elir"}, 3, None])
def test_a_method_that_is_no_text(method: Any) -> None:
    with pytest.raises(bm.SettingsError, match="`method` must be one of"):
        bm.effective_sample_size(PRIOR, method=method)


def test_a_component_of_no_weight_leaves_densities_at_the_ends_alone() -> None:
    assert WITH_NOTHING.pdf([0.0, 0.5, 1.0]).tolist() == [0.0, pytest.approx(1.5), 0.0]
