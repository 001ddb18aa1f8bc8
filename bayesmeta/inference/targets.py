"""What is sampled for a design: the one place that chooses between the compiled densities."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import Callback
from bayesmeta.inference.density.callbacks import Pointers, value_and_gradient
from bayesmeta.model import Design

Translate = Callable[[Array], dict[str, Array]]


@dataclass(frozen=True, eq=False)
class Target:
    """A compiled density of a model and its evidence, and what its coordinates mean."""

    density: Callback
    data: Pointers
    """Model and evidence, as the density takes them."""
    size: int
    leading: int
    """Number of coordinates of parameters that belong to no study and no arm, which stand first."""
    start: Callable[[np.random.Generator], Array]
    """From a random generator to a point from which a chain may start."""
    variables: Translate
    """From points, shape (..., coordinate), to all variables of the model."""
    parameters: Translate
    """From the leading coordinates to the parameters."""
    probed: Translate
    """As `variables`, with scalar parameters as one array, as the density has them."""

    def log_density(self, point: Array, gradient: Array) -> float:
        """Return the log density at a point, and write its gradient there."""
        value, gradient[:] = value_and_gradient(point, self.data, self.density)
        return value


def target_of(design: Design) -> Target:
    """Return what is sampled for a design: several outcomes, and survival, have others."""
    if design.spec.curve is not None:
        return _survival(design)
    return _joint(design) if design.several else _single(design)


def _single(design: Design) -> Target:
    from bayesmeta.inference.density import coordinates
    from bayesmeta.inference.density.data import pack
    from bayesmeta.inference.density.log_density import density_of

    data = coordinates.density_data(design)
    return Target(
        density_of(data),
        pack(data),
        coordinates.size(data),
        coordinates.parameters_size(data),
        partial(coordinates.starting_point, data),
        partial(coordinates.variables, design, data),
        partial(coordinates.parameters, design, data),
        partial(coordinates.translate, data),
    )


def _joint(design: Design) -> Target:
    from bayesmeta.inference.nested import coordinates
    from bayesmeta.inference.nested.data import pack_nested
    from bayesmeta.inference.nested.log_density import nested_density

    data = coordinates.nested_data(design)
    return Target(
        nested_density,
        pack_nested(data),
        coordinates.nested_size(data),
        coordinates.nested_parameters_size(data),
        partial(coordinates.nested_start, data),
        partial(coordinates.nested_variables, data),
        partial(coordinates.nested_parameters, data),
        partial(coordinates.nested_variables, data),
    )


def _survival(design: Design) -> Target:
    from bayesmeta.inference.density.coordinates import parameters, parameters_size
    from bayesmeta.inference.survival import coordinates
    from bayesmeta.inference.survival.log_density import survival_density

    data = coordinates.survival_data(design)
    return Target(
        survival_density,
        data.pointers,
        coordinates.survival_size(data),
        parameters_size(data.shared),
        partial(coordinates.survival_start, data),
        partial(coordinates.survival_variables, design, data),
        partial(parameters, design, data.shared),
        partial(coordinates.survival_translate, data),
    )
