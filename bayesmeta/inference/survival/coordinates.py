"""Between a design of survival and its compiled density: arrays, starting points, draws as variables."""

from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.density.callbacks import Pointers
from bayesmeta.inference.density.coordinates import (
    assembled,
    named_scalars,
    parameters_size,
    starting_point,
    translate,
)
from bayesmeta.inference.density.data import DensityData, pack
from bayesmeta.inference.density.empirical import by_study
from bayesmeta.model import Design
from bayesmeta.model.curves import LOG_SHAPE, PRECISION, TAU_SHAPE
from bayesmeta.model.survival_reports import crude_medians

TYPICAL_SPREAD = 0.3
"""What arms of a study, and studies of a level, are taken to differ by; geometry only."""

INFORMATION = 4
"""Place of the information on a level's effect in a row of `DensityData.levels`."""


class SurvivalData(NamedTuple):
    """A model of survival and its evidence as arrays."""

    shared: DensityData
    """What it has in common with a model of rates."""
    reports: Array
    """Landmarks and medians, dims (report, field); see `Reports`."""
    curve: Array
    """Code of the curve, and the places of kappa, tau_k and retention among the scalars, or -1."""

    @property
    def shapes(self) -> int:
        """Arms that have a shape of their own."""
        return self.shared.study.size if self.curve[1] >= 0 else 0

    @property
    def pointers(self) -> Pointers:
        """Where the arrays lie, for the sampler to point at."""
        return pack(self.shared, self.reports, self.curve)


def survival_data(design: Design) -> SurvivalData:
    """Return the arrays that the compiled density needs."""
    level, information = crude_medians(design.reports)
    study = design.arms.study_index[design.reports.arm]
    of_study = by_study(level, information, study, TYPICAL_SPREAD)
    zeros = np.zeros(len(design.arms))
    places = [next(iter(design.places(name)), -1) for name in (LOG_SHAPE, TAU_SHAPE, PRECISION)]
    return SurvivalData(
        _with_information(assembled(design, zeros, zeros, of_study)),
        design.reports.rows,
        np.array([design.curve.code, *places], dtype=np.float64),
    )


def _with_information(shared: DensityData) -> DensityData:
    """Return the arrays with the information on effects of levels, as far as these are normal.

    Without it, trajectories diverge where sigma is large: one or two of 12,000 in most fits of the
    bundled overall survival by class of regimen.
    """
    known = shared.information / (1 + TYPICAL_SPREAD**2 * shared.information)
    means, levels = shared.study_mean + shared.centre, shared.levels.copy()
    own = (means[:, means.shape[1] - len(levels) :] ** 2).T @ known
    levels[:, INFORMATION] = np.where(levels[:, 1] == 1, own, 0.0)
    return shared._replace(levels=levels)


def survival_size(data: SurvivalData) -> int:
    """Return the number of coordinates."""
    return parameters_size(data.shared) + data.shared.tau_of_study.size + data.shapes


def survival_start(data: SurvivalData, rng: np.random.Generator) -> Array:
    """Return a point near the data from which a chain may start, different for each call."""
    return np.concatenate(
        [starting_point(data.shared, rng), rng.normal(scale=0.3, size=data.shapes)]
    )


def survival_variables(design: Design, data: SurvivalData, points: Array) -> dict[str, Array]:
    """Return the variables of a design at points in the sampler's coordinates, dims (..., one)."""
    found = survival_translate(data, points)
    return found | named_scalars(design, found.pop("scalars"))


def survival_translate(data: SurvivalData, points: Array) -> dict[str, Array]:
    """Return mu, scalars, theta (log months), effects and log shapes of arms at points."""
    shared = points.shape[-1] - data.shapes
    found = translate(data.shared, np.ascontiguousarray(points[..., :shared]))
    if data.shapes:
        kappa, tau = (found["scalars"][..., int(place), None] for place in data.curve[1:3])
        found["log_shape"] = kappa + tau * points[..., shared:]
    return found
