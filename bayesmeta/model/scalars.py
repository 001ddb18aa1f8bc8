"""Scalar parameters of a design beside `mu` and `beta`: their priors, units and geometry."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayesmeta.model.curves import PRECISION
from bayesmeta.priors import Prior

if TYPE_CHECKING:
    from bayesmeta.model.design import Design


@dataclass(frozen=True)
class Scalar:
    """One scalar parameter beside `mu` and `beta`."""

    name: str
    """The variable it belongs to: `tau`, `tau_arm`, `x_mean`, `x_sd`, or one of the model's own."""
    prior: Prior
    unit: str = ""
    """That of the link's scale where empty."""
    transition_scale: float = 0.4
    """Height above its lower bound at which the sampler's scale changes from logarithms to square
    roots; geometry only."""


def scalars_of(design: "Design") -> Iterator[Scalar]:
    """Yield the scalar parameters of a design, in the order of the sampler's coordinates."""
    spec, distribution = design.spec, design.spec.study_effects
    yield from [Scalar("tau", prior) for prior in design.tau] * len(design.tau_levels)
    for name, prior in distribution.parameters.items():
        yield Scalar(name, prior, distribution.units[name], distribution.transition_scale)
    if spec.arm_effects is not None:
        yield Scalar("tau_arm", spec.arm_effects.tau_arm)
    for name, prior in spec.likelihood.parameters.items():
        yield Scalar(name, prior, spec.likelihood.units[name])
    if spec.curve is not None:
        for name, prior in spec.curve.parameters.items():
            if name != PRECISION or design.reports.discounts:
                yield Scalar(name, prior, spec.curve.units[name])
    for one in design.imputed:
        unit = "unit of the column"
        yield from (Scalar("x_mean", one.mean, unit), Scalar("x_sd", one.sd, unit))
    yield from (Scalar("sigma", prior) for prior in design.sigmas)
