"""Draws as an ArviZ `DataTree`: our dims, coords that people read, and what follows from them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayesmeta.arrays import Array
from bayesmeta.inference.blocks import Block, filled
from bayesmeta.inference.netcdf import Labelled, numpy_dataset
from bayesmeta.inference.simulation import (
    draw_events,
    log_likelihood,
    prior_effects,
    prior_parameters,
)
from bayesmeta.inference.survival.simulation import survival_log_likelihood
from bayesmeta.model import Design
from bayesmeta.model.curves import CURVES
from bayesmeta.model.effects import DISTRIBUTIONS
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.survival_reports import Report

DIMS: dict[str, tuple[str, ...]] = {
    "mu": (),
    "beta": ("covariate",),
    "tau": (),
    **{name: () for distribution in DISTRIBUTIONS.values() for name in distribution.units},
    "tau_arm": (),
    **{name: () for likelihood in LIKELIHOODS.values() for name in likelihood.units},
    **{name: () for curve in CURVES.values() for name in curve.units},
    "log_shape": ("arm",),
    "sigma": ("level_term",),
    "b": ("level_effect",),
    "x_mean": ("imputed",),
    "x_sd": ("imputed",),
    "x": ("arm", "imputed"),
    "u": ("study",),
    "w": ("arm",),
    "theta": ("arm",),
    "events": ("arm",),
    "reports": ("arm",),
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
    seed: np.random.SeedSequence | None,
) -> xr.DataTree:
    """Return the groups of a fit: draws, shape (chain, draw, ...), and what is computed from them.

    Without draws of arms, nothing is computed of these; without a seed, nothing at all.
    """
    groups = {"posterior": dataset(design, posterior), "sample_stats": statistics_of(statistics)}
    if seed is not None:
        groups |= _simulated(design, posterior, seed) | _evidence(design)
    return xr.DataTree.from_dict({f"/{name}": groups[name] for name in GROUPS if name in groups})


def _simulated(
    design: Design, posterior: Mapping[str, Array], seed: np.random.SeedSequence
) -> dict[str, xr.Dataset]:
    """Return the groups that random numbers make: prior and predictive draws, and log likelihoods."""
    prior_rng, predictive_rng = map(np.random.default_rng, seed.spawn(2))
    parameters = prior_parameters(design, prior_rng, (1, PRIOR_DRAWS))
    groups: dict[str, dict[str, Any]] = {"prior": dict(parameters)}
    if "theta" in posterior:
        (chains, draws), arms = posterior["mu"].shape[:2], len(design.arms) * len(design.outcomes)
        found = filled(
            lambda block: _after_evidence(design, _of_block(posterior, block), predictive_rng),
            (chains, draws),
            arms,
        ) | filled(
            lambda block: _before_evidence(design, _of_block(parameters, block), prior_rng),
            (1, PRIOR_DRAWS),
            arms,
        )
        for name, values in found.items():
            group, variable = name.split("/")
            groups.setdefault(group, {})[variable] = values
    return {name: dataset(design, own) for name, own in groups.items()}


def _evidence(design: Design) -> dict[str, xr.Dataset]:
    """Return the groups that hold the evidence."""
    if design.spec.curve is not None:
        return _survival_evidence(design)
    arms, dims = design.arms, ("arm", "outcome") if design.several else ("arm",)
    events = arms.counts if design.several else arms.events
    return {
        "observed_data": numpy_dataset({"events": (dims, events)}, _labels(design, dims)),
        "constant_data": numpy_dataset(
            {
                "n": (("arm",), arms.n),
                "study_of_arm": (("arm",), arms.studies[arms.study_index]),
                "design": (("arm", "covariate"), design.matrix[:, : len(design.coding.names)]),
            },
            {"arm": arms.labels, "covariate": list(design.coding.names)},
        ),
    }


def _survival_evidence(design: Design) -> dict[str, xr.Dataset]:
    """Return the groups that hold what arms report of survival."""
    arms, reports = design.arms, design.reports
    told: Labelled = {
        f"report_{name}": (("report",), column)
        for name, column in zip(Report._fields, reports.rows.T, strict=True)
        if name not in ("arm", "value")
    }
    labels = {"report": reports.labels(arms.labels)}
    values = reports.rows[:, Report._fields.index("value")]
    constant: Labelled = {
        "n": (("arm",), arms.n),
        "study_of_arm": (("arm",), arms.studies[arms.study_index]),
        "design": (("arm", "covariate"), design.matrix[:, : len(design.coding.names)]),
        "report_arm": (("report",), arms.labels[reports.arm]),
        **told,
    }
    return {
        "observed_data": numpy_dataset({"reports": (("report",), values)}, labels),
        "constant_data": numpy_dataset(
            constant, {"arm": arms.labels, "covariate": list(design.coding.names), **labels}
        ),
    }


def _after_evidence(
    design: Design, variables: Mapping[str, Array], rng: np.random.Generator
) -> dict[str, npt.NDArray[Any]]:
    """Return what follows from posterior draws, by group and variable, dims (draw, ...)."""
    if design.spec.curve is not None:
        return {"log_likelihood/reports": survival_log_likelihood(design, variables)}
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
    found: dict[str, npt.NDArray[Any]] = {f"prior/{name}": one for name, one in effects.items()}
    if design.spec.curve is not None:
        return found
    events = draw_events(design, {**parameters, **effects}, rng).astype(np.int32)
    return found | {"prior_predictive/events": events}


def _of_block(variables: Mapping[str, Array], block: Block) -> dict[str, Array]:
    """Return the draws of one block."""
    return {name: values[block] for name, values in variables.items()}


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
        "level_term": list(design.coding.level_terms),
        "level_effect": list(design.coding.level_names),
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
