"""Draws of studies and arms on disk: a zarr store with every group of a fit, read as it is asked for.

While chains run, points are streamed to disk in the sampler's coordinates. They are then translated
block by block into the store, which gets its name when it is whole.
"""

import shutil
import tempfile
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayesmeta.errors import RunError
from bayesmeta.inference.blocks import Block, Create, Writable, filled, rows_of_block
from bayesmeta.inference.draws import (
    DIMS,
    PER_ARM,
    PRIOR_DRAWS,
    after_evidence,
    before_evidence,
    by_group,
    dims_of,
    is_large,
    labels,
    of_block,
    parameter_groups,
    tree_of,
)
from bayesmeta.inference.simulation import prior_parameters
from bayesmeta.model import Design
from bayesmeta.paths import expanded

__all__ = ["check_store", "open_store", "whole_store", "write_store"]

Array = npt.NDArray[np.float64]
Variables = Mapping[str, npt.NDArray[Any]]

CHUNK = 1 << 17
"""Values in a chunk of the store: 1 MiB before it is compressed."""


def check_store(store: object) -> Path:
    """Return `store` as a path, after checking that it may be made.

    Raises
    ------
    RunError
        If it is no path, or exists and is not an empty folder.
    """
    if not isinstance(store, str | PathLike):
        raise RunError(f"`store` must be a path; got {store!r}. Write store='draws.zarr'.")
    try:
        path = expanded(store).absolute()
        taken = path.exists() and not (path.is_dir() and not any(path.iterdir()))
    except (OSError, ValueError) as error:
        raise RunError(f"{store} can't be written: {error}. Choose another folder.") from error
    if taken:
        raise RunError(f"`store`: {path} exists. Choose another folder, or delete it first.")
    return path


@contextmanager
def whole_store(path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a folder for points and one for the store, which gets its name when the block ends well.

    If the block fails or is interrupted, nothing is left behind.

    Raises
    ------
    RunError
        If the store can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(
            tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
        )
    except OSError as error:
        raise _unwritable(path, error) from error
    points, draws = partial / "points", partial / "draws"
    try:
        points.mkdir()
        yield points, draws
        # Only an empty folder may be there; Windows renames nothing over it.
        if path.exists():
            path.rmdir()
        draws.rename(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_store(
    folder: Path,
    design: Design,
    variables: Callable[[Block], Variables],
    *,
    statistics: Variables,
    seed: np.random.SeedSequence,
) -> None:
    """Write what `assemble` returns to a new folder, block by block.

    Parameters
    ----------
    folder : Path
        The store; it does not exist yet.
    design : Design
        The model and its arms.
    variables : callable
        From a block to the posterior draws of every variable, dims (draw, ...).
    statistics : mapping
        Sampler statistics, shape (chain, draw).
    seed : SeedSequence
        Source of the prior and predictive draws.
    """
    import zarr

    prior_rng, predictive_rng = map(np.random.default_rng, seed.spawn(2))
    prior = prior_parameters(design, prior_rng, (1, PRIOR_DRAWS))
    chains, draws = statistics["lp"].shape
    arms = len(design.arms)

    def posterior_block(block: Block) -> dict[str, npt.NDArray[Any]]:
        found = variables(block)
        named = {f"posterior/{name}": values for name, values in found.items()}
        return named | after_evidence(design, found, predictive_rng)

    create = _creator(zarr.open_group(folder, mode="w"))
    found = filled(posterior_block, (chains, draws), arms, create)
    found |= filled(
        lambda block: before_evidence(design, of_block(prior, block), prior_rng),
        (1, PRIOR_DRAWS),
        arms,
        create,
    )
    _write_rest(folder, design, by_group(found), statistics=statistics, prior=prior)


def open_store(path: Path) -> xr.DataTree:
    """Return the draws of a store; those of studies and arms stay on disk until they are asked for.

    Raises
    ------
    RunError
        If it can't be read, or part of it is missing.
    """
    import zarr

    try:
        for name, array in zarr.open_group(path, mode="r").members(max_depth=None):
            if isinstance(array, zarr.Array) and array.nchunks_initialized < array.nchunks:
                raise RunError(f"{path}: part of {name} is missing. Fit again.")
        tree = xr.open_datatree(path, engine="zarr", consolidated=False, chunks=None, cache=False)
    except (OSError, KeyError, ValueError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"{path} can't be read: {error}. Fit again.") from error
    return tree_of({name: _opened(node.to_dataset()) for name, node in tree.children.items()})


def _creator(tree: Any) -> Create:
    """Return what makes an array for each variable: on disk if it is of studies or arms."""

    def create(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Writable:
        group, variable = name.split("/")
        own = dims_of(variable, shape)
        if not PER_ARM.intersection(own):
            return np.empty(shape, dtype)
        rows = rows_of_block(shape[1], max(shape[2:]))
        wide = max(1, min(shape[2], CHUNK // rows))
        array: Writable = tree.require_group(group).create_array(
            variable,
            shape=shape,
            chunks=(1, rows, wide, *shape[3:]),
            dtype=dtype,
            dimension_names=["chain", "draw", *own],
            # A chunk that is not there is damage, never a run of fill values.
            config={"write_empty_chunks": True},
        )
        return array

    return create


def _write_rest(
    folder: Path,
    design: Design,
    found: Mapping[str, Mapping[str, Any]],
    *,
    statistics: Variables,
    prior: Variables,
) -> None:
    """Write beside the arrays of studies and arms what else there is, and the labels of all."""
    small = {
        name: array for name, array in found["posterior"].items() if isinstance(array, np.ndarray)
    }
    groups = parameter_groups(design, small, statistics, prior)
    for name, arrays in found.items():
        group = groups.get(name, xr.Dataset())
        dims = {dim for one, array in arrays.items() for dim in dims_of(one, array.shape)}
        shape = next(iter(arrays.values())).shape
        groups[name] = group.assign_coords(
            chain=np.arange(shape[0]), draw=np.arange(shape[1]), **labels(design, dims)
        )
    for name, group in groups.items():
        group.to_zarr(
            folder,
            group=name,
            mode="a",
            consolidated=False,
            zarr_format=3,
            write_empty_chunks=True,
        )


def _opened(group: xr.Dataset) -> xr.Dataset:
    """Return a group with what is small in memory, and labels as they are in a fit in memory."""
    texts = {
        str(name): variable.astype(object)
        for name, variable in group.variables.items()
        if variable.dtype.kind in "TU"
    }
    loaded = {
        str(name): variable.load() for name, variable in group.items() if not is_large(variable)
    }
    found = group.assign(loaded)
    # A folder has no order of its own.
    found = found[sorted(found.data_vars, key=_place)]
    return found.assign({name: variable for name, variable in texts.items() if name in group})


def _place(name: Hashable) -> tuple[int, str]:
    """Return where a variable stands among those of its group."""
    known = list(DIMS)
    return (known.index(str(name)) if name in known else len(known)), str(name)


def _unwritable(path: Path, error: OSError) -> RunError:
    if isinstance(error, RunError):
        return error
    return RunError(f"{path} can't be written: {error.strerror or error}. Nothing was kept.")
