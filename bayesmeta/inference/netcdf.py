"""Draws as datasets of NumPy arrays, and these as a netCDF file, without Dask.

Wherever Dask is installed, xarray imports it to see whether an array is one of Dask's and whether a
cluster is running, which takes longer than sampling does. What is made and read here is NumPy's. The
file is netCDF-4, which is HDF5 with the labels of dims as dimension scales: xarray and ArviZ read it.
h5netcdf would take seven times as long to write it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from xarray.indexes import PandasIndex

Labelled = Mapping[str, tuple[tuple[str, ...], npt.NDArray[Any]]]
"""Dims and values by name."""


def numpy_dataset(variables: Labelled, coords: Mapping[str, Any]) -> xr.Dataset:
    """Return a dataset of arrays; `coords` are the labels of each dim."""
    data = {
        name: xr.Variable(dims, values, fastpath=True) for name, (dims, values) in variables.items()
    }
    indexes = {dim: _index(dim, np.asarray(labels)) for dim, labels in coords.items()}
    columns = {dim: index.create_variables()[dim] for dim, index in indexes.items()}
    return xr.Dataset(data, xr.Coordinates(columns, indexes))


def _index(dim: str, labels: npt.NDArray[Any]) -> PandasIndex:
    # Told its type, pandas leaves Python's strings as they are.
    kind = object if labels.dtype == object else None
    return PandasIndex(pd.Index(labels, dtype=kind), dim, coord_dtype=labels.dtype)


def write_tree(tree: xr.DataTree, path: Path) -> None:
    """Write the groups of a tree to a new netCDF file.

    Every dim has labels, and every coordinate is a dim, as in all that a fit makes; values are numbers,
    truth values or text. Attributes are not written: there are none.
    """
    # netCDF wants the order of creation kept.
    with h5py.File(path, "w", track_order=True) as file:
        for name, node in tree.children.items():
            _write(file.create_group(name, track_order=True), node.to_dataset())


def _write(group: h5py.Group, dataset: xr.Dataset) -> None:
    for dim in dataset.dims:
        _write_values(group, str(dim), dataset.variables[dim]).make_scale(str(dim))
    for name in dataset.data_vars:
        variable = dataset.variables[name]
        written = _write_values(group, str(name), variable)
        for place, dim in enumerate(variable.dims):
            written.dims[place].attach_scale(group[str(dim)])


def _write_values(group: h5py.Group, name: str, variable: xr.Variable) -> h5py.Dataset:
    """Write values, truth values and text in the way that xarray reads."""
    values = np.asarray(variable)
    if values.dtype.kind in "UO":
        values = values.astype(h5py.string_dtype())
    if values.dtype.kind != "b":
        return group.create_dataset(name, data=values)
    written = group.create_dataset(name, data=values.astype(np.int8))
    written.attrs["dtype"] = "bool"
    return written


def read_tree(path: Path) -> xr.DataTree:
    """Return the groups of a netCDF file of draws."""
    with h5py.File(path, "r") as file:
        groups = {f"/{name}": _read(group) for name, group in file.items()}
    return xr.DataTree.from_dict(groups)


def _read(group: h5py.Group) -> xr.Dataset:
    coords = {name: _values(one) for name, one in group.items() if one.is_scale}
    variables = {
        name: (tuple(_name(dim[0]) for dim in one.dims), _values(one))
        for name, one in group.items()
        if name not in coords
    }
    return numpy_dataset(variables, coords)


def _name(scale: h5py.Dataset) -> str:
    """Return the dim that a scale holds the labels of."""
    return str(scale.name).rsplit("/", 1)[1]


def _values(written: h5py.Dataset) -> npt.NDArray[Any]:
    """Return values with the type they had when they were written."""
    if h5py.check_string_dtype(written.dtype):
        return np.asarray(written.asstr()[()], dtype=np.str_)
    values = np.asarray(written[()])
    return values.astype(bool) if written.attrs.get("dtype") == "bool" else values
