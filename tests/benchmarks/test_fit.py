"""What a fit of the bundled evidence costs: `uv run pytest tests/benchmarks --benchmark-only`.

Absolute times vary with the machine; compare rows of one run.
"""

from collections.abc import Callable

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.inference.density.coordinates import density_data, size, starting_point
from bayesmeta.inference.density.log_density import log_density
from bayesmeta.model import make_design


@pytest.mark.parametrize("model", ["common_effect", "pooled", "regimen"])
def test_fit(benchmark: Callable[..., object], orr: bm.Arms, model: str) -> None:
    spec = bm.load_model(model)
    bm.fit(spec, orr, seed=1)  # compiles, or loads what was compiled
    benchmark(bm.fit, spec, orr, seed=1)


def test_gradient(benchmark: Callable[..., object], orr: bm.Arms) -> None:
    data = density_data(make_design(bm.load_model("regimen"), orr))
    point, gradient = starting_point(data, np.random.default_rng(1)), np.empty(size(data))
    log_density(point, data, gradient)
    benchmark(log_density, point, data, gradient)


def test_grid(benchmark: Callable[..., object], orr: bm.Arms) -> None:
    spec = bm.load_model("pooled")
    bm.fit(spec, orr, method="quadrature")
    benchmark(bm.fit, spec, orr, method="quadrature")


@pytest.mark.parametrize(
    "answer", [bm.diagnose, bm.summary, bm.shrinkage], ids=["diagnose", "summary", "shrinkage"]
)
def test_answers(
    benchmark: Callable[..., object], regimen_fit: bm.Fit, answer: Callable[[bm.Fit], object]
) -> None:
    answer(regimen_fit)
    benchmark(answer, regimen_fit)
