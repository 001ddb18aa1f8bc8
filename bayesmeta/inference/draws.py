"""Draws as an ArviZ `DataTree`: our dims, coords that people read, and what follows from them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.special import expit

from bayesmeta.inference.coordinates import density_data
from bayesmeta.model import Design

__all__ = ["DIMS", "assemble"]

Array = npt.NDArray[np.float64]

DIMS: dict[str, tuple[str, ...]] = {
    "mu": (),
    "beta": ("covariate",),
    "tau": (),
    "u": ("study",),
    "theta": ("arm",),
    "events": ("arm",),
}
"""Dims of every variable beyond chain and draw."""

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
    prior = _prior_draws(design, prior_rng)
    arms = design.arms
    groups = {
        "posterior": _dataset(design, posterior),
        "sample_stats": _numbered(
            xr.Dataset({name: (("chain", "draw"), values) for name, values in statistics.items()})
        ),
        "log_likelihood": _dataset(design, {"events": _log_likelihood(design, posterior["theta"])}),
        "posterior_predictive": _dataset(
            design,
            {"events": predictive_rng.binomial(arms.n, expit(posterior["theta"])).astype(np.int32)},
        ),
        "prior": _dataset(design, prior),
        "prior_predictive": _dataset(
            design, {"events": prior_rng.binomial(arms.n, expit(prior["theta"])).astype(np.int32)}
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
    }
    used = {dim for name in variables for dim in DIMS[name]}
    dataset = xr.Dataset(
        {name: (("chain", "draw", *DIMS[name]), values) for name, values in variables.items()},
        coords={dim: coords[dim] for dim in sorted(used)},
    )
    return _numbered(dataset)


def _numbered(dataset: xr.Dataset) -> xr.Dataset:
    return dataset.assign_coords(
        chain=np.arange(dataset.sizes["chain"]), draw=np.arange(dataset.sizes["draw"])
    )


def _prior_draws(design: Design, rng: np.random.Generator) -> dict[str, Array]:
    """Return draws of every variable before the evidence, shape (1, draw, ...)."""
    shape = (1, PRIOR_DRAWS)
    spec, arms = design.spec, design.arms
    drawn = {"mu": spec.mu.draw(rng, shape)}
    theta = np.repeat(drawn["mu"][..., None], len(arms), axis=-1)
    if design.beta:
        drawn["beta"] = np.stack([prior.draw(rng, shape) for prior in design.beta], axis=-1)
        theta = theta + drawn["beta"] @ design.matrix.T
    if spec.study_effects.tau is not None:
        drawn["tau"] = spec.study_effects.tau.draw(rng, shape)
        uniform = rng.random((*shape, len(arms.studies)))
        drawn["u"] = spec.study_effects.quantile(uniform, drawn["tau"][..., None])
        theta = theta + drawn["u"][..., arms.study_index]
    return drawn | {"theta": theta}


def _log_likelihood(design: Design, theta: Array) -> Array:
    """Return each arm's binomial log probability, given its own study effect."""
    data = density_data(design)
    failures = data.n - data.events
    return np.asarray(
        data.log_coefficient
        - data.events * np.logaddexp(0, -theta)
        - failures * np.logaddexp(0, theta),
        dtype=np.float64,
    )
