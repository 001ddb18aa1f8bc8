"""The one place that knows nutpie: the compiled density in, draws and sampler statistics out.

nutpie is pinned to a minor version because this uses its compiled interface (`nutpie._lib`), the
way its own PyMC models do; a Python callback would hold the interpreter's lock.
"""

import importlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import SamplingError
from bayesmeta.inference.density.callbacks import compiled_copy, value_and_gradient
from bayesmeta.inference.settings import SamplerSettings, processors
from bayesmeta.inference.targets import Target
from bayesmeta.progress import is_watched, progress_bar

_NAME = "nutpie._lib"

STARTS = 20
"""Starting points that a chain tries before it gives up."""

STATISTICS = {
    "depth": "tree_depth",
    "maxdepth_reached": "reached_max_treedepth",
    "diverging": "diverging",
    "energy": "energy",
    "logp": "lp",
    "n_steps": "n_steps",
    "step_size": "step_size",
    "mean_tree_accept": "acceptance_rate",
}
"""Sampler statistics that are kept: nutpie's name, ArviZ's name."""


@dataclass(frozen=True, eq=False)
class RawDraws:
    """Draws in the sampler's coordinates, dims (chain, draw, coordinate), and statistics."""

    points: Array
    statistics: dict[str, npt.NDArray[Any]]


def sample_target(
    target: Target,
    settings: SamplerSettings,
    seed: np.random.SeedSequence,
    *,
    progress: bool | None,
    address: int | None = None,
    kept: int | None = None,
) -> RawDraws:
    """Return draws of the first `kept` coordinates (all where None) from a compiled density.

    `address` is that of a C function to sample instead, of the same data and coordinates. Chains are
    stopped before an interrupt is raised.
    """
    _lib = _nutpie_extension()
    data, dim = target.data, target.size
    kept = dim if kept is None else kept
    # The sampler keeps what is passed last alive for as long as it points into it.
    density = _lib.LogpFunc(address or target.density.address, data.address, data)
    expand = _lib.ExpandFunc(dim, kept, compiled_copy.address, data.address, data)
    sizes = {"coordinate": kept}
    variables = _lib.PyVariable.new_variables(
        ["point"], ["float64"], [[kept]], sizes, {"point": ["coordinate"]}
    )
    start = _starting_points(target, seed)
    model = _lib.PyMcModel(
        density, expand, variables, dim, sizes, {"coordinate": pd.RangeIndex(kept)}, start, None
    )
    chosen = _settings(_lib, settings, seed)
    cores = settings.cores or processors()
    with _progress(_lib, settings, progress=progress) as shown:

        def begin() -> Any:
            storage = _lib.PyStorage.arrow()
            return _lib.PySampler.from_pymc(chosen, cores, model, shown, None, 100, storage)

        trace = _finished(begin, seed)
    draws, statistics = trace.get_arrow_trace()
    return RawDraws(
        np.stack(
            [
                _kept(chain, stats, "point", settings, seed)
                for chain, stats in zip(draws, statistics, strict=True)
            ]
        ),
        {
            name: np.stack([_kept(stats, stats, key, settings, seed) for stats in statistics])
            for key, name in STATISTICS.items()
        },
    )


def sample_pymc(
    model: Any, settings: SamplerSettings, seed: np.random.SeedSequence, *, progress: bool | None
) -> Any:
    """Return the posterior, as nutpie labels it, and statistics of a PyMC model, compiled first."""
    import nutpie

    compiled = nutpie.compile_pymc_model(model)
    chosen = _settings(nutpie._lib, settings, seed).as_dict()["settings"]
    started = []

    def begin() -> Any:
        sampler = nutpie.sample(
            compiled,
            draws=settings.draws,
            tune=settings.warmup,
            chains=settings.chains,
            cores=settings.cores or processors(),
            seed=chosen["seed"],
            target_accept=settings.target_accept,
            maxdepth=settings.max_treedepth,
            progress_bar=is_watched(progress=progress),
            save_warmup=False,
            blocking=False,
        )
        started.append(sampler)
        return sampler._sampler

    results = _finished(begin, seed)
    tree = started[0]._extract(results)
    return tree.posterior.to_dataset(), {
        name: tree.sample_stats[key].to_numpy() for key, name in STATISTICS.items()
    }


@contextmanager
def _progress(lib: Any, settings: SamplerSettings, *, progress: bool | None) -> Iterator[Any]:
    """Yield how the sampler tells its progress: to a bar, or not at all."""
    if not is_watched(progress=progress):
        yield lib.ProgressType.none()
        return
    total, done = settings.chains * (settings.warmup + settings.draws), 0
    with progress_bar(total, what="draws", shown=True) as advance:

        def show(finished: str) -> None:
            nonlocal done
            advance(int(finished) - done)
            done = int(finished)

        yield lib.ProgressType.template_callback(200, "{{ total_finished_draws }}", 1, show)
        show(str(total))


def _settings(lib: Any, settings: SamplerSettings, seed: np.random.SeedSequence) -> Any:
    chosen = lib.PyNutsSettings.Diag(int(seed.generate_state(1, np.uint64)[0]))
    chosen.update(
        {
            "num_tune": settings.warmup,
            "num_draws": settings.draws,
            "num_chains": settings.chains,
            "target_accept": settings.target_accept,
            "maxdepth": settings.max_treedepth,
        }
    )
    return chosen


def _starting_points(target: Target, seed: np.random.SeedSequence) -> Callable[[int], Array]:
    """Return a function from a chain's seed to a starting point of finite density, after one try."""

    def start(chain: int) -> Array:
        rng = np.random.default_rng(chain)
        for _ in range(STARTS):
            point = target.start(rng)
            value, gradient = value_and_gradient(point, target.data, target.density)
            if np.isfinite(value) and np.isfinite(gradient).all():
                return point
        raise SamplingError(
            f"The density is not finite where chains start, at none of {STARTS} points. The priors exclude "
            f"what the data show; widen them. {_reproduced(seed)}"
        )

    start(0)
    return start


def _reproduced(seed: np.random.SeedSequence) -> str:
    """Return how to have a failure again."""
    # A key ends with the place among a fit's own streams, and begins with that of refits.
    streams = ".".join(map(str, seed.spawn_key[1:-1]))
    stream = f", stream {streams}" if streams else ""
    return f"Seed {seed.entropy}{stream} reproduces it."


def _finished(begin: Callable[[], Any], seed: np.random.SeedSequence) -> Any:
    """Start the chains and wait for them; stop them if interrupted."""
    with _recorded_interrupts() as seen:
        sampler = begin()
    try:
        if seen:
            raise KeyboardInterrupt
        sampler.wait(None)
        return sampler.take_results()
    except KeyboardInterrupt:
        sampler.abort()
        raise
    except BaseException as error:
        # A panic of the sampler's own language is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = " ".join(str(error).split("Stack backtrace")[0].split())
        raise SamplingError(f"The sampler stopped: {reason}. {_reproduced(seed)}") from error


@contextmanager
def _recorded_interrupts() -> Iterator[list[int]]:
    """Note interrupts instead of raising: one that rises while chains start would not stop them."""
    seen: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield seen
        return
    before = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)


def _kept(  # noqa: PLR0917
    batch: Any, statistics: Any, name: str, settings: SamplerSettings, seed: np.random.SeedSequence
) -> npt.NDArray[Any]:
    """Return one column of an Arrow batch after warm-up, shape (draw, ...)."""
    import pyarrow as pa

    column = pa.array(batch.column(name))
    first = int(np.asarray(statistics.column("tuning")).sum())
    if batch.num_rows - first != settings.draws:
        raise SamplingError(
            f"A chain stopped after {batch.num_rows - first} of {settings.draws} draws. {_reproduced(seed)}"
        )
    flat = column.flatten() if hasattr(column, "flatten") else column
    values: npt.NDArray[Any] = flat.to_numpy(zero_copy_only=False).reshape(batch.num_rows, -1)[
        first:
    ]
    return values if name == "point" else values[:, 0]


def _nutpie_extension() -> Any:
    """Return the module `nutpie._lib`, loaded by itself.

    Importing it by its name would first run nutpie's package, which imports ArviZ and Matplotlib.
    """
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    package = find_spec("nutpie")
    places = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec(_NAME, places) if places else None
    if spec is None or spec.loader is None:
        return importlib.import_module(_NAME)
    module = module_from_spec(spec)
    sys.modules[_NAME] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[_NAME]
        raise
    return module
