"""What bayesmeta costs inside a process, as JSON; run by `measure.py`, the counterpart of fit_*.R.

`python fit_bayesmeta.py CHAINS WARMUP DRAWS SEED REFITS`
"""

import ctypes
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

import bayesmeta as bm
from bayesmeta.inference import nuts
from bayesmeta.inference.convergence import ess_bulk
from bayesmeta.inference.density.coordinates import density_data, size, starting_point
from bayesmeta.inference.density.data import DensityData, pack
from bayesmeta.inference.density.log_density import usual_density
from bayesmeta.inference.settings import processors
from bayesmeta.inference.targets import target_of
from bayesmeta.model import make_design

COPIES = (1, 10, 100, 1000)
"""How often the evidence is repeated for the cost of a gradient as arms grow."""

WORK = 4_000_000
"""Arms over which gradients are timed, per repetition."""


def main() -> None:
    chains, warmup, draws, seed, refits = map(int, sys.argv[1:])
    settings = bm.SamplerSettings(chains=chains, warmup=warmup, draws=draws)
    found = refit(settings, seed, refits) | sampling(settings, seed, refits)
    print(json.dumps(found | {"gradient": [gradient_cost(copies) for copies in COPIES]}))


def evidence() -> bm.Arms:
    """Return overall response to venetoclax regimens, from the bundled evidence."""
    table = bm.load_evidence("rr_aml_venetoclax")
    return table.select(outcome="ORR", where="venetoclax == 'yes'")


def refit(settings: bm.SamplerSettings, seed: int, refits: int) -> dict[str, float]:
    """Return seconds of a call of `fit`, and the last fit's means and smallest bulk ESS."""
    spec, arms = bm.load_model("regimen"), evidence()
    bm.fit(spec, arms, seed=seed, settings=settings)
    seconds, fits = zip(
        *(
            timed(bm.fit, spec, arms, seed=seed + i, settings=settings)
            for i in range(1, refits + 1)
        ),
        strict=True,
    )
    posterior = fits[-1].posterior
    coefficients = np.moveaxis(posterior["beta"].to_numpy(), -1, 0)
    scalars = np.stack([posterior["mu"].to_numpy(), *coefficients, posterior["tau"].to_numpy()])
    ess = float(ess_bulk(scalars).min())
    means = {name: float(posterior[name].mean()) for name in ("mu", "tau")}
    return means | {"ess": ess, "refit": statistics.median(seconds)}


def sampling(settings: bm.SamplerSettings, seed: int, repeats: int) -> dict[str, float]:
    """Return seconds of the sampler alone, and how many gradients it asked for."""
    target = target_of(make_design(bm.load_model("regimen"), evidence()))

    def sample(address: int | None = None) -> nuts.RawDraws:
        root = np.random.SeedSequence(seed)
        return nuts.sample_target(target, settings, root, progress=False, address=address)

    seconds, draws = zip(*(timed(sample) for _ in range(repeats)), strict=True)
    again, gradients = counted(sample)
    if not np.array_equal(again.points, draws[-1].points):
        sys.exit(
            "Counting gradients changed the draws, so it did not count those of the timed run."
        )
    return {
        "sampling": statistics.median(seconds),
        "gradients": gradients,
        "kept_steps": int(again.statistics["n_steps"].sum()),
        "cores": min(settings.chains, processors()),
    }


def counted[T](sample: Callable[[int | None], T]) -> tuple[T, int]:
    """Return the result of `sample`, given a density, and how often it called that.

    Every call counts, during warm-up and the search for a first step size too, which the sampler's
    own `n_steps` leaves out. The calls pass through Python, so this is not the run that is timed;
    with the same seed it takes the same steps.
    """
    calls = itertools.count()
    original = usual_density.ctypes

    def density(*arguments: Any) -> int:
        next(calls)
        return int(original(*arguments))

    callback = type(original)(density)
    return sample(ctypes.cast(callback, ctypes.c_void_p).value), next(calls)


def gradient_cost(copies: int) -> dict[str, float]:
    """Return microseconds of a gradient, as the sampler asks for it, of the evidence repeated."""
    data = repeated(density_data(make_design(bm.load_model("regimen"), evidence())), copies)
    return {"arms": data.events.size, "microseconds": gradient_microseconds(data, 5)}


def gradient_microseconds(data: DensityData, repeats: int) -> float:
    """Return the least microseconds of a gradient, as the sampler asks for it."""
    calls, pointers = max(WORK // data.events.size, 1), pack(data)
    point = starting_point(data, np.random.default_rng(1))
    arguments = (point, np.empty(size(data)), np.empty(1), pointers.addresses)
    many_gradients(1, *arguments)
    return 1e6 * min(timed(many_gradients, calls, *arguments)[0] for _ in range(repeats)) / calls


BY_ARM_OR_STUDY = (
    "events",
    "n",
    "study",
    "log_coefficient",
    "deviation",
    "study_mean",
    "level",
    "information",
    "tau_of_study",
)
"""Arrays of the density with one row per arm or study."""


def repeated(data: DensityData, copies: int) -> DensityData:
    """Return the evidence `copies` times over, each time of other studies."""
    arms, studies = data.events.size, data.level.size
    grown = {name: np.concatenate([getattr(data, name)] * copies) for name in BY_ARM_OR_STUDY}
    grown["study"] += studies * np.repeat(np.arange(copies), arms)
    return data._replace(**grown)


# Of pointers without types, as arrays give them in compiled code.
_density = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)(
    usual_density.address
)


@njit  # type: ignore[untyped-decorator]
def many_gradients(
    calls: int,
    point: npt.NDArray[np.float64],
    gradient: npt.NDArray[np.float64],
    value: npt.NDArray[np.float64],
    addresses: npt.NDArray[np.uintp],
) -> None:
    for _ in range(calls):
        _density(point.size, point.ctypes, gradient.ctypes, value.ctypes, addresses.ctypes)


def timed[**P, R](
    function: Callable[P, R], *arguments: P.args, **options: P.kwargs
) -> tuple[float, R]:
    """Return wall seconds of a call, and what it returned."""
    start = time.perf_counter()
    result = function(*arguments, **options)
    return time.perf_counter() - start, result


if __name__ == "__main__":
    main()
