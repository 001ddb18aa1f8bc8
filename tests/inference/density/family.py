"""Designs of the whole family, on evidence with studies of one to three arms and odd cells."""

import functools
import warnings

import pandas as pd

import bayesmeta as bm
from bayesmeta.model import Design, make_design
from bayesmeta.model.effects import DISTRIBUTIONS
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.links import LINKS
from bayesmeta.priors import Prior

COVARIATES = {
    "none": bm.Covariates(),
    "factor": bm.Covariates("regimen", {"regimen": "a"}),
    "number": bm.Covariates("age"),
    "both": bm.Covariates("regimen * age", {"regimen": "a"}, centre={"age": 6}),
    "imputed": bm.Covariates("regimen * dose + prior", {"regimen": "a"}, impute=["dose", "prior"]),
    "shares": bm.Covariates(
        "regimen", {"regimen": "a"}, level_proportions={"regimen": {"a": "in_a", "b": "in_b"}}
    ),
    "walk": bm.Covariates("age + walk(year)"),
    "levels": bm.Covariates("age + (age | regimen) + (1 | period / regimen)"),
}
LEVELS: list[bm.LevelEffects] = [
    bm.NormalLevels(bm.Exponential(2)),
    bm.StudentTLevels(bm.HalfNormal(1), nu=3),
    bm.PartlyExchangeableLevels(exchangeable=0.3, apart=bm.Normal(-0.4, 1.3)),
]
MU_PRIORS: list[Prior] = [bm.Normal(0.2, 1.5), bm.StudentT(4, -0.5, 2), bm.Cauchy(0, 2.5)]
TAU_PRIORS: list[Prior] = [
    bm.HalfNormal(0.5),
    bm.HalfStudentT(3, 1),
    bm.HalfCauchy(0.7),
    bm.LogNormal(-1, 0.8),
    bm.Exponential(2),
    bm.Uniform(0, 2),
    bm.Uniform(0.1, 3),
    bm.Gamma(0.5, 4),
    bm.InverseGamma(3, 1),
    bm.Beta(2, 5),
]


@functools.cache
def arms() -> bm.Arms:
    frame = pd.DataFrame(
        {
            "study": ["s1", "s1", "s2", "s3", "s4", "s4", "s4", "s5"],
            "arm": ["a", "b", "a", "a", "a", "b", "c", "a"],
            "events": [3, 5, 0, 12, 2, 7, 0, 60],
            "n": [10, 20, 8, 12, 9, 15, 0, 140],
            "regimen": ["a", "b", "a", "c", "b", "a", "c", "a"],
            "in_a": [None, None, 0.3, None, None, None, None, None],
            "in_b": [None, None, 0.7, None, None, None, None, None],
            "age": [6.1, 6.05, 7.0, 5.5, 4.8, 6.6, 5.0, 7.1],
            "dose": [1.0, 2.6, None, 3.0, None, 1.5, 2.5, 2.0],
            "prior": [0.1, None, 0.4, 0.2, 0.9, 0.3, 0.5, 0.6],
            "period": ["old", "old", "new", "new", "old", "old", "old", "new"],
            "year": [2019, 2019, 2022, 2020, 2016, 2016, 2018, 2022],
        }
    )
    return bm.read_evidence(frame).select()


@functools.cache
def divided_arms() -> bm.Arms:
    """Arms of which some are totals over levels: one without responders, one with nothing else."""
    rows = [
        ("s1", "", 8, 30),
        ("s1", "prior=no", 6, 17),
        ("s1", "prior=yes", 2, 13),
        ("s2", "", 0, 8),
        ("s2", "prior=yes", None, 5),
        ("s3", "", 12, 12),
        ("s3", "prior=yes", None, 4),
        ("s4", "", 41, 90),
        ("s4", "prior=yes", None, 55),
        ("s5", "", 5, 20),
        ("s5", "prior=yes", 1, 9),
    ]
    frame = pd.DataFrame(rows, columns=["study", "stratum", "events", "n"]).astype(
        {"events": "Int64"}
    )
    ages = frame["study"].map(dict(s1=6.1, s2=7.0, s3=5.5, s4=4.8, s5=7.1))
    regimens = frame["study"].map(dict(s1="a", s2="a", s3="b", s4="b", s5="c"))
    frame = frame.assign(derivation="reported", age=ages, regimen=regimens)
    return bm.read_evidence(frame).select(strata="prior")


DIVIDED = [
    bm.Covariates("prior", {"prior": "no"}),
    bm.Covariates("prior * age", {"prior": "yes"}),
    bm.Covariates("prior + age + (0 + prior | study)", {"prior": "no"}),
    bm.Covariates("prior + (1 + prior | regimen)", {"prior": "no"}),
]
"""Covariates that tell the levels of totals apart."""


def divided_design(covariates: bm.Covariates, **parts: object) -> Design:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bm.ModelWarning)
        spec = bm.ModelSpec(covariates=covariates, **parts)  # type: ignore[arg-type]
        return make_design(spec, divided_arms())


def made_design(**parts: object) -> Design:
    """Return the design of a model with these parts."""
    covariates = parts.pop("covariates", "none")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bm.ModelWarning)
        spec = bm.ModelSpec(covariates=COVARIATES[str(covariates)], **parts)  # type: ignore[arg-type]
        return make_design(spec, arms())


design_of = functools.cache(made_design)
"""The same, once for the many tests that ask for it; its parts must be hashable, as dicts are not."""


def distributions() -> list[bm.StudyEffects]:
    """Every distribution, and every one with a scale also with a tau for each level of a factor."""
    found = [distribution() for distribution in DISTRIBUTIONS.values()]
    return [
        *found,
        *(
            type(distribution)(by="period")
            for distribution in found
            if distribution.tau is not None
        ),
    ]  # type: ignore[call-arg]


def likelihoods() -> list[bm.Likelihood]:
    """Every likelihood with every link."""
    return [
        distribution(link=link())
        for distribution in LIKELIHOODS.values()
        for link in LINKS.values()
    ]  # type: ignore[call-arg]


def combinations() -> list[dict[str, object]]:
    """Every likelihood, link and kind of effects, with covariates known, imputed or none."""
    found = []
    for i, likelihood in enumerate(likelihoods()):
        for j, distribution in enumerate(distributions()):
            arm_effects = [None] if likelihood.parameters else [None, bm.ArmEffects()]
            for k, own in enumerate(arm_effects):
                covariates = list(COVARIATES)[(i + j + k) % len(COVARIATES)]
                for used in sorted({"imputed", covariates}):
                    parts = {
                        "likelihood": likelihood,
                        "study_effects": distribution,
                        "arm_effects": own,
                    }
                    found.append({**parts, "covariates": used})
    return found


def parts_of(parts: dict[str, object]) -> list[str]:
    """Return the names of the parts of a combination."""
    likelihood, distribution = parts["likelihood"], parts["study_effects"]
    return [
        likelihood.name,  # type: ignore[attr-defined]
        likelihood.link.name,  # type: ignore[attr-defined]
        distribution.name + ("-by" if distribution.by else ""),  # type: ignore[attr-defined]
        "arms" if parts["arm_effects"] else "",
        str(parts["covariates"]),
    ]


def named(parts: dict[str, object]) -> str:
    """Return a combination as pytest shows it."""
    return "-".join(filter(None, parts_of(parts)))
