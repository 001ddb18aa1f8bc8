"""Draws as an ArviZ `DataTree`: our dims, coords that people read, and what follows from them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayesmeta.inference.simulation import draw_events, log_likelihood, prior_draws
from bayesmeta.model import Design

__all__ = ["DIMS", "assemble"]

Array = npt.NDArray[np.float64]

DIMS: dict[str, tuple[str, ...]] = {
    "mu": (),
    "beta": ("covariate",),
    "tau": (),
    "nu": (),
    "share": (),
    "tau_arm": (),
    "rho": (),
    "x_mean": ("imputed",),
    "x_sd": ("imputed",),
    "x": ("arm", "imputed"),
    "u": ("study",),
    "w": ("arm",),
    "theta": ("arm",),
    "events": ("arm",),
}
"""Dims of every variable beyond chain and draw; `tau` by a column has dim level."""

PRIOR_DRAWS = 1000


def assemble(
    design: Design,
    posterior: Mapping[str, Array],
    statistics: Mapping[str, npt.NDArray[Any]],
    seed: np.random.SeedSequence,
) -> xr.DataTree:
    """Return posterior draws with everything that is computed from them.

    Parameters
    ----------
    design : Design
        The model and its arms.
    posterior : mapping
        Variables of `DIMS`, shape (chain, draw, ...), log-odds.
    statistics : mapping
        Sampler statistics, shape (chain, draw).
    seed : SeedSequence
        Source of the prior and predictive draws.
    """
    prior_rng, predictive_rng = map(np.random.default_rng, seed.spawn(2))
    prior = prior_draws(design, prior_rng, (1, PRIOR_DRAWS))
    arms = design.arms
    groups = {
        "posterior": _dataset(design, posterior),
        "sample_stats": _numbered(
            xr.Dataset({name: (("chain", "draw"), values) for name, values in statistics.items()})
        ),
        "log_likelihood": _dataset(design, {"events": log_likelihood(design, posterior)}),
        "posterior_predictive": _dataset(
            design, {"events": draw_events(design, posterior, predictive_rng).astype(np.int32)}
        ),
        "prior": _dataset(design, prior),
        "prior_predictive": _dataset(
            design, {"events": draw_events(design, prior, prior_rng).astype(np.int32)}
        ),
        "observed_data": xr.Dataset({"events": ("arm", arms.events)}, coords={"arm": arms.labels}),
        "constant_data": xr.Dataset(
            {
                "n": ("arm", arms.n),
                "study_of_arm": ("arm", arms.studies[arms.study_index]),
                "design": (("arm", "covariate"), design.matrix),
            },
            coords={"arm": arms.labels, "covariate": list(design.coding.names)},
        ),
    }
    return xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items()})


def _dataset(design: Design, variables: Mapping[str, npt.NDArray[Any]]) -> xr.Dataset:
    coords = {
        "study": design.arms.studies,
        "arm": design.arms.labels,
        "covariate": list(design.coding.names),
        "level": list(design.tau_levels),
        "imputed": [one.name for one in design.imputed],
    }
    dims = {name: _dims(name, values) for name, values in variables.items()}
    used = {dim for own in dims.values() for dim in own}
    dataset = xr.Dataset(
        {name: (("chain", "draw", *dims[name]), values) for name, values in variables.items()},
        coords={dim: coords[dim] for dim in sorted(used)},
    )
    return _numbered(dataset)


def _dims(name: str, values: npt.NDArray[Any]) -> tuple[str, ...]:
    by_level = name == "tau" and values.ndim > 2  # noqa: PLR2004
    return ("level",) if by_level else DIMS[name]


def _numbered(dataset: xr.Dataset) -> xr.Dataset:
    return dataset.assign_coords(
        chain=np.arange(dataset.sizes["chain"]), draw=np.arange(dataset.sizes["draw"])
    )
