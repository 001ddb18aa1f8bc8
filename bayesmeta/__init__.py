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
    "bayesmeta.calibration": (
        "Calibration",
        "calibrate",
    ),
    "bayesmeta.comparison.averaging": ("AveragedPrediction",),
    "bayesmeta.comparison.compare": ("compare",),
    "bayesmeta.comparison.comparison": ("Comparison",),
    "bayesmeta.comparison.cumulative": (
        "Cumulative",
        "cumulative",
    ),
    "bayesmeta.comparison.flip_point": (
        "FlipPoint",
        "flip_point",
    ),
    "bayesmeta.comparison.grid_answer": ("GridAnswer",),
    "bayesmeta.comparison.grid_files": ("load_grid",),
    "bayesmeta.comparison.grid_results": ("GridResults",),
    "bayesmeta.comparison.grid_running": ("run_grid",),
    "bayesmeta.comparison.leave_one_out": ("leave_one_study_out",),
    "bayesmeta.comparison.left_out": ("LeftOut",),
    "bayesmeta.comparison.marginal_likelihood": (
        "MarginalLikelihood",
        "log_marginal_likelihood",
        "marginal_likelihood_sensitivity",
    ),
    "bayesmeta.comparison.nested.joint": (
        "JointComparison",
        "joint_against_separate",
    ),
    "bayesmeta.comparison.power_scaling": ("power_scaling",),
    "bayesmeta.comparison.prior_grid": ("prior_grid",),
    "bayesmeta.comparison.sensitivity": (
        "Sensitivity",
        "sensitivity",
    ),
    "bayesmeta.comparison.specification_grid": ("SpecificationGrid",),
    "bayesmeta.comparison.validation": (
        "Validation",
        "validate",
    ),
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
    "bayesmeta.estimates.contrasts": (
        "Contrasts",
        "contrast",
    ),
    "bayesmeta.estimates.identifiability": (
        "identifiability",
        "notes",
    ),
    "bayesmeta.estimates.nested.predict": ("NestedPrediction",),
    "bayesmeta.estimates.predict": (
        "Prediction",
        "predict",
    ),
    "bayesmeta.estimates.prior_sensitivity": ("prior_sensitivity",),
    "bayesmeta.estimates.shrinkage": ("shrinkage",),
    "bayesmeta.estimates.summary": ("summary",),
    "bayesmeta.estimates.verify": (
        "Verification",
        "verify",
    ),
    "bayesmeta.evidence": (
        "Arms",
        "EvidenceTable",
        "NestedArms",
        "bundled_evidence",
        "load_evidence",
        "load_published",
        "read_evidence",
    ),
    "bayesmeta.evidence.matching": ("matching",),
    "bayesmeta.inference.diagnosis": (
        "Diagnostics",
        "Problem",
        "diagnose",
    ),
    "bayesmeta.inference.exact": ("GridFit",),
    "bayesmeta.inference.nested.result": (
        "NestedFit",
        "load_nested_fit",
    ),
    "bayesmeta.inference.refits": ("refit",),
    "bayesmeta.inference.result": (
        "Fit",
        "Provenance",
        "load_fit",
    ),
    "bayesmeta.inference.sampling": ("fit",),
    "bayesmeta.inference.settings": ("SamplerSettings",),
    "bayesmeta.model": (
        "ArmEffects",
        "BetaBinomial",
        "Binomial",
        "CLogLog",
        "CommonEffect",
        "ContaminatedEffects",
        "Covariates",
        "EvidenceWarning",
        "IndependentStudies",
        "Likelihood",
        "Link",
        "Logit",
        "ModelSpec",
        "ModelWarning",
        "NormalEffects",
        "OwnModel",
        "Probit",
        "StudentTEffects",
        "StudyEffects",
        "build",
        "bundled_models",
        "load_model",
    ),
    "bayesmeta.model.nested": (
        "LKJ",
        "NestedSpec",
        "build_nested",
        "bundled_nested_models",
        "load_nested_model",
    ),
    "bayesmeta.planning.borrowing": ("borrowing",),
    "bayesmeta.planning.conflict": (
        "Conflict",
        "prior_data_conflict",
    ),
    "bayesmeta.planning.interim": ("InterimLook",),
    "bayesmeta.planning.map_prior": (
        "MapPrior",
        "map_prior",
    ),
    "bayesmeta.planning.mixture_fit": (
        "MixtureFit",
        "fit_mixture",
    ),
    "bayesmeta.planning.mixtures": ("BetaMixture",),
    "bayesmeta.planning.plan": (
        "Plan",
        "plan",
    ),
    "bayesmeta.planning.robust": ("robustify",),
    "bayesmeta.planning.sample_size": ("effective_sample_size",),
    "bayesmeta.planning.single_arm": ("SingleArmTrial",),
    "bayesmeta.planning.success": (
        "Condition",
        "DifferenceCondition",
        "Success",
    ),
    "bayesmeta.planning.success_text": ("parse_success",),
    "bayesmeta.planning.trial_size": (
        "SampleSize",
        "smallest_n",
    ),
    "bayesmeta.planning.two_arms": ("TwoArmTrial",),
    "bayesmeta.priors": (
        "Beta",
        "Cauchy",
        "Exponential",
        "Gamma",
        "HalfCauchy",
        "HalfNormal",
        "HalfStudentT",
        "InverseGamma",
        "LogNormal",
        "Normal",
        "Prior",
        "StudentT",
        "Uniform",
    ),
    "bayesmeta.report.writing": (
        "WrittenReport",
        "write_report",
    ),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = ["plots", *sorted(_MODULE)]
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
    from bayesmeta.calibration import (
        Calibration as Calibration,
        calibrate as calibrate,
    )
    from bayesmeta.comparison.averaging import (
        AveragedPrediction as AveragedPrediction,
    )
    from bayesmeta.comparison.compare import (
        compare as compare,
    )
    from bayesmeta.comparison.comparison import (
        Comparison as Comparison,
    )
    from bayesmeta.comparison.cumulative import (
        Cumulative as Cumulative,
        cumulative as cumulative,
    )
    from bayesmeta.comparison.flip_point import (
        FlipPoint as FlipPoint,
        flip_point as flip_point,
    )
    from bayesmeta.comparison.grid_answer import (
        GridAnswer as GridAnswer,
    )
    from bayesmeta.comparison.grid_files import (
        load_grid as load_grid,
    )
    from bayesmeta.comparison.grid_results import (
        GridResults as GridResults,
    )
    from bayesmeta.comparison.grid_running import (
        run_grid as run_grid,
    )
    from bayesmeta.comparison.leave_one_out import (
        leave_one_study_out as leave_one_study_out,
    )
    from bayesmeta.comparison.left_out import (
        LeftOut as LeftOut,
    )
    from bayesmeta.comparison.marginal_likelihood import (
        MarginalLikelihood as MarginalLikelihood,
        log_marginal_likelihood as log_marginal_likelihood,
        marginal_likelihood_sensitivity as marginal_likelihood_sensitivity,
    )
    from bayesmeta.comparison.nested.joint import (
        JointComparison as JointComparison,
        joint_against_separate as joint_against_separate,
    )
    from bayesmeta.comparison.power_scaling import (
        power_scaling as power_scaling,
    )
    from bayesmeta.comparison.prior_grid import (
        prior_grid as prior_grid,
    )
    from bayesmeta.comparison.sensitivity import (
        Sensitivity as Sensitivity,
        sensitivity as sensitivity,
    )
    from bayesmeta.comparison.specification_grid import (
        SpecificationGrid as SpecificationGrid,
    )
    from bayesmeta.comparison.validation import (
        Validation as Validation,
        validate as validate,
    )
    from bayesmeta.errors import (
        BayesmetaError as BayesmetaError,
        DiagnosticsError as DiagnosticsError,
        EvidenceError as EvidenceError,
        ProfileError as ProfileError,
        RunError as RunError,
        SamplingError as SamplingError,
        SettingsError as SettingsError,
        SpecError as SpecError,
    )
    from bayesmeta.estimates.contrasts import (
        Contrasts as Contrasts,
        contrast as contrast,
    )
    from bayesmeta.estimates.identifiability import (
        identifiability as identifiability,
        notes as notes,
    )
    from bayesmeta.estimates.nested.predict import (
        NestedPrediction as NestedPrediction,
    )
    from bayesmeta.estimates.predict import (
        Prediction as Prediction,
        predict as predict,
    )
    from bayesmeta.estimates.prior_sensitivity import (
        prior_sensitivity as prior_sensitivity,
    )
    from bayesmeta.estimates.shrinkage import (
        shrinkage as shrinkage,
    )
    from bayesmeta.estimates.summary import (
        summary as summary,
    )
    from bayesmeta.estimates.verify import (
        Verification as Verification,
        verify as verify,
    )
    from bayesmeta.evidence import (
        Arms as Arms,
        EvidenceTable as EvidenceTable,
        NestedArms as NestedArms,
        bundled_evidence as bundled_evidence,
        load_evidence as load_evidence,
        load_published as load_published,
        read_evidence as read_evidence,
    )
    from bayesmeta.evidence.matching import (
        matching as matching,
    )
    from bayesmeta.inference.diagnosis import (
        Diagnostics as Diagnostics,
        Problem as Problem,
        diagnose as diagnose,
    )
    from bayesmeta.inference.exact import (
        GridFit as GridFit,
    )
    from bayesmeta.inference.nested.result import (
        NestedFit as NestedFit,
        load_nested_fit as load_nested_fit,
    )
    from bayesmeta.inference.refits import (
        refit as refit,
    )
    from bayesmeta.inference.result import (
        Fit as Fit,
        Provenance as Provenance,
        load_fit as load_fit,
    )
    from bayesmeta.inference.sampling import (
        fit as fit,
    )
    from bayesmeta.inference.settings import (
        SamplerSettings as SamplerSettings,
    )
    from bayesmeta.model import (
        ArmEffects as ArmEffects,
        BetaBinomial as BetaBinomial,
        Binomial as Binomial,
        CLogLog as CLogLog,
        CommonEffect as CommonEffect,
        ContaminatedEffects as ContaminatedEffects,
        Covariates as Covariates,
        EvidenceWarning as EvidenceWarning,
        IndependentStudies as IndependentStudies,
        Likelihood as Likelihood,
        Link as Link,
        Logit as Logit,
        ModelSpec as ModelSpec,
        ModelWarning as ModelWarning,
        NormalEffects as NormalEffects,
        OwnModel as OwnModel,
        Probit as Probit,
        StudentTEffects as StudentTEffects,
        StudyEffects as StudyEffects,
        build as build,
        bundled_models as bundled_models,
        load_model as load_model,
    )
    from bayesmeta.model.nested import (
        LKJ as LKJ,
        NestedSpec as NestedSpec,
        build_nested as build_nested,
        bundled_nested_models as bundled_nested_models,
        load_nested_model as load_nested_model,
    )
    from bayesmeta.planning.borrowing import (
        borrowing as borrowing,
    )
    from bayesmeta.planning.conflict import (
        Conflict as Conflict,
        prior_data_conflict as prior_data_conflict,
    )
    from bayesmeta.planning.interim import (
        InterimLook as InterimLook,
    )
    from bayesmeta.planning.map_prior import (
        MapPrior as MapPrior,
        map_prior as map_prior,
    )
    from bayesmeta.planning.mixture_fit import (
        MixtureFit as MixtureFit,
        fit_mixture as fit_mixture,
    )
    from bayesmeta.planning.mixtures import (
        BetaMixture as BetaMixture,
    )
    from bayesmeta.planning.plan import (
        Plan as Plan,
        plan as plan,
    )
    from bayesmeta.planning.robust import (
        robustify as robustify,
    )
    from bayesmeta.planning.sample_size import (
        effective_sample_size as effective_sample_size,
    )
    from bayesmeta.planning.single_arm import (
        SingleArmTrial as SingleArmTrial,
    )
    from bayesmeta.planning.success import (
        Condition as Condition,
        DifferenceCondition as DifferenceCondition,
        Success as Success,
    )
    from bayesmeta.planning.success_text import (
        parse_success as parse_success,
    )
    from bayesmeta.planning.trial_size import (
        SampleSize as SampleSize,
        smallest_n as smallest_n,
    )
    from bayesmeta.planning.two_arms import (
        TwoArmTrial as TwoArmTrial,
    )
    from bayesmeta.priors import (
        Beta as Beta,
        Cauchy as Cauchy,
        Exponential as Exponential,
        Gamma as Gamma,
        HalfCauchy as HalfCauchy,
        HalfNormal as HalfNormal,
        HalfStudentT as HalfStudentT,
        InverseGamma as InverseGamma,
        LogNormal as LogNormal,
        Normal as Normal,
        Prior as Prior,
        StudentT as StudentT,
        Uniform as Uniform,
    )
    from bayesmeta.report.writing import (
        WrittenReport as WrittenReport,
        write_report as write_report,
    )
