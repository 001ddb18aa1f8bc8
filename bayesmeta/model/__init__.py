"""Model room. In: a `ModelSpec`, written in Python or TOML, and `Arms`. Out: designs and PyMC models."""

from bayesmeta.model.build import build
from bayesmeta.model.design import Design, EvidenceWarning, make_design
from bayesmeta.model.effects import CommonEffect, NormalEffects, StudyEffects
from bayesmeta.model.files import bundled_models, load_model, model_hash, parse_model, to_toml
from bayesmeta.model.spec import Covariates, ModelSpec

__all__ = [
    "CommonEffect",
    "Covariates",
    "Design",
    "EvidenceWarning",
    "ModelSpec",
    "NormalEffects",
    "StudyEffects",
    "build",
    "bundled_models",
    "load_model",
    "make_design",
    "model_hash",
    "parse_model",
    "to_toml",
]
