"""Studies held out of a fit: what is fitted without them, and what the fit says of their arms.

The model stays the one that the whole evidence defines, with its coding of covariates: a coefficient
whose level is held out has its prior.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from bayesmeta.arrays import Array, Flags
from bayesmeta.comparison.plan import number_of
from bayesmeta.errors import EvidenceError
from bayesmeta.estimates.profile_rates import KnownRates
from bayesmeta.estimates.rates import DrawnRates, safe_log_odds
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import ARM, COUNTS, RANDOMISED, SPLIT_COLUMNS, STRATUM, STUDY
from bayesmeta.inference.coefficients import coefficients_of
from bayesmeta.inference.draws import is_large
from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.inference.lattice import spread
from bayesmeta.inference.result import Fit
from bayesmeta.inference.simulation import given_known
from bayesmeta.model import Design
from bayesmeta.model.design import with_arms
from bayesmeta.model.imputation import imputation

STREAM = (4,)
"""First part of the key of the random streams of unmodelled columns; refits have 2."""


def lean(design: Design, *columns: str) -> Design:
    """Return the design with those columns alone that fits read, and some others."""
    coding, arms = design.coding, design.arms
    shares = (
        name
        for columns in coding.covariates.level_proportions.values()
        for name in columns.values()
    )
    named = (STUDY, ARM, STRATUM, *COUNTS, *SPLIT_COLUMNS, RANDOMISED)
    read = dict.fromkeys((*named, *arms.outcomes, *coding.columns, *shares, *columns))
    frame = arms.frame[[name for name in read if name in arms.frame]]
    small = replace(arms, frame=frame, excluded=arms.excluded.iloc[:0, :0], selection={})
    return with_arms(design, small, np.ones(len(arms), np.bool_))


def only(design: Design, study: str, *, without: bool = False) -> Design:
    """Return the design of a study alone, or of all others; it does not list what it lacks."""
    rows = rows_of(design, {study}, without=without)
    if not rows.any():
        raise EvidenceError(
            f"'{study}' is the only study: without it there is nothing to fit. Select two studies or more."
        )
    return design.rows(rows)


def rows_of(design: Design, studies: Collection[str], *, without: bool = False) -> Flags:
    """Return which rows are of some studies, or of all others."""
    own = design.arms.frame[STUDY].astype(str).isin(studies)
    return np.asarray(own.to_numpy(dtype=np.bool_) != without)


def without(design: Design, study: str) -> tuple[Design, Design]:
    """Return the design without a study, and that of the study alone."""
    return only(design, study, without=True), only(design, study)


def log_predictive(fit: Fit, new: Design) -> Array:
    """Return the log probability of each new study's counts, effects integrated out, by draw."""
    posterior = fit.posterior
    drawn = {str(name): np.asarray(one) for name, one in posterior.items() if not is_large(one)}
    distributions = {name: _distribution_of(fit, name) for name in _lacking(fit, new.arms.frame)}
    for place, name in enumerate(("x_mean", "x_sd")):
        drawn.pop(name, None)
        if distributions:
            drawn[name] = np.stack(
                [distribution[place] for distribution in distributions.values()], axis=-1
            )
    return study_log_likelihood(new, drawn, imputed=list(distributions))


def arm_distribution(rates: KnownRates, new: Design, place: int) -> DrawnRates:
    """Return the distribution of the true rate of one arm of a new study."""
    row = new.matrix_at_centres[place]
    level = int(new.tau_of_study[new.arms.study_index[place]])
    lacking = _lacking(rates.fit, new.arms.frame.iloc[[place]])
    totals = new.totals
    if place in totals.arm:
        # As of a binomial at the mean rate of both levels, which is a little wider.
        theta = rates.at(row, level).cohort().theta
        coefficients = coefficients_of(rates.fit.posterior)[..., None, :]
        mean = totals.mean_rates(np.repeat(theta[..., None], len(new.arms), axis=-1), coefficients)
        return DrawnRates(safe_log_odds(mean[..., list(totals.arm).index(place)]))
    if not lacking:
        return rates.at(row, level).cohort()
    return rates.moved(row, level, _unknown(rates.fit, new.arms, place)).cohort()


def _unknown(fit: Fit, arms: Arms, place: int) -> Array:
    """Return what imputed values of an arm add to its predictor at centres, dims (chain, draw)."""
    row = arms.frame.iloc[[place]]
    total = np.zeros(fit.posterior["mu"].shape)
    for name in _lacking(fit, row):
        centre = fit.coding.centres[name]
        # The columns are affine in the value, so that any step will do.
        step = max(1.0, abs(centre))
        moved = row.assign(**{name: centre + step})
        slope = (fit.coding.matrix(moved) - fit.coding.matrix(row))[0] / step
        mean, sd = _distribution_of(fit, name)
        standard = ndtri(spread("x", total.size, 1)).reshape(total.shape)
        total += (coefficients_of(fit.posterior) @ slope) * (mean + sd * standard - centre)
    return total


def _lacking(fit: Fit, frame: pd.DataFrame) -> list[str]:
    """Return the columns that the model imputes and in which an arm has no value."""
    return [name for name in fit.coding.covariates.impute if frame[name].isna().any()]


def _distribution_of(fit: Fit, name: str) -> tuple[Array, Array]:
    """Return mean and standard deviation of a column in each draw, in its own unit."""
    names = [one.name for one in fit.design.imputed]
    if name in names:
        place = names.index(name)
        mean, sd = (np.asarray(fit.posterior[one])[..., place] for one in ("x_mean", "x_sd"))
        return mean, sd
    column = imputation(name, fit.coding, fit.arms)
    seed = np.random.SeedSequence(fit.provenance.seed, spawn_key=(*STREAM, number_of(name)))
    drawn = given_known(column, np.random.default_rng(seed), fit.posterior["mu"].shape)
    return column.in_own_unit(drawn[..., 0]), column.spread * drawn[..., 1]
