"""Draws on disk: what is read is what was written, by this package and by xarray."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bayesmeta as bm
from bayesmeta.inference.netcdf import numpy_dataset, read_tree, write_tree


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    """Every kind of value and label that draws have, and a dim of no length."""
    rng = np.random.default_rng(1)
    posterior = numpy_dataset(
        {
            "mu": (("chain", "draw"), rng.normal(size=(2, 3))),
            "u": (("chain", "draw", "study"), rng.normal(size=(2, 3, 2))),
        },
        {"study": np.array(["Žďár/1", "b"], dtype=object), "chain": [0, 1], "draw": np.arange(3)},
    )
    constant = numpy_dataset(
        {
            "design": (("arm", "covariate"), np.zeros((2, 0))),
            "reported": (("arm",), np.array([True, False])),
            "n": (("arm",), np.array([3, 4])),
            "label": (("arm",), np.array(["", "x"])),
            "missing": (("arm",), np.array([np.nan, -np.inf])),
        },
        {"arm": ["first", "second"], "covariate": []},
    )
    return xr.DataTree.from_dict({"/posterior": posterior, "/constant_data": constant})


def test_a_dataset_is_the_one_that_xarray_makes(tree: xr.DataTree) -> None:
    posterior = tree["posterior"].to_dataset()
    values = {name: (one.dims, one.to_numpy()) for name, one in posterior.data_vars.items()}
    labels = {"study": ["Žďár/1", "b"], "chain": [0, 1], "draw": [0, 1, 2]}
    assert posterior.identical(xr.Dataset(values, labels))
    assert posterior.sel(study="b")["u"].equals(posterior["u"][..., 1])


def test_what_is_written_is_read_by_us_and_by_xarray(tree: xr.DataTree, tmp_path: Path) -> None:
    write_tree(tree, tmp_path / "draws.nc")
    found = read_tree(tmp_path / "draws.nc")
    assert found.identical(tree)
    kinds = {name: one.dtype.kind for name, one in found["constant_data"].data_vars.items()}
    assert kinds == {"design": "f", "reported": "b", "n": "i", "label": "U", "missing": "f"}
    with xr.open_datatree(tmp_path / "draws.nc", engine="h5netcdf") as opened:
        assert opened.load().identical(tree)


def test_what_xarray_has_written_is_read(tree: xr.DataTree, tmp_path: Path) -> None:
    """Runs of earlier releases hold such files."""
    tree.to_netcdf(tmp_path / "draws.nc", engine="h5netcdf")
    assert read_tree(tmp_path / "draws.nc").identical(tree)


def test_the_same_draws_are_the_same_file(tree: xr.DataTree, tmp_path: Path) -> None:
    write_tree(tree, tmp_path / "one.nc")
    write_tree(tree, tmp_path / "two.nc")
    assert (tmp_path / "one.nc").read_bytes() == (tmp_path / "two.nc").read_bytes()


def test_a_fit_of_every_part_survives(
    make_arms: Callable[..., bm.Arms], quick: bm.SamplerSettings, tmp_path: Path
) -> None:
    arms = make_arms([(3, 10), (5, 20), (1, 8), (7, 12)], regimen=["a", "b", "a", "b"])
    spec = bm.ModelSpec(covariates=bm.Covariates("regimen", {"regimen": "a"}))
    fit = bm.fit(spec, arms, seed=1, settings=quick)
    write_tree(fit.draws, tmp_path / "draws.nc")
    assert read_tree(tmp_path / "draws.nc").identical(fit.draws)
