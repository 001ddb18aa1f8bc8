"""The parts of the model family that are calibrated, each a small change of one base model.

A part is found in the registry it belongs to: every distribution of the study effects and of those
of levels, every likelihood with every link, and every prior family, wherever it can stand. Priors here
are moderately informative, so that few data sets are all responders or none.
"""

from collections.abc import Mapping
from dataclasses import fields
from itertools import product
from typing import Any

from bayesmeta.errors import SpecError
from bayesmeta.model import (
    LKJ,
    ArmEffects,
    BetaBinomial,
    Binomial,
    CommonEffect,
    Covariates,
    ModelSpec,
    NormalEffects,
    StudyEffects,
)
from bayesmeta.model.coded_levels import NEW
from bayesmeta.model.coding import Profile
from bayesmeta.model.curves import CURVES
from bayesmeta.model.effects import DISTRIBUTIONS
from bayesmeta.model.level_effects import LEVEL_DISTRIBUTIONS
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.links import LINKS
from bayesmeta.priors import Prior, parse_prior
from bayesmeta.priors.text import FAMILIES

Part = Mapping[str, Any]
"""Arguments of `ModelSpec` that differ from the base model's; as `covariates`, names of sets, and as
`layout` the name of that of the evidence."""

COVARIATES: dict[str, Covariates] = {
    "none": Covariates(),
    "factor": Covariates("regimen", {"regimen": "a"}),
    "number": Covariates("dose", centre={"dose": 1.5}),
    "imputed": Covariates("known_dose", centre={"known_dose": 1.5}, impute=["known_dose"]),
    "shares": Covariates(
        "regimen", {"regimen": "a"}, level_proportions={"regimen": {"a": "share_a", "b": "share_b"}}
    ),
    "one_term": Covariates("(1 | regimen)"),
    "two_terms": Covariates("(1 | group / regimen)"),
    "slopes": Covariates("dose + (dose || regimen)", centre={"dose": 1.5}),
    "walk": Covariates("walk(year)"),
    "split_factor": Covariates("regimen + between(regimen)", {"regimen": "a"}),
    "split_number": Covariates("within(dose) + between(dose)", centre={"dose": 1.5}),
    "exposure": Covariates("exposure", {"exposure": "no"}),
    "exposure_by_study": Covariates("exposure + (0 + exposure | study)", {"exposure": "no"}),
}
"""Covariate sets by name; their columns are those of `bayesmeta.calibration.layouts`."""

PROFILES: dict[str, tuple[Profile, ...]] = {
    "one_term": ({"regimen": "r1"}, {"regimen": NEW}),
    "two_terms": (
        {"group": "g1", "regimen": "r1"},
        {"group": "g1", "regimen": NEW},
        {"group": NEW, "regimen": NEW},
    ),
    "slopes": ({"dose": 2.5, "regimen": "r1"}, {"dose": 2.5, "regimen": NEW}),
    "walk": ({"year": 2016}, {"year": 2022}),
    "split_factor": ({"regimen": "b"},),
    "split_number": ({"dose": 2.5},),
    "exposure": ({"exposure": "yes"},),
    "exposure_by_study": ({"exposure": "yes"},),
}
"""Profiles whose rates are ranked, by covariate set; of other sets the reference profile."""

USUAL = ("none", "factor", "number")
"""Covariate sets that a part is calibrated with, unless it says otherwise."""

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
    "Beta": {"tau": "Beta(2, 4)"},
}
"""For each prior family the roles it can have, and the prior that is calibrated there."""

LINK_PRIORS: dict[str, dict[str, str]] = {
    "logit": {},
    "probit": {"mu": "Normal(0, 0.6)", "beta": "Normal(0, 0.4)"},
    "cloglog": {"mu": "Normal(-0.5, 0.8)", "beta": "Normal(0, 0.5)"},
}
"""Priors on the scale of each link, where they are not the base model's."""


def spec_of(part: str, covariates: str) -> ModelSpec:
    """Return the model of a part with a covariate set; both by name."""
    base = {
        "mu": parse_prior(MU),
        "beta": parse_prior(BETA),
        "study_effects": NormalEffects(parse_prior(TAU)),
    }
    own = COVARIATES[covariates]
    part_of = {**base, **PARTS[part], "covariates": own}
    part_of.pop("layout", None)
    if not own.parsed.terms:
        del part_of["beta"]
    return ModelSpec(f"{part}-{covariates}", **part_of)


def covariates_of(part: str) -> tuple[str, ...]:
    """Return the names of the covariate sets that a part is calibrated with."""
    usual = USUAL[1:] if "beta" in PARTS[part] else USUAL
    return tuple(PARTS[part].get("covariates", usual))


def layout_of(part: str) -> str:
    """Return the name of the layout of the evidence that a part is calibrated with."""
    return str(PARTS[part].get("layout", "arms"))


def profiles_of(covariates: str) -> tuple[Profile, ...]:
    """Return the profiles whose rates are ranked with a covariate set."""
    return PROFILES.get(covariates, ({},))


def _parts() -> dict[str, Part]:
    distributions = {
        f"distribution-{name}": {"study_effects": _distribution(distribution)}
        for name, distribution in DISTRIBUTIONS.items()
    }
    priors = {
        f"{role}-{family}": _prior_part(role, parse_prior(text))
        for family in FAMILIES
        for role, text in _roles(family).items()
        if text not in (MU, BETA, TAU)
    }
    return distributions | priors | _likelihoods() | _others() | _levels() | _survival()


def _likelihoods() -> dict[str, Part]:
    """Return every likelihood with every link, but for the base model's."""
    found: dict[str, Part] = {}
    for (family, distribution), (link, kind) in product(LIKELIHOODS.items(), LINKS.items()):
        likelihood = distribution(link=kind())  # type: ignore[call-arg]
        if likelihood == Binomial():
            continue
        priors = {role: parse_prior(text) for role, text in LINK_PRIORS[link].items()}
        effects: Part = {"study_effects": CommonEffect()} if likelihood.parameters else {}
        found[f"likelihood-{family}-{link}"] = {"likelihood": likelihood, **effects, **priors}
    return found


def _others() -> dict[str, Part]:
    tau = parse_prior(TAU)
    return {
        "arm_effects": {"arm_effects": ArmEffects(parse_prior("HalfNormal(0.3)"))},
        "tau_by": {"study_effects": NormalEffects(tau, by="period")},
        "overdispersion_and_effects": {"likelihood": BetaBinomial()},
        "imputed": {"covariates": ("imputed",)},
        "shares": {"covariates": ("shares",)},
        "walk": {"covariates": ("walk",), "layout": "dated"},
        "within_between": {"covariates": ("split_factor", "split_number")},
        "totals": {"covariates": ("exposure", "exposure_by_study"), "layout": "divided"},
        "unknown_sizes": {"covariates": ("exposure", "exposure_by_study"), "layout": "undivided"},
        "nested-correlated": {"correlation": LKJ(2), "layout": "nested"},
        "nested-independent": {"correlation": None, "layout": "nested"},
    }


def _levels() -> dict[str, Part]:
    """Return every distribution of the effects of exchangeable levels, with its own defaults."""
    sets = ("one_term", "two_terms", "slopes")
    return {
        f"levels-{name}": {"levels": distribution(), "covariates": sets, "layout": "grouped"}
        for name, distribution in LEVEL_DISTRIBUTIONS.items()
    }


def _survival() -> dict[str, Part]:
    """Return every family of survival curves, with medians of 2 to 30 months in 95%."""
    priors = {"mu": parse_prior("Normal(2, 0.7)"), "beta": parse_prior("Normal(0, 0.5)")}
    return {
        f"survival-{name}": {
            "curve": curve(),
            "covariates": ("none", "factor"),
            "layout": "survival",
            **priors,
        }
        for name, curve in CURVES.items()
    }


def _distribution(distribution: type[StudyEffects]) -> StudyEffects:
    """Return a distribution with the base model's prior of tau and its own defaults for the rest."""
    takes_tau = any(field.name == "tau" and field.init for field in fields(distribution))  # type: ignore[arg-type]
    return distribution(**{"tau": parse_prior(TAU)} if takes_tau else {})


def _prior_part(role: str, prior: Prior) -> Part:
    return {"study_effects": NormalEffects(prior)} if role == "tau" else {role: prior}


def _roles(family: str) -> dict[str, str]:
    if family not in ROLES:
        raise SpecError(f"The prior family {family} has no role in calibration. Add it to ROLES.")
    return ROLES[family]


PARTS: dict[str, Part] = _parts()
"""Every part by name."""
