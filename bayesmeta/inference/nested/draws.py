"""Draws of nested outcomes as an ArviZ `DataTree`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayesmeta.inference.draws import PRIOR_DRAWS, numbered, tree_of
from bayesmeta.inference.nested.simulation import (
    draw_counts,
    nested_log_likelihood,
    nested_prior_draws,
)
from bayesmeta.inference.netcdf import numpy_dataset
from bayesmeta.model.nested.design import NestedDesign

__all__ = ["NESTED_DIMS", "assemble_nested", "assemble_nested_parameters"]

Array = npt.NDArray[np.float64]

NESTED_DIMS: dict[str, tuple[str, ...]] = {
    "mu": ("level",),
    "tau": ("level",),
    "beta": ("level", "covariate"),
    "correlation": ("pair",),
    "u": ("study", "level"),
    "theta": ("arm", "level"),
    "events": ("arm", "level"),
    "reported": ("segment",),
}
"""Dims of every variable beyond chain and draw."""


def assemble_nested_parameters(
    design: NestedDesign,
    posterior: Mapping[str, Array],
    statistics: Mapping[str, npt.NDArray[Any]],
) -> xr.DataTree:
    """Return posterior draws of what belongs to no study and no arm, and the sampler's own."""
    kept = {name: one for name, one in posterior.items() if name not in ("u", "theta")}
    groups = {
        "posterior": _dataset(design, kept),
        "sample_stats": _sample_stats(statistics),
    }
    return tree_of(groups | _evidence(design))


def assemble_nested(
    design: NestedDesign,
    posterior: Mapping[str, Array],
    statistics: Mapping[str, npt.NDArray[Any]],
    seed: np.random.SeedSequence,
) -> xr.DataTree:
    """Return posterior draws with everything that is computed from them."""
    prior_rng, predictive_rng = map(np.random.default_rng, seed.spawn(2))
    prior = nested_prior_draws(design, prior_rng, (1, PRIOR_DRAWS))
    groups: dict[str, Mapping[str, npt.NDArray[Any]]] = {
        "posterior": posterior,
        "log_likelihood": {"reported": nested_log_likelihood(design, posterior)},
        "posterior_predictive": {
            "events": draw_counts(design, posterior["theta"], predictive_rng).astype(np.int32)
        },
        "prior": prior,
        "prior_predictive": {
            "events": draw_counts(design, prior["theta"], prior_rng).astype(np.int32)
        },
    }
    found = {name: _dataset(design, variables) for name, variables in groups.items()}
    found["sample_stats"] = _sample_stats(statistics)
    return tree_of(found | _evidence(design))


def _sample_stats(statistics: Mapping[str, npt.NDArray[Any]]) -> xr.Dataset:
    return numbered({name: ((), values) for name, values in statistics.items()}, {})


def _evidence(design: NestedDesign) -> dict[str, xr.Dataset]:
    arms = design.arms
    coords = {"arm": arms.labels, "level": list(arms.outcomes)}
    return {
        "observed_data": numpy_dataset({"events": (("arm", "level"), arms.counts)}, coords),
        "constant_data": numpy_dataset(
            {
                "n": (("arm",), arms.n),
                "study_of_arm": (("arm",), arms.studies[arms.study_index]),
                "design": (("arm", "covariate"), design.matrix),
            },
            {"arm": arms.labels, "covariate": list(design.coding.names)},
        ),
    }


def _dataset(design: NestedDesign, variables: Mapping[str, npt.NDArray[Any]]) -> xr.Dataset:
    arms, seen = design.arms, design.segments
    coords = {
        "level": list(arms.outcomes),
        "covariate": list(design.coding.names),
        "pair": list(design.pairs),
        "study": arms.studies,
        "arm": arms.labels,
        "segment": [
            f"{arms.labels[arm]}/{arms.outcomes[level]}"
            for arm, level in zip(seen.arm, seen.last, strict=True)
        ],
    }
    data = {name: (NESTED_DIMS[name], values) for name, values in variables.items()}
    used = {dim for name in variables for dim in NESTED_DIMS[name]}
    return numbered(data, {dim: coords[dim] for dim in sorted(used)})
