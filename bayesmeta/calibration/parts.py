"""The parts of the model family that are calibrated, each a small change of one base model.

A part is found in the registry it belongs to: every law of the study effects and every prior
family, wherever it can stand. Priors here are moderately informative, so that few data sets are
all responders or none.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from bayesmeta.errors import SpecError
from bayesmeta.model import Covariates, ModelSpec, NormalEffects, StudyEffects
from bayesmeta.model.effects import LAWS
from bayesmeta.priors import Prior, parse_prior
from bayesmeta.priors.text import FAMILIES

__all__ = ["COVARIATES", "PARTS", "Part", "spec_of"]

Part = Mapping[str, Any]
"""Arguments of `ModelSpec` that differ from the base model's."""

COVARIATES: dict[str, Covariates] = {
    "none": Covariates(),
    "factor": Covariates("regimen", {"regimen": "a"}),
    "number": Covariates("dose", centre={"dose": 1.5}),
}
"""Covariate sets by name; their columns are those of `bayesmeta.calibration.layouts`."""

MU, BETA, TAU = "Normal(0, 1)", "Normal(0, 0.7)", "HalfNormal(0.5)"
"""Priors of the base model."""

ROLES: dict[str, dict[str, str]] = {
    "Normal": {"mu": MU, "beta": BETA},
    "StudentT": {"mu": "StudentT(4, 0, 0.8)", "beta": "StudentT(4, 0, 0.5)"},
    "Cauchy": {"mu": "Cauchy(0, 0.4)", "beta": "Cauchy(0, 0.25)"},
    "HalfNormal": {"tau": TAU},
    "HalfStudentT": {"tau": "HalfStudentT(4, 0.4)"},
    "HalfCauchy": {"tau": "HalfCauchy(0.25)"},
    "LogNormal": {"tau": "LogNormal(-1, 0.6)"},
    "Exponential": {"tau": "Exponential(2.5)"},
    "Uniform": {"tau": "Uniform(0, 1.2)"},
    "Gamma": {"tau": "Gamma(3, 6)"},
    "InverseGamma": {"tau": "InverseGamma(4, 1.5)"},
}
"""For each prior family the roles it can have, and the prior that is calibrated there."""


def spec_of(part: str, covariates: str) -> ModelSpec:
    """Return the model of a part with a covariate set; both by name."""
    chosen = {"mu": parse_prior(MU), "study_effects": NormalEffects(parse_prior(TAU))}
    spec = ModelSpec(f"{part}-{covariates}", **(chosen | _without_beta(PARTS[part])))
    if covariates == "none":
        return spec
    beta = PARTS[part].get("beta", parse_prior(BETA))
    return replace(spec, covariates=COVARIATES[covariates], beta=beta)


def _without_beta(part: Part) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "beta"}


def _parts() -> dict[str, Part]:
    laws = {f"law-{name}": {"study_effects": _law(law)} for name, law in LAWS.items()}
    priors = {
        f"{role}-{family}": _prior_part(role, parse_prior(text))
        for family in FAMILIES
        for role, text in _roles(family).items()
        if text not in (MU, BETA, TAU)
    }
    return laws | priors


def _law(law: type[StudyEffects]) -> StudyEffects:
    """Return a law with the base model's prior of tau and its own defaults for the rest."""
    takes_tau = any(field.name == "tau" and field.init for field in fields(law))  # type: ignore[arg-type]
    return law(**{"tau": parse_prior(TAU)} if takes_tau else {})


def _prior_part(role: str, prior: Prior) -> Part:
    return {"study_effects": NormalEffects(prior)} if role == "tau" else {role: prior}


def _roles(family: str) -> dict[str, str]:
    if family not in ROLES:
        raise SpecError(f"The prior family {family} has no role in calibration. Add it to ROLES.")
    return ROLES[family]


PARTS: dict[str, Part] = _parts()
"""Every part by name."""
