"""Model specifications in Python or TOML, their designs on arms, and the PyMC models they define."""

from bayesmeta.model.build import build
from bayesmeta.model.coded_levels import NEW
from bayesmeta.model.correlation import LKJ
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.curves import (
    ExponentialSurvival,
    LogLogisticSurvival,
    SurvivalCurve,
    WeibullSurvival,
)
from bayesmeta.model.design import Design, make_design
from bayesmeta.model.effects import (
    ArmEffects,
    CommonEffect,
    ContaminatedEffects,
    IndependentStudies,
    NormalEffects,
    SkewNormalEffects,
    StudentTEffects,
    StudyEffects,
)
from bayesmeta.model.files import bundled_models, load_model, model_hash, parse_model, to_toml
from bayesmeta.model.level_effects import (
    LevelEffects,
    NormalLevels,
    PartlyExchangeableLevels,
    StudentTLevels,
)
from bayesmeta.model.likelihoods import BetaBinomial, Binomial, Likelihood
from bayesmeta.model.links import CLogLog, Link, Logit, Probit
from bayesmeta.model.own import OwnModel
from bayesmeta.model.spec import ModelSpec

__all__ = [
    "LKJ",
    "NEW",
    "ArmEffects",
    "BetaBinomial",
    "Binomial",
    "CLogLog",
    "CommonEffect",
    "ContaminatedEffects",
    "Covariates",
    "Design",
    "ExponentialSurvival",
    "IndependentStudies",
    "LevelEffects",
    "Likelihood",
    "Link",
    "LogLogisticSurvival",
    "Logit",
    "ModelSpec",
    "NormalEffects",
    "NormalLevels",
    "OwnModel",
    "PartlyExchangeableLevels",
    "Probit",
    "SkewNormalEffects",
    "StudentTEffects",
    "StudentTLevels",
    "StudyEffects",
    "SurvivalCurve",
    "WeibullSurvival",
    "build",
    "bundled_models",
    "load_model",
    "make_design",
    "model_hash",
    "parse_model",
    "to_toml",
]
