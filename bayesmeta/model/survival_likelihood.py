"""The likelihood of landmarks and medians as PyMC writes it."""

from functools import partial
from typing import Any

import numpy as np

from bayesmeta.model.curves import LOG_SHAPE, PRECISION, TAU_SHAPE, SurvivalCurve
from bayesmeta.model.design import Design
from bayesmeta.model.survival_reports import Kind, Report


def survival_to_pymc(design: Design, theta: Any) -> None:
    """Create the observed `reports` of arms with log medians `theta`, and the parameters of curves."""
    import pymc as pm
    import pytensor.tensor as pt

    curve, reports = design.curve, design.reports
    own = {
        name: prior.to_pymc(name)
        for name, prior in curve.parameters.items()
        if name != PRECISION or reports.discounts
    }
    log_shape = pt.zeros(len(design.arms))
    if curve.has_shape:
        z = pm.Normal("z_shape", 0, 1, dims="arm")
        shape = own[LOG_SHAPE] + own[TAU_SHAPE] * z
        log_shape = pm.Deterministic("log_shape", shape, dims="arm")
    fields = dict(zip(Report._fields, reports.rows.T, strict=True))
    discount = pt.switch(fields["discounted"], own.get(PRECISION, 1.0), 1.0)
    pm.CustomDist(
        "reports",
        *(theta[reports.arm], pt.exp(log_shape[reports.arm]), discount * fields["size"]),
        logp=partial(_log_density, curve=curve, fields=fields),
        observed=fields["value"],
    )


def _log_density(
    value: Any, theta: Any, shape: Any, size: Any, *, curve: SurvivalCurve, fields: dict[str, Any]
) -> Any:
    """Return log densities of reports; `size` is a standard error or a number of patients."""
    import pymc as pm
    import pytensor.tensor as pt

    kind, time = fields["kind"], np.log(fields["time"])
    # Every branch is computed of every row: what belongs to another kind must be a number, too.
    error = pt.switch(np.isin(kind, (Kind.MEDIAN, Kind.LANDMARK)), size, 1.0)
    patients = pt.switch(kind == Kind.ALIVE, size, 1.0)
    of_patients = 1 / (curve.slope * shape * pt.sqrt(size))
    x = shape * (time - theta)
    hazard = pt.log(-curve.log_survival_to_pymc(x))
    share = pt.switch(kind == Kind.ALIVE, value, 0.5)
    densities = {
        Kind.MEDIAN: pm.logp(pm.Normal.dist(theta, error), value),
        Kind.MEDIAN_OF_PATIENTS: pm.logp(pm.Normal.dist(theta, of_patients), value),
        Kind.BEYOND: pm.logcdf(pm.Normal.dist(0, 1), (theta - value) / of_patients),
        Kind.LANDMARK: pm.logp(pm.Normal.dist(hazard, error), value),
        Kind.ALIVE: _log_share(share, patients, *_log_probabilities(curve, theta, shape, fields)),
    }
    found = pt.zeros_like(theta)
    for one, density in densities.items():
        found = pt.switch(kind == one, density, found)
    return found


def _log_probabilities(
    curve: SurvivalCurve, theta: Any, shape: Any, fields: dict[str, Any]
) -> tuple[Any, Any]:
    """Return the log probabilities to be alive, and dead, at a time of those in its interval."""
    import pytensor.tensor as pt

    start, end = fields["start"], fields["end"]

    def survival(time: Any) -> Any:
        return pt.exp(curve.log_survival_to_pymc(shape * (np.log(time) - theta)))

    at = survival(np.where(fields["kind"] == Kind.ALIVE, fields["time"], 1.0))
    before = pt.switch(start > 0, survival(np.where(start > 0, start, 1.0)), 1.0)
    after = pt.switch(np.isinf(end), 0.0, survival(np.where(np.isinf(end), 1.0, end)))
    between = pt.switch(fields["kind"] == Kind.ALIVE, before - after, 1.0)
    alive = pt.switch(fields["kind"] == Kind.ALIVE, (at - after) / between, 0.5)
    return pt.log(alive), pt.log1p(-alive)


def _log_share(share: Any, patients: Any, log_alive: Any, log_dead: Any) -> Any:
    """Return the log density of a share alive: the binomial probability, spread over 1 / patients."""
    import pytensor.tensor as pt

    alive, dead = patients * share, patients * (1 - share)
    coefficient = pt.gammaln(patients + 1) - pt.gammaln(alive + 1) - pt.gammaln(dead + 1)
    # Nothing is added for no patients alive, or none who died, whatever the logarithm.
    told = pt.switch(pt.gt(share, 0), alive * log_alive, 0.0)
    told += pt.switch(pt.lt(share, 1), dead * log_dead, 0.0)
    return pt.log(patients) + coefficient + told
