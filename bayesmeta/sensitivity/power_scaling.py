"""`power_scaling`: how far estimates move when prior or likelihood count for a little more."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit

from bayesmeta.arrays import Array
from bayesmeta.estimates.arguments import check_family
from bayesmeta.estimates.log_priors import SENSITIVE, log_likelihood, log_priors
from bayesmeta.estimates.outcome_draws import OutcomeDraws, draws_of
from bayesmeta.estimates.overlap import prior_overlap
from bayesmeta.estimates.posterior import asked_time
from bayesmeta.estimates.prior_posterior_numbers import rates_with_priors
from bayesmeta.estimates.profile_survival import profile_survival
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.estimates.survival_words import (
    MEAN_SURVIVAL,
    NEW_MEDIAN,
    NEW_SURVIVAL,
    TYPICAL_MEDIAN,
    TYPICAL_SURVIVAL,
)
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

POWERS = (0.99, 1.01)
"""Powers between which the change is measured."""

APART = 0.5
"""Overlap of prior and posterior below which two sensitivities are told as a potential conflict."""

CONFLICT = "potential prior-data conflict"
STRONG_PRIOR = "strong prior / weak likelihood"

SAMPLE = ["chain", "draw"]

OF_A_TIME = (TYPICAL_SURVIVAL, MEAN_SURVIVAL, NEW_SURVIVAL)

GATES = {
    "mean rate": "typical rate",
    TYPICAL_SURVIVAL: TYPICAL_MEDIAN,
    MEAN_SURVIVAL: TYPICAL_MEDIAN,
    NEW_SURVIVAL: NEW_MEDIAN,
}
"""Of what has no overlap of its own, whose overlap stands for it."""


def power_scaling(
    fit: Fit,
    *,
    profile: Profile | None = None,
    outcome: str | None = None,
    time: float | None = None,
) -> pd.DataFrame:
    """Return how sensitive each estimate is to the priors and to the likelihood.

    A density to the power 1.01 counts for a hundredth more. The sensitivity is how fast the posterior
    moves with that power: the cumulative Jensen-Shannon distance per doubling. Priors are those of mu,
    of all coefficients together, of tau and of each other parameter, together and each by itself. The
    distribution of the study effects is a part of the model and is not changed. The likelihood is
    that of the arms given their rates: to a power it is what more patients in the same studies
    would bring.

    Of 12,000 draws, sensitivities to priors are good to a tenth of themselves; those to the likelihood,
    which varies more from draw to draw, to about 0.02 where there are some thirty studies.

    Parameters
    ----------
    fit : Fit
        Posterior draws, with those of arms.
    profile : mapping, optional
        Covariate values that the rates are for; others stand at the reference or the centre.
    outcome : str, optional
        Of several outcomes, the one whose parameters and rates are asked about; priors are those of
        all outcomes, and of the correlations of their effects.
    time : float, optional
        Months at which survival is told, of fits of survival only; 12 where None.

    Returns
    -------
    DataFrame
        One row per parameter and per rate (``typical rate``, ``mean rate``, ``new study``; of survival
        ``typical median``, ``new study median``, ``typical survival``, ``mean survival`` and ``new study
        survival``), with columns

        - quantity, and profile, blank for parameters;
        - prior: sensitivity to all priors together; likelihood: to the likelihood;
        - overlap: of the densities of prior and posterior, from 0 to 1; NaN of the mean rate, and of
          survival at a time, whose priors have no closed form;
        - diagnosis: ``"potential prior-data conflict (overlap 20%)"`` where both are 0.05 or more and
          the overlap is below 0.5, so that prior and evidence may pull apart: sensitivities alone
          cannot tell; ``"strong prior / weak likelihood"`` where only the prior's is, so that the
          prior decides; else empty. Of the mean rate the overlap is taken to be the typical rate's, and
          of survival at a time that of the median;
        - prior_mu, prior_beta, prior_tau, ...: sensitivity to each prior by itself;
        - time, of survival only: months, missing of what is of no time.

    Raises
    ------
    SettingsError
        If the model is a user-supplied PyMC model, the fit kept no draws of arms, `outcome` is none
        of its outcomes, or `time` is no time or has no effect.
    ProfileError
        If the profile cannot be coded.

    References
    ----------
    Garrett & Zeger 2000, doi:10.1111/j.0006-341X.2000.01055.x (overlap of prior and posterior).
    Kallioinen, Paananen, Bürkner & Vehtari 2024, doi:10.1007/s11222-023-10366-5.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.power_scaling(bm.fit(bm.load_model("pooled"), arms, seed=1))
    >>> found["quantity"].tolist()
    ['mu', 'tau', 'typical rate', 'mean rate', 'new study']
    >>> bool((found["likelihood"] > found["prior"]).all())
    True
    """
    drawn = draws_of(fit, outcome, survival=True)
    check_family(fit, "power_scaling")
    months = asked_time(fit, time)
    label = profile_label(fit.coding, profile)
    label = f"{drawn.outcome}, {label}" if drawn.outcome else label
    # Asked for first: it is what a fit may not have.
    likelihood = log_likelihood(fit, "`power_scaling`")
    quantities = {**_parameters(drawn), **_rates(drawn, profile, label, months)}
    priors = log_priors(fit)
    parts = {
        "prior": np.sum(list(priors.values()), axis=0),
        "likelihood": likelihood,
        **{f"prior_{name}": log_prior for name, log_prior in priors.items()},
    }
    table = pd.DataFrame(list(quantities), columns=["quantity", "profile"])
    for part, log_density in parts.items():
        table[part] = _sensitivities(quantities, log_density)
    overlaps = _overlaps(drawn, profile)
    table.insert(4, "overlap", table["quantity"].map(overlaps))
    gates = table["quantity"].replace(GATES).map(overlaps)
    diagnoses = map(_diagnosis, table["prior"], table["likelihood"], gates)
    table.insert(5, "diagnosis", list(diagnoses))
    if months is None:
        return table
    return table.assign(time=table["quantity"].isin(OF_A_TIME).map({True: months, False: np.nan}))


def _diagnosis(prior: float, likelihood: float, overlap: float) -> str:
    if not prior >= SENSITIVE:
        return ""
    if likelihood < SENSITIVE:
        return STRONG_PRIOR
    return f"{CONFLICT} (overlap {100 * overlap:.0f}%)" if overlap < APART else ""


def _overlaps(drawn: OutcomeDraws, profile: Profile | None) -> dict[str, float]:
    """Return the overlap of prior and posterior, by quantity."""
    parameters = [drawn.mu, *drawn.taus(), *drawn.others()]
    parameters += [one._replace(label=f"beta[{one.label}]") for one in drawn.coefficients()]
    found = {label: prior_overlap(prior, draws) for label, prior, draws in parameters}
    rates = rates_with_priors(drawn, profile)
    return found | {
        name: prior_overlap(prior, log_odds) for name, (prior, log_odds) in rates.items()
    }


def _parameters(drawn: OutcomeDraws) -> dict[tuple[str, str], Array]:
    """Return the draws of every parameter with a prior of its own, dims (chain, draw), by label."""
    found: dict[tuple[str, str], Array] = {}
    for name in log_priors(drawn.fit):
        variable = drawn.fit.posterior[name]
        if drawn.outcome and name != "correlation":
            variable = variable[:, :, drawn.level]
        if variable.ndim == len(SAMPLE):
            found[name, ""] = variable.to_numpy()
            continue
        [dim] = variable.dims[2:]
        for i, label in enumerate(variable[dim].to_numpy()):
            found[f"{name}[{label}]", ""] = variable[..., i].to_numpy()
    return found


def _rates(
    drawn: OutcomeDraws, profile: Profile | None, label: str, time: float | None
) -> dict[tuple[str, str], Array]:
    """Return draws of the rates of a profile; of a new study, dims (chain, draw, node)."""
    if time is not None:
        found = profile_survival(drawn.fit, profile)
        return {
            (TYPICAL_MEDIAN, label): found.typical.median,
            (NEW_MEDIAN, label): found.new_study.median,
            (TYPICAL_SURVIVAL, label): found.typical.survival(time),
            (MEAN_SURVIVAL, label): found.mean_survival(time),
            (NEW_SURVIVAL, label): found.new_study.survival(time),
        }
    rates = drawn.rates(profile)
    return {
        ("typical rate", label): rates.typical,
        ("mean rate", label): rates.mean,
        ("new study", label): expit(rates.cohort().theta),
    }


def _sensitivities(quantities: Mapping[Any, Array], log_density: Array) -> list[float]:
    """Return the sensitivity of each quantity to a part of the model with this log density."""
    import arviz_stats  # noqa: F401  # registers `azstats`

    density, weights = xr.DataArray(log_density, dims=SAMPLE), []
    for power in POWERS:
        # Their tails are smoothed.
        found = np.exp(density.azstats.power_scale_lw(alpha=power, dim=SAMPLE))
        weights.append((found / found.sum()).to_numpy())
    return [_sensitivity(drawn, *weights) for drawn in quantities.values()]


def _sensitivity(drawn: Array, lower: Array, upper: Array) -> float:
    """Return the mean gradient of the distance between draws and draws with the weights of `POWERS`."""
    nodes = drawn.shape[2] if drawn.ndim > len(SAMPLE) else 1
    values = xr.DataArray(drawn.reshape(len(drawn), -1), dims=SAMPLE)
    # Nodes of a draw share its weight.
    each, other = (
        xr.DataArray(np.repeat(one, nodes, axis=1), dims=SAMPLE) for one in (lower, upper)
    )
    found = values.azstats.power_scale_sense(
        lower_w=each,
        upper_w=other,
        lower_alpha=POWERS[0],
        upper_alpha=POWERS[1],
        sample_dims=SAMPLE,
    )
    return float(found)
