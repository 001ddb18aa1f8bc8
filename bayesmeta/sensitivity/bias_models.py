"""Designs in which studies may be biased; all answers stand where there is no bias."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from bayesmeta.errors import SettingsError
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import STUDY
from bayesmeta.inference.exact import Biases
from bayesmeta.model import Covariates, Design, ModelSpec, NormalLevels, make_design
from bayesmeta.model.default_priors import DEFAULT
from bayesmeta.priors import Normal, Prior

ELICITED, NONE = "elicited_bias", "none"
"""Factor whose levels are studies with an elicited bias; its reference, unless a study is so called."""

HIGH_RISK = "high_risk_of_bias"
"""Column that is 1 of studies at high risk, and 0, where answers stand, of others."""


def elicited_design(design: Design, bias: Biases) -> Design:
    """Return the design with a coefficient for each study whose bias was elicited."""
    study = design.arms.frame[STUDY].astype(str)
    reference = NONE
    while reference in bias:
        reference = f"no {reference}"
    arms = _with_column(design.arms, ELICITED, study.where(study.isin(list(bias)), reference))
    own = design.spec.covariates
    covariates = replace(
        own,
        formula=_added(own, ELICITED),
        reference={**own.reference, ELICITED: reference},
        elicited=(*own.elicited, ELICITED),
    )
    priors = {f"{ELICITED}[{name}]": Normal(mean, sd) for name, (mean, sd) in bias.items()}
    return make_design(_with_priors(design.spec, covariates, priors), arms, warn=False)


def high_risk_design(
    design: Design, high: Collection[str], bias_prior: Prior, spread_prior: Prior
) -> Design:
    """Return the design in which biases of studies at high risk are Normal(b0, kappa^2).

    The prior of b0 is `bias_prior`, that of kappa `spread_prior`.
    """
    at_risk = design.arms.frame[STUDY].astype(str).isin(list(high)).astype(float)
    arms = _with_column(design.arms, HIGH_RISK, at_risk)
    own, spec = design.spec.covariates, design.spec
    covariates = replace(
        own,
        formula=f"{_added(own, HIGH_RISK)} + (0 + {HIGH_RISK} | {STUDY})",
        centre={**own.centre, HIGH_RISK: 0.0},
    )
    levels = spec.levels if isinstance(spec.levels, Mapping) else {DEFAULT: spec.levels}
    found = _with_priors(spec, covariates, {HIGH_RISK: bias_prior})
    spread = {f"{HIGH_RISK}|{STUDY}": NormalLevels(spread_prior)}
    return make_design(replace(found, levels={**levels, **spread}), arms, warn=False)


def weighted_design(design: Design, powers: Mapping[str, float]) -> Design:
    """Return the design in which the likelihood of each study is to a power."""
    studies = design.arms.frame[STUDY].astype(str)
    return replace(design, weights=np.array([powers[study] for study in studies], dtype=np.float64))


def design_without(design: Design, left_out: Collection[str]) -> Design:
    """Return the design without some studies, with the coding learnt from all."""
    return design.rows(~design.arms.frame[STUDY].astype(str).isin(list(left_out)).to_numpy())


def _with_column(arms: Arms, name: str, values: Any) -> Arms:
    if name in arms.frame.columns:
        raise SettingsError(
            f"The arms have a column '{name}' already, which the model of biases adds. Rename it, or give the fit without "
            "biases."
        )
    return replace(arms, frame=arms.frame.assign(**{name: values}))


def _added(covariates: Covariates, name: str) -> str:
    return f"{covariates.formula} + {name}" if covariates.formula.strip() else name


def _with_priors(spec: ModelSpec, covariates: Covariates, own: Mapping[str, Prior]) -> ModelSpec:
    """Return the model with more covariates, whose coefficients have priors of their own."""
    before = spec.beta_priors
    # ModelSpec refuses priors without covariates, so both change at once.
    return replace(spec, covariates=covariates, beta={**before, **own})
