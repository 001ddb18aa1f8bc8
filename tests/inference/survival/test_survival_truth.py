"""Models of survival held to metafor, to quadrature and to PyMC's own sampler.

`tests/reference/r/make_survival_reference.R` has metafor's estimates of normal models of log medians,
and of complementary log-log survival: the models that exponential curves are where standard errors are
known. `tests/reference/survival/make_pymc_reference.py` has posteriors by PyMC.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from numpy.polynomial.hermite_e import hermegauss
from scipy.optimize import minimize
from scipy.special import logsumexp

import bayesmeta as bm
from bayesmeta.estimates.precision import mean_of
from bayesmeta.inference.survival.reports import log_reports_at
from bayesmeta.model.survival_reports import Kind, Report, reports_of

Array = npt.NDArray[np.float64]

REFERENCE = Path(__file__).parents[2] / "reference"
BY_R: dict[str, Any] = json.loads((REFERENCE / "r" / "survival_reference.json").read_text())
BY_PYMC: dict[str, Any] = json.loads((REFERENCE / "survival" / "pymc_reference.json").read_text())
SETS = [name for name in BY_R if name != "packages"]
FITTED = ("y", "s", "ml", "reml")
NODES, WEIGHTS = hermegauss(60)
LOG_LOG_TWO = float(np.log(np.log(2)))


def arms_of(name: str) -> bm.SurvivalArms:
    """The arms of a reference, from what R prints of its curves."""
    frame = pd.DataFrame({key: value for key, value in BY_R[name].items() if key not in FITTED})
    if "median" in frame:
        frame = frame.rename(columns={"low": "median_low", "high": "median_high"})
        frame["median_high"] = (
            frame["median_high"].astype(object).where(frame["median_high"].notna(), "NR")
        )
    else:
        frame = frame.drop(columns="scale").assign(time=12)
    with warnings.catch_warnings(action="ignore", category=bm.EvidenceWarning):
        return bm.read_survival(frame, time_unit="months").select()


@pytest.mark.parametrize("name", SETS)
def test_values_and_standard_errors_are_those_of_r(name: str) -> None:
    """Those of landmarks are Greenwood's, whatever the scale of the interval that is read."""
    rows = [Report(*row) for row in reports_of(arms_of(name)).rows]
    kind = Kind.MEDIAN if "median" in BY_R[name] else Kind.LANDMARK
    assert {row.kind for row in rows} == {kind}
    assert [row.value for row in rows] == pytest.approx(BY_R[name]["y"], rel=1e-9)
    assert [row.size for row in rows] == pytest.approx(BY_R[name]["s"], rel=1e-6)


def log_marginal(rows: Array, mu: float, tau: float) -> float:
    """The log likelihood of rows of one arm each, its log median integrated over studies."""
    theta = np.ascontiguousarray(mu + tau * np.repeat(NODES[:, None], len(rows), axis=1))
    nodes = log_reports_at(
        rows, 0, theta, np.zeros_like(theta), np.tile([0.0, 1.0], (NODES.size, 1))
    )
    log_weights = np.log(WEIGHTS / WEIGHTS.sum())
    return float(logsumexp(nodes + log_weights[:, None], axis=0).sum())


def log_restricted(rows: Array, tau: float, middle: float) -> float:
    """The same with mu integrated out under a flat prior, which is the restricted likelihood."""
    grid = middle + np.linspace(-2.5, 2.5, 401)
    return float(logsumexp([log_marginal(rows, mu, tau) for mu in grid]))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["made_medians", "made_landmarks"])
def test_the_likelihood_has_its_maximum_where_metafors_is(name: str) -> None:
    rows, theirs = reports_of(arms_of(name)).rows, BY_R[name]
    found = minimize(
        lambda at: -log_marginal(rows, at[0], np.exp(at[1])),
        x0=(2.2, -1.0),
        method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-9},
    )
    mu, tau = found.x[0], np.exp(found.x[1])
    # A landmark's complementary log-log survival falls as the log median rises.
    expected = theirs["ml"]["mu"]
    if "survival" in theirs:
        expected = LOG_LOG_TWO + np.log(12) - expected
    assert mu == pytest.approx(expected, abs=5e-4)
    assert tau == pytest.approx(theirs["ml"]["tau"], abs=5e-4)
    restricted = theirs["reml"]["tau"]
    there, less, more = (log_restricted(rows, restricted * f, mu) for f in (1.0, 0.98, 1.02))
    assert there > less
    assert there > more
    # The maximum of the parabola through the three lies within 3 digits.
    assert 0.01 * (more - less) / (2 * there - less - more) == pytest.approx(0, abs=1e-3)


def moments_by_quadrature(y: Array, s: Array, spec: bm.ModelSpec) -> dict[str, float]:
    """Posterior means of mu and tau of the normal model on a fine grid."""
    mu = np.linspace(0.5, 4.0, 1201)[:, None]
    tau = np.linspace(1e-4, 2.5, 1201)[None, :]
    variance = s[:, None, None] ** 2 + tau**2
    log_density = -0.5 * (np.log(variance) + (y[:, None, None] - mu) ** 2 / variance).sum(axis=0)
    log_density += spec.mu.logpdf(mu) + spec.study_effects.tau.logpdf(tau)  # type: ignore[union-attr]
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    return {"mu": float((weight * mu).sum()), "tau": float((weight * tau).sum())}


@pytest.mark.parametrize("name", ["os_medians", "lung_landmarks", "made_medians", "made_landmarks"])
def test_posteriors_of_normal_models_are_those_of_quadrature(name: str) -> None:
    """A false alarm has a probability of 6e-5 for each of two means."""
    y, s = np.array(BY_R[name]["y"]), np.array(BY_R[name]["s"])
    if "survival" in BY_R[name]:
        y = LOG_LOG_TWO + np.log(12) - y
    spec = bm.ModelSpec(curve=bm.ExponentialSurvival())
    fit = bm.fit(spec, arms_of(name), seed=1)
    for parameter, expected in moments_by_quadrature(y, s, spec).items():
        mean = mean_of(np.asarray(fit.posterior[parameter]))
        assert mean.value == pytest.approx(expected, abs=4 * mean.mcse), parameter


@pytest.fixture(scope="module")
def overall_survival() -> bm.SurvivalArms:
    with warnings.catch_warnings(action="ignore", category=bm.EvidenceWarning):
        return bm.load_survival("rr_aml_venetoclax").select(outcome="OS")


@pytest.mark.slow
@pytest.mark.parametrize("curve", ["weibull", "log_logistic"])
def test_posteriors_are_those_of_pymcs_sampler(
    curve: str, overall_survival: bm.SurvivalArms
) -> None:
    """Parameters within 4 joint errors and arms within 4.5: a false alarm has a probability of 5e-4."""
    assert overall_survival.hash == BY_PYMC["arms"]
    family = {"weibull": bm.WeibullSurvival, "log_logistic": bm.LogLogisticSurvival}[curve]
    settings = bm.SamplerSettings(chains=4, warmup=1000, draws=5000, target_accept=0.95)
    fit = bm.fit(bm.ModelSpec(curve=family()), overall_survival, seed=3, settings=settings)
    theta = np.asarray(fit.posterior["theta"])
    for name, theirs in BY_PYMC[curve].items():
        arm = name.removeprefix("theta[").removesuffix("]")
        draws = (
            theta[..., list(fit.arms.labels).index(arm)]
            if name != arm
            else np.asarray(fit.posterior[name])
        )
        mean = mean_of(draws)
        joint = np.hypot(mean.mcse, theirs["mcse"])
        assert mean.value == pytest.approx(
            theirs["mean"], abs=(4.0 if name == arm else 4.5) * joint
        ), name
        # The standard deviations have about the relative errors of the means in units of theirs.
        assert draws.std() == pytest.approx(theirs["sd"], abs=8 * joint), name
