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
    log_shape, typical = pt.zeros(len(design.arms)), 0.0
    if curve.has_shape:
        typical = own[LOG_SHAPE]
        z = pm.Normal("z_shape", 0, 1, dims="arm")
        shape = own[LOG_SHAPE] + own[TAU_SHAPE] * z
        log_shape = pm.Deterministic("log_shape", shape, dims="arm")
    fields = dict(zip(Report._fields, reports.rows.T, strict=True))
    # A median whose precision is not printed is taken to be of a typical shape.
    of_patients = np.isin(fields["kind"], (Kind.MEDIAN_OF_PATIENTS, Kind.BEYOND))
    shapes = pt.exp(pt.switch(of_patients, typical, log_shape[reports.arm]))
    discount = pt.switch(fields["discounted"], own.get(PRECISION, 1.0), 1.0)
    pm.CustomDist(
        "reports",
        *(theta[reports.arm], shapes, discount * fields["size"]),
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
    chances = _log_probabilities(curve, theta, shape, fields)
    densities = {
        Kind.MEDIAN: pm.logp(pm.Normal.dist(theta, error), value),
        Kind.MEDIAN_OF_PATIENTS: pm.logp(pm.Normal.dist(theta, of_patients), value),
        Kind.BEYOND: pm.logcdf(pm.Normal.dist(0, 1), (theta - value) / of_patients),
        Kind.LANDMARK: pm.logp(pm.Normal.dist(hazard, error), value),
        Kind.ALIVE: pt.switch(
            fields["discounted"],
            _log_part_of_share(share, patients, *chances),
            _log_share(share, patients, *chances),
        ),
    }
    found = pt.zeros_like(theta)
    for one, density in densities.items():
        found = pt.switch(kind == one, density, found)
    return found


def _log_probabilities(
    curve: SurvivalCurve, theta: Any, shape: Any, fields: dict[str, Any]
) -> tuple[Any, Any]:
    """Return the log probabilities to be alive, and dead, at a time of those in its interval.

    In logarithms throughout: far out in the tail the survival itself is zero.
    """
    import pytensor.tensor as pt

    ours, start, end = fields["kind"] == Kind.ALIVE, fields["start"], fields["end"]

    def log_survival(time: Any, known: Any) -> Any:
        x = shape * (np.log(np.where(known, time, 1.0)) - theta)
        return pt.switch(known, curve.log_survival_to_pymc(x), 0.0)

    def log_lost(early: Any, late: Any, known: Any) -> Any:
        """Return the log of the survival lost in between; all of it where no later time is known."""
        return early + pt.switch(known, pt.log1mexp(pt.switch(known, late - early, -1.0)), 0.0)

    limited = np.isfinite(end)
    before, at = log_survival(start, start > 0), log_survival(fields["time"], ours)
    after = log_survival(end, limited)
    whole = log_lost(before, after, limited)
    return log_lost(at, after, limited) - whole, log_lost(before, at, ours) - whole


def _log_share(share: Any, patients: Any, log_alive: Any, log_dead: Any) -> Any:
    """Return the log density of a share alive: the binomial probability, spread over 1 / patients."""
    import pytensor.tensor as pt

    alive, dead = patients * share, patients * (1 - share)
    coefficient = pt.gammaln(patients + 1) - pt.gammaln(alive + 1) - pt.gammaln(dead + 1)
    # Nothing is added for no patients alive, or none who died, whatever the logarithm.
    told = pt.switch(pt.gt(share, 0), alive * log_alive, 0.0)
    told += pt.switch(pt.lt(share, 1), dead * log_dead, 0.0)
    return pt.log(patients) + coefficient + told


def _log_part_of_share(share: Any, patients: Any, log_alive: Any, log_dead: Any) -> Any:
    """Return the log density of a share alive where the number of patients is estimated.

    It integrates to 1 whatever that is: none or all are alive with the probability that ``1 + patients``
    are; any other share has a beta distribution.
    """
    import pytensor.tensor as pt

    # By symmetry the rarer of both comes first; the other follows from it with all its digits.
    swapped = pt.gt(log_alive, log_dead)
    rare = pt.switch(swapped, log_dead, log_alive)
    common = pt.log1mexp(pt.maximum(rare, -700.0))
    inner = pt.clip(share, 1e-12, 1 - 1e-12)
    own = pt.switch(swapped, 1 - inner, inner)
    a, b = patients * pt.exp(rare), patients * pt.exp(common)
    # The probability that not all of 1 + patients have the same outcome.
    near = pt.log1mexp(pt.maximum(rare, -30.0))
    second = pt.switch(
        pt.lt(rare, -30.0), pt.log(patients) + rare, near + pt.log1mexp(patients * near)
    )
    mixed = pt.logaddexp(rare + pt.log1mexp(patients * rare), second)
    beta = pt.gammaln(patients + 1) - pt.gammaln(a + 1) - pt.gammaln(b + 1) + pt.log(patients)
    beta += rare + common + (a - 1) * pt.log(own) + (b - 1) * pt.log1p(-own)
    all_or_none = (1 + patients) * pt.switch(pt.gt(share, 0.5), log_alive, log_dead)
    return pt.switch(pt.eq(share, 0) | pt.eq(share, 1), all_or_none, mixed + beta)
