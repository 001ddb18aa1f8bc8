"""Studies held out of a fit: what is fitted without them, and what the fit says of their arms.

The model stays the one that the whole evidence defines, with its coding of covariates: a coefficient
whose level is held out has its prior.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from bayesmeta.errors import EvidenceError
from bayesmeta.estimates.profile_rates import PredictedRates, predictor_of, scale_of
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.evidence import Arms
from bayesmeta.inference.draws import is_large
from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.inference.lattice import spread
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design

__all__ = ["arm_law", "log_predictive", "without"]

Array = npt.NDArray[np.float64]


def without(design: Design, study: str) -> tuple[Design, Arms]:
    """Return the design without a study, and the arms of that study.

    Raises
    ------
    EvidenceError
        If there is no other study.
    """
    own = (design.arms.frame["study"] == study).to_numpy(dtype=bool)
    if own.all():
        raise EvidenceError(
            f"'{study}' is the only study: without it there is nothing to fit. Select two studies or more."
        )
    rest = design.arms.drop(own, f"held out: {study}")
    return replace(design, arms=rest), Arms(design.arms.frame[own], design.arms.excluded.iloc[:0])


def log_predictive(fit: Fit, arms: Arms) -> Array:
    """Return the log probability of each new study's counts in each draw, dims (chain, draw, study).

    The study effect is integrated out over all arms of the study together.
    """
    posterior = fit.posterior
    drawn = {str(name): one.to_numpy() for name, one in posterior.items() if not is_large(one)}
    imputed = [one.name for one in fit.design.imputed]
    return study_log_likelihood(Design(fit.spec, arms, fit.coding), drawn, imputed=imputed)


def arm_law(fit: Fit, arms: Arms, place: int) -> DrawnRates:
    """Return the law of the true rate of one arm of a new study."""
    theta = predictor_of(fit, fit.coding.matrix(arms.frame)[place]) + _unknown(fit, arms, place)
    level = Design(fit.spec, arms, fit.coding).tau_of_study[arms.study_index[place]]
    return PredictedRates(fit, theta, scale_of(fit, int(level))).new_study()


def _unknown(fit: Fit, arms: Arms, place: int) -> Array:
    """Return what the values that an arm lacks and the fit imputes add to its predictor.

    Coded covariates have them at their columns' centres; here they follow the law that the fit found
    of each column. Dims (chain, draw).
    """
    posterior, row = fit.posterior, arms.frame.iloc[[place]]
    total = np.zeros(posterior["mu"].shape)
    for i, one in enumerate(fit.design.imputed):
        if row[one.name].notna().all():
            continue
        centre = fit.coding.centres[one.name]
        # The columns are affine in the value, so that any step will do.
        step = max(1.0, abs(centre))
        moved = row.assign(**{one.name: centre + step})
        slope = (fit.coding.matrix(moved) - fit.coding.matrix(row))[0] / step
        mean, sd = (posterior[name].to_numpy()[..., i] for name in ("x_mean", "x_sd"))
        standard = ndtri(spread("x", total.size, 1)).reshape(total.shape)
        total += (posterior["beta"].to_numpy() @ slope) * (mean + sd * standard - centre)
    return total
