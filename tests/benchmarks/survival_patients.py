"""Studies of simulated patients: Kaplan-Meier curves, and what a publication reports of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times

import bayesmeta as bm

Array = npt.NDArray[np.float64]

TIME = 12.0
"""Months of the landmark."""

FOLLOWED = (6.0, 36.0)
"""Months between which patients are followed, evenly."""

EVERY = 4
"""What studies report repeats after so many."""


@dataclass(frozen=True)
class Truth:
    """Weibull curves: the typical median (months) and shape, and what studies differ by."""

    median: float = 8.0
    tau: float = 0.35
    shape: float = 1.1
    tau_shape: float = 0.15

    def draw(self, rng: np.random.Generator) -> tuple[float, float]:
        """Median and shape of a study."""
        median = self.median * np.exp(self.tau * rng.standard_normal())
        return float(median), float(self.shape * np.exp(self.tau_shape * rng.standard_normal()))

    def survival(self, time: float) -> float:
        """Survival (probability) of a typical study."""
        return float(bm.WeibullSurvival().survival(time, self.median, self.shape))


def reports(truth: Truth, sizes: list[int], rng: np.random.Generator) -> pd.DataFrame:
    """What studies of so many patients report."""
    rows = [
        {"study": f"study{j + 1:02d}", "n": n, **row}
        for j, n in enumerate(sizes)
        for row in _study(j % EVERY, n, *truth.draw(rng), rng)
    ]
    return pd.DataFrame(rows)


def _study(
    kind: int, n: int, median: float, shape: float, rng: np.random.Generator
) -> Iterator[dict[str, object]]:
    """Yield the rows of a study: medians and landmarks with intervals, at risk, or of patients alone."""
    death = median * (rng.standard_exponential(n) / np.log(2)) ** (1 / shape)
    followed = rng.uniform(*FOLLOWED, n)
    fitted = KaplanMeierFitter().fit(np.minimum(death, followed), death <= followed)
    limits = fitted.confidence_interval_
    at_risk = int((np.minimum(death, followed) > TIME).sum())
    survival = float(fitted.predict(TIME))
    if kind in (0, 2):
        yield _median(fitted, followed, limits=kind == 0)
    if kind == 1:
        low, high = limits[limits.index <= TIME].iloc[-1]
        known = {"ci_low": low, "ci_high": high} if 0 < survival < 1 else {}
        yield {"time": TIME, "survival": survival, **known}
    if kind == 2:
        yield {"time": TIME, "survival": survival}
    if kind == 3:
        yield {"time": TIME, "survival": survival, "at_risk": at_risk or None}


def _time_of_half(fitted: KaplanMeierFitter) -> float:
    """Return the median of a curve; where it is one half between two deaths, the middle of these.

    So do the `survival` package of R and LIFETEST of SAS. The first of these times is too early: of 10
    patients who are all followed by a twentieth of the patients.
    """
    curve = fitted.survival_function_.iloc[:, 0]
    half = curve.index[np.isclose(curve, 0.5, rtol=0, atol=1e-9)]
    below = curve.index[curve < 0.5 - 1e-9]
    if half.size and below.size:
        return float(half[0] + below[0]) / 2
    return float(fitted.median_survival_time_)


def _median(fitted: KaplanMeierFitter, followed: Array, *, limits: bool) -> dict[str, object]:
    """The median with its interval by Brookmeyer and Crowley; NR where it was not reached."""
    value = _time_of_half(fitted)
    if np.isinf(value):
        return {"median": "NR", "followup": float(np.median(followed))}
    if not limits:
        return {"median": value}
    # They invert the interval of the curve, here on the log-log scale (doi:10.2307/2530286).
    low, high = median_survival_times(fitted.confidence_interval_).to_numpy().ravel()
    low, high = sorted((float(low), float(high)))
    known = {"median_low": low} if np.isfinite(low) and low <= value else {}
    if known:
        known["median_high"] = high if np.isfinite(high) else "NR"
    return {"median": value, **known}
