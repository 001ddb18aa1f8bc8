"""Studies held out of a fit: what is fitted without them, and what the fit says of their arms.

The model stays the one that the whole evidence defines, with its coding of covariates: a coefficient
whose level is held out has its prior.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from bayesmeta.comparison.streams import number_of
from bayesmeta.errors import EvidenceError
from bayesmeta.estimates.profile_rates import PredictedRates, predictor_of, scale_of
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.evidence import Arms
from bayesmeta.inference.draws import is_large
from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.inference.lattice import spread
from bayesmeta.inference.result import Fit
from bayesmeta.inference.simulation import given_known
from bayesmeta.model import Design
from bayesmeta.model.imputation import imputation

__all__ = ["arm_law", "log_predictive", "without"]

Array = npt.NDArray[np.float64]

STREAM = (4,)
"""First part of the key of the random numbers of columns that a fit has no law of; refits have 2."""


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
    laws = {name: _law_of(fit, name) for name in _lacking(fit, arms.frame)}
    for place, name in enumerate(("x_mean", "x_sd")):
        drawn.pop(name, None)
        if laws:
            drawn[name] = np.stack([law[place] for law in laws.values()], axis=-1)
    return study_log_likelihood(Design(fit.spec, arms, fit.coding), drawn, imputed=list(laws))


def arm_law(fit: Fit, arms: Arms, place: int) -> DrawnRates:
    """Return the law of the true rate of one arm of a new study."""
    theta = predictor_of(fit, fit.coding.matrix(arms.frame)[place]) + _unknown(fit, arms, place)
    level = Design(fit.spec, arms, fit.coding).tau_of_study[arms.study_index[place]]
    return PredictedRates(fit, theta, scale_of(fit, int(level))).new_study()


def _unknown(fit: Fit, arms: Arms, place: int) -> Array:
    """Return what the values that an arm lacks and the model imputes add to its predictor.

    Coded covariates have them at their columns' centres; here they follow the law of each column.
    Dims (chain, draw).
    """
    row = arms.frame.iloc[[place]]
    total = np.zeros(fit.posterior["mu"].shape)
    for name in _lacking(fit, row):
        centre = fit.coding.centres[name]
        # The columns are affine in the value, so that any step will do.
        step = max(1.0, abs(centre))
        moved = row.assign(**{name: centre + step})
        slope = (fit.coding.matrix(moved) - fit.coding.matrix(row))[0] / step
        mean, sd = _law_of(fit, name)
        standard = ndtri(spread("x", total.size, 1)).reshape(total.shape)
        total += (fit.posterior["beta"].to_numpy() @ slope) * (mean + sd * standard - centre)
    return total


def _lacking(fit: Fit, frame: pd.DataFrame) -> list[str]:
    """Return the columns that the model imputes and in which an arm has no value."""
    return [name for name in fit.coding.covariates.impute if frame[name].isna().any()]


def _law_of(fit: Fit, name: str) -> tuple[Array, Array]:
    """Return mean and standard deviation of a column in each draw, in its own unit.

    Where all arms of the fit have a value it is no part of the fit, and follows from these values.
    """
    names = [one.name for one in fit.design.imputed]
    if name in names:
        place = names.index(name)
        mean, sd = (fit.posterior[one].to_numpy()[..., place] for one in ("x_mean", "x_sd"))
        return mean, sd
    column = imputation(name, fit.coding, fit.arms)
    seed = np.random.SeedSequence(fit.provenance.seed, spawn_key=(*STREAM, number_of(name)))
    drawn = given_known(column, np.random.default_rng(seed), fit.posterior["mu"].shape)
    return column.in_own_unit(drawn[..., 0]), column.spread * drawn[..., 1]
