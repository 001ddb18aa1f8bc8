"""Rates at a profile: what it adds to the linear predictor, with levels never seen drawn."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.coefficients import coefficients_of
from bayesmeta.inference.simulation import effects_of_new_levels
from bayesmeta.model import Design
from bayesmeta.model.coding import Coding, Profile

Variables = Mapping[str, Array]


def profile_name(profile: Profile) -> str:
    """Return how results name a profile, such as ``"regimen=NEW"``; empty for the reference."""
    return ", ".join(f"{name}={value}" for name, value in profile.items())


def new_levels(design: Design, variables: Variables, points: Array) -> Array:
    """Return the effect of a level never seen, of each term; `points` are those of `simulation`."""
    if not design.level_effects:
        return np.zeros(points.shape)
    return effects_of_new_levels(design, variables["sigma"], points)


def shift_of(design: Design, variables: Variables, profile: Profile, new: Array) -> Array:
    """Return what a profile adds to the linear predictor of the reference, `new` being its new levels.

    Slopes by study are among new levels: those of a new study.
    """
    coefficients = coefficients_of(variables)
    row = _row(design.coding, tuple(profile.items()))
    known, of_new = np.split(row, [coefficients.shape[-1]])
    return np.asarray(coefficients @ known + new @ of_new)


@cache
def _row(coding: Coding, profile: tuple[tuple[str, Any], ...]) -> Array:
    """Return a coded profile, kept: coding it again takes as long as a fit."""
    return coding.row(dict(profile))


def typical_rates(design: Design, variables: Variables, profile: Profile, new: Array) -> Array:
    """Return the rate (probability) of a typical study, whose effect and slopes are zero."""
    typical = np.where(design.coding.slopes_by_study, 0.0, new)
    shift = shift_of(design, variables, profile, typical)
    return np.asarray(design.spec.link.rate(variables["mu"] + shift))
