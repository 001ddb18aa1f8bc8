"""The likelihood of a study, its effect and the shapes of its arms integrated out, against fine sums."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from scipy.stats import norm
from survival_family import design_of

import bayesmeta as bm
from bayesmeta.inference.survival.integrated import survival_study_log_likelihood
from bayesmeta.inference.survival.reports import log_reports_at
from bayesmeta.model import make_design
from bayesmeta.model.curves import CURVES


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("structure", ["none", "covariates", "tau_by", "common"])
def test_effects_and_shapes_are_integrated_out(curve: str, structure: str) -> None:
    """Against sums over a fine grid of the study effect, and of the shape of each arm."""
    design = design_of(CURVES[curve](), structure)
    rng = np.random.default_rng(1)
    by_period = structure == "tau_by"
    drawn = {"mu": np.array([2.0]), "retention": np.array([0.6])}
    if design.curve.has_shape:
        drawn |= {"kappa": np.array([0.1]), "tau_k": np.array([0.2])}
    if structure != "common":
        drawn["tau"] = np.array([[0.3, 0.5]]) if by_period else np.array([0.4])
    if structure == "covariates":
        drawn["beta"] = 0.2 * rng.standard_normal((1, design.matrix.shape[1]))
    found = survival_study_log_likelihood(design, drawn)[0]
    eta = 2.0 + (
        design.matrix @ drawn["beta"][0] if "beta" in drawn else np.zeros(len(design.arms))
    )
    z, shapes = np.linspace(-8, 8, 401), np.linspace(-8, 8, 81)
    for study, value in enumerate(found):
        place = int(design.tau_of_study[study])
        tau = np.ravel(drawn.get("tau", 0.0))[place if by_period else 0]
        total = norm.logpdf(z) + np.log(z[1] - z[0])
        for arm in np.flatnonzero(design.arms.study_index == study):
            rows = design.reports.rows[design.reports.arm == arm].copy()
            rows[:, 0] = 0
            theta = np.repeat(eta[arm] + tau * z, shapes.size)[:, None]
            log_shape = np.tile(0.1 + 0.2 * shapes, z.size)[:, None]
            if not design.curve.has_shape:
                log_shape = np.zeros_like(log_shape)
            kappa = 0.1 if design.curve.has_shape else 0.0
            others = np.tile([kappa, 0.6], (theta.size, 1))
            each = log_reports_at(rows, design.curve.code, theta, log_shape, others)
            each = each.reshape(z.size, shapes.size) + norm.logpdf(shapes)
            total = total + logsumexp(each, axis=1) + np.log(shapes[1] - shapes[0])
        assert value == pytest.approx(float(logsumexp(total)), abs=1e-6)


@pytest.mark.parametrize("curve", ["weibull", "log_logistic"])
@pytest.mark.parametrize("tau_k", [0.05, 0.3, 0.6])
def test_landmarks_of_many_patients_tell_their_shape_closely(curve: str, tau_k: float) -> None:
    """Against sums over a fine grid: the shape of such an arm is known far better than `tau_k`."""
    times, rows = (3, 6, 12, 24), []
    for study, shape, precise in (
        ("s1", np.exp(-tau_k), False),
        ("s2", np.exp(tau_k), True),
    ):
        for time in times:
            alive = float(CURVES[curve]().survival(time, np.array(8.0), shape))
            row = {"study": study, "arm": "a", "n": 300, "time": time, "survival": alive}
            limits = {"ci_low": alive**1.1, "ci_high": alive**0.9}
            rows.append(row | (limits if precise else {"at_risk": max(round(300 * alive), 1)}))
    with warnings.catch_warnings(action="ignore", category=bm.EvidenceWarning):
        arms = bm.read_survival(pd.DataFrame(rows), time_unit="months").select()
    design = make_design(bm.ModelSpec(curve=CURVES[curve]()), arms)
    drawn = {"mu": 2.0, "tau": 0.3, "kappa": 0.0, "tau_k": tau_k}
    found = survival_study_log_likelihood(design, {k: np.array([v]) for k, v in drawn.items()})[0]
    z, shapes = np.linspace(-8, 8, 401), np.linspace(-8, 8, 401)
    theta, log_shape = np.repeat(2 + 0.3 * z, shapes.size), np.tile(tau_k * shapes, z.size)
    others = np.tile([0.0, 1.0], (theta.size, 1))
    for study, value in enumerate(found):
        own = design.reports.rows[design.reports.arm == study].copy()
        own[:, 0] = 0
        each = log_reports_at(own, design.curve.code, theta[:, None], log_shape[:, None], others)
        # Of survival so near 0 or 1 that nothing is left of it there is no logarithm.
        each = np.nan_to_num(each, nan=-np.inf, neginf=-np.inf).reshape(z.size, shapes.size)
        each = each + norm.logpdf(shapes) + norm.logpdf(z)[:, None]
        steps = np.log((z[1] - z[0]) * (shapes[1] - shapes[0]))
        assert value == pytest.approx(float(logsumexp(each)) + steps, abs=1e-4)
