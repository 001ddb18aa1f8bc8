"""What is sampled for a design: the one place that chooses between the two compiled densities."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import Callback
from bayesmeta.inference.density.callbacks import Pointers
from bayesmeta.model import Design

__all__ = ["Target", "target_of"]

Array = npt.NDArray[np.float64]
Translate = Callable[[Array], dict[str, Array]]


@dataclass(frozen=True, eq=False)
class Target:
    """A compiled density of a model and its evidence, and what its coordinates mean.

    Parameters
    ----------
    density : Callback
        Compiled density, of the signature `LOG_DENSITY`.
    data : Pointers
        Model and evidence, as it takes them.
    size, leading : int
        Number of coordinates, and of those of parameters that belong to no study and no arm, which
        stand first.
    start : callable
        From a random generator to a point from which a chain may start.
    log_density : callable
        From a point to the log density there; the second argument takes the gradient.
    variables, parameters : callable
        From points, shape (..., coordinates), to all variables of the model, and from the leading
        coordinates to the parameters.
    probed : callable
        As `variables`, with scalar parameters as one array, as the density has them.
    """

    density: Callback
    data: Pointers
    size: int
    leading: int
    start: Callable[[np.random.Generator], Array]
    log_density: Callable[[Array, Array], float]
    variables: Translate
    parameters: Translate
    probed: Translate


def target_of(design: Design) -> Target:
    """Return what is sampled for a design: of several outcomes a density of its own, which is slower."""
    return _joint(design) if design.several else _single(design)


def _single(design: Design) -> Target:
    from bayesmeta.inference.density import coordinates
    from bayesmeta.inference.density.coordinates import density_data
    from bayesmeta.inference.density.data import pack
    from bayesmeta.inference.density.log_density import density_of, log_density

    data = density_data(design)
    return Target(
        density_of(data),
        pack(data),
        coordinates.size(data),
        coordinates.parameters_size(data),
        partial(coordinates.starting_point, data),
        lambda point, gradient: float(log_density(point, data, gradient)),
        partial(coordinates.variables, design, data),
        partial(coordinates.parameters, design, data),
        partial(coordinates.translate, data),
    )


def _joint(design: Design) -> Target:
    from bayesmeta.inference.nested import coordinates
    from bayesmeta.inference.nested.coordinates import nested_data
    from bayesmeta.inference.nested.data import pack_nested
    from bayesmeta.inference.nested.log_density import log_density, nested_density

    data = nested_data(design)
    return Target(
        nested_density,
        pack_nested(data),
        coordinates.nested_size(data),
        coordinates.nested_parameters_size(data),
        partial(coordinates.nested_start, data),
        lambda point, gradient: float(log_density(point, data, gradient)),
        partial(coordinates.nested_variables, data),
        partial(coordinates.nested_parameters, data),
        partial(coordinates.nested_variables, data),
    )
