"""Bayesian hierarchical meta-analysis of response rates.

>>> import bayesmeta as bm
>>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
>>> fit = bm.fit(bm.load_model("regimen"), arms, seed=1)
>>> bm.diagnose(fit).ok
True
>>> prediction = bm.predict(fit, n=40, profile={"regimen_class": "ven_hma"}, seed=2)
>>> float(prediction.probability(rate_above=0.2)) > 0.9
True

Names are loaded when they are first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "bayesmeta.errors": (
        "BayesmetaError",
        "DiagnosticsError",
        "EvidenceError",
        "ProfileError",
        "RunError",
        "SamplingError",
        "SettingsError",
        "SpecError",
    ),
    "bayesmeta.estimates.predict": ("Prediction", "predict"),
    "bayesmeta.estimates.shrinkage": ("shrinkage",),
    "bayesmeta.estimates.summary": ("summary",),
    "bayesmeta.evidence": ("Arms", "EvidenceTable", "bundled_evidence", "load_evidence", "read_evidence"),
    "bayesmeta.inference.diagnosis": ("Diagnostics", "Problem", "diagnose"),
    "bayesmeta.inference.exact": ("GridFit",),
    "bayesmeta.inference.result": ("Fit", "Provenance"),
    "bayesmeta.inference.sampling": ("fit",),
    "bayesmeta.inference.settings": ("SamplerSettings",),
    "bayesmeta.inference.storage": ("load_fit",),
    "bayesmeta.estimates.verify": ("Verification", "verify"),
    "bayesmeta.model": (
        "CommonEffect",
        "Covariates",
        "EvidenceWarning",
        "ModelSpec",
        "NormalEffects",
        "build",
        "bundled_models",
        "load_model",
    ),
    "bayesmeta.priors": (
        "Cauchy",
        "Exponential",
        "Gamma",
        "HalfCauchy",
        "HalfNormal",
        "HalfStudentT",
        "InverseGamma",
        "LogNormal",
        "Normal",
        "StudentT",
        "Uniform",
    ),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = ["plots", *sorted(_MODULE)]  # noqa: PLE0604
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "plots":
        return import_module("bayesmeta.plots")
    if name not in _MODULE:
        raise AttributeError(f"module 'bayesmeta' has no attribute '{name}'")
    return getattr(import_module(_MODULE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from bayesmeta import plots
    from bayesmeta.errors import (
        BayesmetaError,
        DiagnosticsError,
        EvidenceError,
        ProfileError,
        RunError,
        SamplingError,
        SettingsError,
        SpecError,
    )
    from bayesmeta.estimates.predict import Prediction, predict
    from bayesmeta.estimates.shrinkage import shrinkage
    from bayesmeta.estimates.summary import summary
    from bayesmeta.estimates.verify import Verification, verify
    from bayesmeta.evidence import Arms, EvidenceTable, bundled_evidence, load_evidence, read_evidence
    from bayesmeta.inference.diagnosis import Diagnostics, Problem, diagnose
    from bayesmeta.inference.exact import GridFit
    from bayesmeta.inference.result import Fit, Provenance
    from bayesmeta.inference.sampling import fit
    from bayesmeta.inference.settings import SamplerSettings
    from bayesmeta.inference.storage import load_fit
    from bayesmeta.model import (
        CommonEffect,
        Covariates,
        EvidenceWarning,
        ModelSpec,
        NormalEffects,
        build,
        bundled_models,
        load_model,
    )
    from bayesmeta.priors import (
        Cauchy,
        Exponential,
        Gamma,
        HalfCauchy,
        HalfNormal,
        HalfStudentT,
        InverseGamma,
        LogNormal,
        Normal,
        StudentT,
        Uniform,
    )
