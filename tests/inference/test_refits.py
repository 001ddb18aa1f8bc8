"""Refits: one thing changed, a stream of their own, and the same draws however they are run."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.inference.engines import sampled
from bayesmeta.model import make_design

pytestmark = pytest.mark.slow


def mu_of(fit: bm.Fit) -> "np.ndarray":
    return fit.posterior["mu"].to_numpy()


def refitted(fit: bm.Fit, stream: int) -> "np.ndarray":
    return mu_of(bm.refit(fit, stream=stream))


@pytest.fixture(scope="module")
def first(orr: bm.Arms, quick: bm.SamplerSettings) -> bm.Fit:
    return bm.fit(bm.load_model("regimen"), orr, seed=5, settings=quick)


def test_each_stream_is_its_own(first: bm.Fit) -> None:
    draws = [mu_of(first), *(refitted(first, stream) for stream in range(3))]
    assert len({found.tobytes() for found in draws}) == 4
    assert np.array_equal(draws[2], refitted(first, 1))


def test_a_refit_of_a_refit_has_a_stream_of_its_own(first: bm.Fit) -> None:
    once = bm.refit(first, stream=0)
    twice = bm.refit(once, stream=0)
    assert not np.array_equal(mu_of(once), mu_of(twice))
    assert twice.provenance.stream == (0, 0)


def test_threads_and_processes_give_the_draws_of_one_after_another(first: bm.Fit) -> None:
    expected = [refitted(first, stream) for stream in range(6)]
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(partial(refitted, first), range(6)))
    assert all(np.array_equal(*pair) for pair in zip(expected, found, strict=True))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        [found_apart] = processes.map(_apart, [first.provenance.seed])
    assert np.array_equal(expected[3], found_apart)


def _apart(seed: int) -> "np.ndarray":
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    settings = bm.SamplerSettings(chains=4, warmup=300, draws=500)
    return refitted(bm.fit(bm.load_model("regimen"), arms, seed=seed, settings=settings), 3)


def test_another_model_other_arms_and_other_settings(first: bm.Fit) -> None:
    fewer = first.arms.drop((first.arms.frame["study"] == "aldoss2019a").to_numpy(), "left out")
    settings = bm.SamplerSettings(chains=2, warmup=200, draws=100)
    again = bm.refit(first, spec=bm.load_model("pooled"), arms=fewer, settings=settings, stream=0)
    assert again.spec.name == "pooled"
    assert again.posterior.sizes == {
        "chain": 2,
        "draw": 100,
        "study": len(fewer.studies),
        "arm": len(fewer),
    }
    assert again.provenance.stream == (0,)
    assert first.provenance.stream == ()


def test_the_stream_survives_saving(first: bm.Fit, tmp_path: "object") -> None:
    bm.refit(first, stream=7).save(f"{tmp_path}/run")
    assert bm.load_fit(f"{tmp_path}/run").provenance.stream == (7,)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stream": -1}, "`stream` must be a whole number of at least 0; got -1"),
        ({"stream": True}, "`stream` must be a whole number"),
        ({"stream": 0, "arms": "all"}, "`arms` must be of type Arms; got str"),
    ],
)
def test_bad_arguments(first: bm.Fit, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.refit(first, **arguments)  # type: ignore[arg-type]


def test_a_quadrature_fit_has_no_draws_to_make_again(orr: bm.Arms) -> None:
    exact = bm.fit(bm.load_model("pooled"), orr, method="quadrature")
    with pytest.raises(bm.SettingsError, match="must be a Fit of a ModelSpec; got QuadratureFit"):
        bm.refit(exact, stream=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["pooled", "regimen", "overdispersed", "arms"])
def test_a_light_refit_has_the_draws_of_a_refit(orr: bm.Arms, name: str) -> None:
    spec, settings = bm.load_model(name), bm.SamplerSettings(chains=2, warmup=100, draws=100)
    first = bm.fit(bm.load_model("pooled"), orr, seed=8, settings=settings)
    refit = bm.refit(first, spec=spec, stream=2**47 + 5)
    light = sampled(make_design(spec, orr), 8, settings, stream=(2**47 + 5,), light=True)
    assert light.posterior.identical(refit.posterior)
    assert set(light.draws.children) == {"posterior", "sample_stats"}
    assert np.array_equal(
        light.draws["sample_stats"]["energy"], refit.draws["sample_stats"]["energy"]
    )
    pd.testing.assert_frame_equal(bm.diagnose(light).table, bm.diagnose(refit).table, rtol=1e-12)
    for field in ("stream", "spec_hash", "arms_hash"):
        assert getattr(light.provenance, field) == getattr(refit.provenance, field)
