"""Draws as an ArviZ `DataTree`: our dims, coords that people read, and what follows from them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayesmeta.inference.blocks import Block, filled
from bayesmeta.inference.netcdf import Labelled, numpy_dataset
from bayesmeta.inference.simulation import (
    draw_events,
    log_likelihood,
    prior_effects,
    prior_parameters,
)
from bayesmeta.model import Design
from bayesmeta.model.effects import DISTRIBUTIONS
from bayesmeta.model.likelihoods import LIKELIHOODS

__all__ = [
    "DIMS",
    "PRIOR_DRAWS",
    "assemble",
    "assemble_parameters",
    "is_large",
    "numbered",
    "statistics_of",
    "tree_of",
]

Array = npt.NDArray[np.float64]

DIMS: dict[str, tuple[str, ...]] = {
    "mu": (),
    "beta": ("covariate",),
    "tau": (),
    **{name: () for distribution in DISTRIBUTIONS.values() for name in distribution.units},
    "tau_arm": (),
    **{name: () for likelihood in LIKELIHOODS.values() for name in likelihood.units},
    "x_mean": ("imputed",),
    "x_sd": ("imputed",),
    "x": ("arm", "imputed"),
    "u": ("study",),
    "w": ("arm",),
    "theta": ("arm",),
    "events": ("arm",),
}
"""Dims of every variable of one outcome beyond chain and draw; `tau` by a column has dim level."""

JOINT_DIMS: dict[str, tuple[str, ...]] = {
    "mu": ("outcome",),
    "beta": ("outcome", "covariate"),
    "tau": ("outcome",),
    "correlation": ("pair",),
    "u": ("study", "outcome"),
    "theta": ("arm", "outcome"),
    "events": ("arm", "outcome"),
    "reported": ("count",),
}
"""Dims of every variable of several outcomes beyond chain and draw."""

GROUPS = (
    "posterior",
    "sample_stats",
    "log_likelihood",
    "posterior_predictive",
    "prior",
    "prior_predictive",
    "observed_data",
    "constant_data",
)
"""Groups of a fit's draws, in their order."""

_PER_ARM = frozenset({"study", "arm", "count"})
"""Dims of which there are as many as the evidence has."""

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
    parameters = prior_parameters(design, prior_rng, (1, PRIOR_DRAWS))
    shape, arms = posterior["mu"].shape, len(design.arms) * len(design.outcomes)
    given = filled(
        lambda block: _after_evidence(design, _of_block(posterior, block), predictive_rng),
        (shape[0], shape[1]),
        arms,
    )
    before = filled(
        lambda block: _before_evidence(design, _of_block(parameters, block), prior_rng),
        (1, PRIOR_DRAWS),
        arms,
    )
    found = _by_group(given | before)
    groups = _parameter_groups(design, posterior, statistics, parameters | found.pop("prior"))
    return tree_of(groups | {name: dataset(design, own) for name, own in found.items()})


def assemble_parameters(
    design: Design,
    posterior: Mapping[str, Array],
    statistics: Mapping[str, npt.NDArray[Any]],
    seed: np.random.SeedSequence,
) -> xr.DataTree:
    """Return the tree of `assemble` without what has a study or an arm; arguments as there."""
    prior_rng = np.random.default_rng(seed.spawn(2)[0])
    parameters = prior_parameters(design, prior_rng, (1, PRIOR_DRAWS))
    return tree_of(_parameter_groups(design, posterior, statistics, parameters))


def _parameter_groups(
    design: Design,
    posterior: Mapping[str, Array],
    statistics: Mapping[str, npt.NDArray[Any]],
    prior: Mapping[str, Array],
) -> dict[str, xr.Dataset]:
    """Return the groups that hold `posterior` and `prior`, the sampler's own and the evidence."""
    arms, dims = design.arms, ("arm", "outcome") if design.several else ("arm",)
    events = arms.counts if design.several else arms.events
    return {
        "posterior": dataset(design, posterior),
        "sample_stats": statistics_of(statistics),
        "prior": dataset(design, prior),
        "observed_data": numpy_dataset({"events": (dims, events)}, _labels(design, dims)),
        "constant_data": numpy_dataset(
            {
                "n": (("arm",), arms.n),
                "study_of_arm": (("arm",), arms.studies[arms.study_index]),
                "design": (("arm", "covariate"), design.matrix),
            },
            {"arm": arms.labels, "covariate": list(design.coding.names)},
        ),
    }


def _after_evidence(
    design: Design, variables: Mapping[str, Array], rng: np.random.Generator
) -> dict[str, npt.NDArray[Any]]:
    """Return what follows from posterior draws, by group and variable, dims (draw, ...)."""
    return {
        f"log_likelihood/{'reported' if design.several else 'events'}": log_likelihood(
            design, variables
        ),
        "posterior_predictive/events": draw_events(design, variables, rng).astype(np.int32),
    }


def _before_evidence(
    design: Design, parameters: Mapping[str, Array], rng: np.random.Generator
) -> dict[str, npt.NDArray[Any]]:
    """Return prior draws of effects and responders given those of the parameters, as above."""
    mu = parameters["mu"]
    shape = mu.shape[:-1] if design.several else mu.shape
    effects = prior_effects(design, parameters, rng, shape)
    events = draw_events(design, {**parameters, **effects}, rng).astype(np.int32)
    found: dict[str, npt.NDArray[Any]] = {f"prior/{name}": one for name, one in effects.items()}
    return found | {"prior_predictive/events": events}


def _of_block(variables: Mapping[str, Array], block: Block) -> dict[str, Array]:
    """Return the draws of one block."""
    return {name: values[block] for name, values in variables.items()}


def _by_group(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return variables named by group and variable as one mapping per group."""
    groups: dict[str, dict[str, Any]] = {}
    for name, values in found.items():
        group, variable = name.split("/")
        groups.setdefault(group, {})[variable] = values
    return groups


def tree_of(groups: Mapping[str, xr.Dataset]) -> xr.DataTree:
    """Return groups as a tree, in their order."""
    return xr.DataTree.from_dict({f"/{name}": groups[name] for name in GROUPS if name in groups})


def dataset(design: Design, variables: Mapping[str, npt.NDArray[Any]]) -> xr.Dataset:
    """Return variables, dims (chain, draw, ...), with the labels of their dims."""
    named = {
        name: (_dims_of(design, name), values)
        for name, values in variables.items()
        if name in (JOINT_DIMS if design.several else DIMS)
    }
    used = {dim for own, _ in named.values() for dim in own}
    return numbered(named, _labels(design, used))


def _labels(design: Design, dims: Iterable[str]) -> dict[str, Any]:
    """Return the labels of dims other than chain and draw."""
    coords = {
        "study": design.arms.studies,
        "arm": design.arms.labels,
        "covariate": list(design.coding.names),
        "level": list(design.tau_levels),
        "imputed": [one.name for one in design.imputed],
        "outcome": list(design.outcomes),
        "pair": list(design.pairs),
    }
    if "count" in dims:
        coords["count"] = _count_labels(design)
    return {dim: coords[dim] for dim in sorted(dims)}


def _count_labels(design: Design) -> list[str]:
    """Return a label of each count that is reported: its arm and its outcome."""
    arms, seen = design.arms, design.conditional_counts
    return [
        f"{arms.labels[arm]}/{arms.outcomes[place]}"
        for arm, place in zip(seen.arm, seen.last, strict=True)
    ]


def _dims_of(design: Design, name: str) -> tuple[str, ...]:
    """Return the dims of a variable beyond chain and draw."""
    if design.several:
        return JOINT_DIMS[name]
    return ("level",) if name == "tau" and design.spec.study_effects.by else DIMS[name]


def statistics_of(statistics: Mapping[str, npt.NDArray[Any]]) -> xr.Dataset:
    """Return the sampler's statistics, shape (chain, draw), as a group."""
    return numbered({name: ((), values) for name, values in statistics.items()}, {})


def numbered(variables: Labelled, coords: Mapping[str, Any]) -> xr.Dataset:
    """Return variables of chain, draw and their own dims; `coords` label the latter."""
    named = {name: (("chain", "draw", *dims), values) for name, (dims, values) in variables.items()}
    chains, draws = next(iter(variables.values()))[1].shape[:2]
    return numpy_dataset(named, {**coords, "chain": np.arange(chains), "draw": np.arange(draws)})


def is_large(variable: xr.DataArray) -> bool:
    """Return whether a variable has a study or an arm in each draw."""
    return "draw" in variable.dims and bool(_PER_ARM.intersection(map(str, variable.dims)))
