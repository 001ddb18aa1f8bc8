"""How medians and landmarks of survival lie in what a fit predicts that new arms report.

A report is predicted with its own error: as an arm of its size would report a median, or the share of
patients alive. So each draw of the arm's curve is replicated as a report.
"""

from collections.abc import Iterator

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.comparison.questions import CI_PROBS
from bayesmeta.comparison.survival_predictions import SurvivalPredictions
from bayesmeta.estimates.precision import Row
from bayesmeta.estimates.profile_survival import Curves
from bayesmeta.estimates.survival_reports import report_name
from bayesmeta.evidence import SurvivalArms
from bayesmeta.evidence.columns import ARM, STUDY
from bayesmeta.inference.result import Fit
from bayesmeta.inference.survival.drawn_reports import draw_share
from bayesmeta.model import Design
from bayesmeta.model.curves import LOG_SHAPE, PRECISION
from bayesmeta.model.survival_reports import Kind, Report, report_alone

SAME = 1e-9
"""Difference below which a report and a replicate are the same number."""


def report_scores(
    predictions: SurvivalPredictions,
    new: Design,
    rng: np.random.Generator,
    weights: Array | None = None,
) -> list[Row]:
    """Return how each report of each arm lies in its prediction; `weights` are those of the draws.

    A median that was not reached has no value, and no row.
    """
    return list(_scores(predictions, new, rng, weights))


def _scores(
    predictions: SurvivalPredictions, new: Design, rng: np.random.Generator, weights: Array | None
) -> Iterator[Row]:
    arms = new.arms
    if not isinstance(arms, SurvivalArms):
        raise TypeError("The reports of survival arms are scored.")
    studies = arms.frame[STUDY].to_numpy()
    for place in range(len(arms)):
        curves = predictions.curves(new, place)
        label = {STUDY: str(studies[place]), ARM: str(arms.labels[place])}
        for record in arms.reports[arms.arm_of_report == place].to_dict("records"):
            report = report_alone({str(name): value for name, value in record.items()})
            if report.kind == Kind.BEYOND:
                continue
            found = replicated(report, curves, predictions.fit, rng)
            each = _weights(found, weights)
            median = report.kind in (Kind.MEDIAN, Kind.MEDIAN_OF_PATIENTS)
            observed = float(record["median"] if median else record["survival"])
            row = label | {"report": report_name(record), "observed": observed}
            row |= {"scale": "months" if median else "probability"}
            scores = value_scores(found.ravel(), each, observed, rng.random())
            crps = scores.pop("crps")
            own = {"crps_months": np.nan, "crps_rate": np.nan}
            yield row | scores | own | {"crps_months" if median else "crps_rate": crps}


def _weights(values: Array, weights: Array | None) -> Array:
    """Return the weight of each value, dims (draw * node,); they sum to 1."""
    draws = values.shape[0] * values.shape[1]
    each = np.full(draws, 1 / draws) if weights is None else weights / weights.sum()
    return np.repeat(each / values.shape[2], values.shape[2])


# A survival that rounds to 0 or 1 has infinite logarithms.
@np.errstate(divide="ignore", over="ignore")
def replicated(report: Report, curves: Curves, fit: Fit, rng: np.random.Generator) -> Array:
    """Return what arms with these curves report, dims (chain, draw, node): months, or survival.

    `report` is one by itself: not conditional on others of its curve.
    """
    kept = _parameter(fit, PRECISION, 1.0) if report.discounted else np.ones(())
    if report.kind == Kind.ALIVE:
        log_alive = curves.log_survival(report.time)
        if report.discounted:
            log_dead = np.log(-np.expm1(log_alive))
            return draw_share(report.size * kept, log_alive, log_dead, rng)
        whole = max(round(report.size), 1)
        return np.asarray(rng.binomial(whole, np.exp(log_alive)) / whole)
    noise = rng.standard_normal(curves.log_median.shape)
    if report.kind == Kind.LANDMARK:
        hazard = np.log(-curves.log_survival(report.time)) + report.size * noise
        return np.exp(-np.exp(hazard))
    error = np.asarray(report.size)
    if report.kind == Kind.MEDIAN_OF_PATIENTS:
        shape = np.exp(_parameter(fit, LOG_SHAPE, 0.0))
        error = 1 / (curves.curve.slope * shape * np.sqrt(report.size * kept))
    return np.exp(curves.log_median + error * noise)


def _parameter(fit: Fit, name: str, usual: float) -> Array:
    """Return a parameter, dims (chain, draw, 1), or its value where the model has none."""
    if name not in fit.posterior:
        return np.full((), usual)
    return np.asarray(fit.posterior[name])[..., None]


def value_scores(values: Array, weights: Array, observed: float, between: float) -> Row:
    """Return how a number lies in its predictive distribution, given by weighted values.

    As `count_scores`, with `crps` in the unit of the values; `between` breaks ties.
    """
    order = np.argsort(values)
    values, weights = values[order], weights[order]
    upto = np.cumsum(weights)
    tails = [tail for p in CI_PROBS for tail in ((1 - p) / 2, (1 + p) / 2)]
    places = np.searchsorted(upto, np.array([0.5, *tails]) - SAME)
    median, *bounds = map(float, values[np.minimum(places, values.size - 1)])
    row: Row = {"median": median}
    for p, low, high in zip(CI_PROBS, bounds[::2], bounds[1::2], strict=True):
        name = f"{100 * p:g}"
        row |= {f"lower_{name}": low, f"upper_{name}": high}
        row[f"inside_{name}"] = low - SAME <= observed <= high + SAME
        row[f"expected_{name}"] = _at_most(values, upto, high) - _below(values, upto, low)
    below, at_most = _below(values, upto, observed), _at_most(values, upto, observed)
    return row | {
        "at_most": at_most,
        "at_least": 1 - below,
        "pit": below + between * (at_most - below),
        "crps": crps_of(values, upto, observed),
    }


def _at_most(values: Array, upto: Array, value: float) -> float:
    place = int(np.searchsorted(values, value + SAME, side="right"))
    return float(upto[place - 1]) if place else 0.0


def _below(values: Array, upto: Array, value: float) -> float:
    place = int(np.searchsorted(values, value - SAME))
    return float(upto[place - 1]) if place else 0.0


def crps_of(values: Array, upto: Array, observed: float) -> float:
    """Return the continuous ranked probability score of values in order, with shares up to each.

    It is the integral of the squared difference of the distribution functions of the values and of
    the observed one.

    References
    ----------
    Gneiting & Raftery 2007, doi:10.1198/016214506000001437.
    """
    ends = np.sort(np.append(values, observed))
    share = np.concatenate([[0.0], upto])[np.searchsorted(values, ends[:-1], side="right")]
    return float(np.diff(ends) @ (share - (ends[:-1] >= observed)) ** 2)
