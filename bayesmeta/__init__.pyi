"""The public names of bayesmeta and where they live: `__init__.py` and type checkers read this."""

from . import plots as plots
from .calibration import (
    Calibration as Calibration,
    calibrate as calibrate,
)
from .comparison.approximation import log_likelihood_by_study as log_likelihood_by_study
from .comparison.compare import compare as compare
from .comparison.comparison import Comparison as Comparison
from .comparison.cumulative import (
    Cumulative as Cumulative,
    cumulative as cumulative,
)
from .comparison.joint_against_separate import (
    JointComparison as JointComparison,
    joint_against_separate as joint_against_separate,
)
from .comparison.leave_one_level_out import (
    LevelsLeftOut as LevelsLeftOut,
    leave_one_level_out as leave_one_level_out,
)
from .comparison.leave_one_out import leave_one_study_out as leave_one_study_out
from .comparison.left_out import LeftOut as LeftOut
from .comparison.predictive_checks import (
    PosteriorPredictiveCheck as PosteriorPredictiveCheck,
    posterior_predictive_check as posterior_predictive_check,
)
from .comparison.update import update as update
from .comparison.updated import Update as Update
from .comparison.validation import (
    Validation as Validation,
    validate as validate,
)
from .errors import (
    BayesmetaError as BayesmetaError,
    DiagnosticsError as DiagnosticsError,
    EvidenceError as EvidenceError,
    EvidenceWarning as EvidenceWarning,
    ModelWarning as ModelWarning,
    ProfileError as ProfileError,
    RunError as RunError,
    SamplingError as SamplingError,
    SettingsError as SettingsError,
    SpecError as SpecError,
)
from .estimates.contrast_table import Contrasts as Contrasts
from .estimates.contrasts import contrast as contrast
from .estimates.events import Probability as Probability
from .estimates.identifiability import identifiability as identifiability
from .estimates.judged_information import information_by_judgement as information_by_judgement
from .estimates.level_table import level_effects as level_effects
from .estimates.notes import notes as notes
from .estimates.predict import predict as predict
from .estimates.prediction import Prediction as Prediction
from .estimates.prior_sensitivity import prior_sensitivity as prior_sensitivity
from .estimates.questions import Question as Question
from .estimates.shrinkage import shrinkage as shrinkage
from .estimates.summary import summary as summary
from .estimates.verify import (
    Verification as Verification,
    verify as verify,
)
from .evidence import (
    Arms as Arms,
    EvidenceTable as EvidenceTable,
    Finding as Finding,
    SurvivalArms as SurvivalArms,
    SurvivalTable as SurvivalTable,
    bundled_evidence as bundled_evidence,
    load_evidence as load_evidence,
    load_published as load_published,
    load_survival as load_survival,
    read_evidence as read_evidence,
    read_survival as read_survival,
)
from .evidence.cochrane import read_cochrane as read_cochrane
from .evidence.difference import (
    EvidenceDiff as EvidenceDiff,
    evidence_diff as evidence_diff,
)
from .evidence.matching import matching as matching
from .evidence.registry import read_clinicaltrials as read_clinicaltrials
from .evidence.reported import reported_outcomes as reported_outcomes
from .evidence.risk_of_bias import (
    RiskOfBias as RiskOfBias,
    read_risk_of_bias as read_risk_of_bias,
)
from .inference.diagnosis import (
    Diagnostics as Diagnostics,
    Problem as Problem,
    diagnose as diagnose,
)
from .inference.exact import QuadratureFit as QuadratureFit
from .inference.refits import refit as refit
from .inference.result import (
    Fit as Fit,
    Provenance as Provenance,
    load_fit as load_fit,
)
from .inference.sampling import fit as fit
from .inference.settings import SamplerSettings as SamplerSettings
from .marginal_likelihood.marginal_likelihood import (
    MarginalLikelihood as MarginalLikelihood,
    log_marginal_likelihood as log_marginal_likelihood,
    marginal_likelihood_sensitivity as marginal_likelihood_sensitivity,
)
from .model import (
    LKJ as LKJ,
    NEW as NEW,
    ArmEffects as ArmEffects,
    BetaBinomial as BetaBinomial,
    Binomial as Binomial,
    CLogLog as CLogLog,
    CommonEffect as CommonEffect,
    ContaminatedEffects as ContaminatedEffects,
    Covariates as Covariates,
    ExponentialSurvival as ExponentialSurvival,
    IndependentStudies as IndependentStudies,
    LevelEffects as LevelEffects,
    Likelihood as Likelihood,
    Link as Link,
    Logit as Logit,
    LogLogisticSurvival as LogLogisticSurvival,
    ModelSpec as ModelSpec,
    NormalEffects as NormalEffects,
    NormalLevels as NormalLevels,
    OwnModel as OwnModel,
    PartlyExchangeableLevels as PartlyExchangeableLevels,
    Probit as Probit,
    SkewNormalEffects as SkewNormalEffects,
    StudentTEffects as StudentTEffects,
    StudentTLevels as StudentTLevels,
    StudyEffects as StudyEffects,
    SurvivalCurve as SurvivalCurve,
    WeibullSurvival as WeibullSurvival,
    build as build,
    bundled_models as bundled_models,
    load_model as load_model,
)
from .model.publication import Publication as Publication
from .multiverse.files import load_grid as load_grid
from .multiverse.results import GridResults as GridResults
from .multiverse.running import run_grid as run_grid
from .multiverse.specification_grid import SpecificationGrid as SpecificationGrid
from .planning.borrowing import borrowing as borrowing
from .planning.certainty import Certainty as Certainty
from .planning.conflict import (
    Conflict as Conflict,
    prior_data_conflict as prior_data_conflict,
)
from .planning.design_prior import BayesianCharacteristics as BayesianCharacteristics
from .planning.interim import InterimLook as InterimLook
from .planning.map_prior import (
    MapPrior as MapPrior,
    map_prior as map_prior,
)
from .planning.mixture_fit import (
    MixtureFit as MixtureFit,
    fit_mixture as fit_mixture,
)
from .planning.mixtures import BetaMixture as BetaMixture
from .planning.plan import (
    Plan as Plan,
    plan as plan,
)
from .planning.robust import robustify as robustify
from .planning.sam import SamPrior as SamPrior
from .planning.sample_size import effective_sample_size as effective_sample_size
from .planning.single_arm import SingleArmTrial as SingleArmTrial
from .planning.success import (
    Condition as Condition,
    DifferenceCondition as DifferenceCondition,
    Success as Success,
    parse_success as parse_success,
)
from .planning.trial_size import (
    SampleSize as SampleSize,
    smallest_n as smallest_n,
)
from .planning.two_arm_plan import (
    TwoArmPlan as TwoArmPlan,
    plan_two_arms as plan_two_arms,
)
from .planning.two_arms import TwoArmTrial as TwoArmTrial
from .priors import (
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
from .report.dossier.plan_dossier import write_dossier as write_dossier
from .report.dossier.review import write_prisma as write_prisma
from .report.dossier.writing import WrittenDossier as WrittenDossier
from .report.interactive import write_interactive as write_interactive
from .report.writing import (
    WrittenReport as WrittenReport,
    write_report as write_report,
)
from .sensitivity.bias import bias_adjusted as bias_adjusted
from .sensitivity.bias_sensitivity import (
    BiasSensitivity as BiasSensitivity,
    bias_sensitivity as bias_sensitivity,
)
from .sensitivity.certainty import certainty as certainty
from .sensitivity.power_scaling import power_scaling as power_scaling
from .sensitivity.prior_grid import prior_grid as prior_grid
from .sensitivity.selection import (
    Selection as Selection,
    selection as selection,
)
from .sensitivity.sensitivity import (
    Sensitivity as Sensitivity,
    sensitivity as sensitivity,
)
from .sensitivity.tipping_point import (
    TippingPoint as TippingPoint,
    tipping_point as tipping_point,
)
from .sensitivity.unreported import unreported as unreported

__version__: str
