"""The public names of the plots room: `__init__.py` and type checkers read this."""

from .boundary import BoundaryPlot as BoundaryPlot, boundary as boundary
from .calibration import RankPlot as RankPlot, calibration as calibration
from .comparison import ComparisonPlot as ComparisonPlot, comparison as comparison
from .contrasts import ContrastsPlot as ContrastsPlot, contrasts as contrasts
from .cumulative import CumulativePlot as CumulativePlot, cumulative as cumulative
from .forest import Forest as Forest, forest as forest
from .funnel import FunnelPlot as FunnelPlot, funnel as funnel
from .heterogeneity import HeterogeneityPlot as HeterogeneityPlot, heterogeneity as heterogeneity
from .leave_one_out import LeaveOneOutPlot as LeaveOneOutPlot, leave_one_out as leave_one_out
from .map_prior import MapPriorPlot as MapPriorPlot, map_prior as map_prior
from .nested_outcomes import (
    NestedOutcomesPlot as NestedOutcomesPlot,
    nested_outcomes as nested_outcomes,
)
from .posterior_predictive import (
    PosteriorPredictivePlot as PosteriorPredictivePlot,
    posterior_predictive as posterior_predictive,
)
from .power import PowerPlot as PowerPlot, power as power
from .prediction import PredictionPlot as PredictionPlot, prediction as prediction
from .predictive_checks import (
    PredictiveChecksPlot as PredictiveChecksPlot,
    predictive_checks as predictive_checks,
)
from .prior_posterior import (
    PriorPosteriorPlot as PriorPosteriorPlot,
    prior_posterior as prior_posterior,
)
from .rate_scale import RateScale as RateScale
from .regression import RegressionPlot as RegressionPlot, regression as regression
from .responders import RespondersPlot as RespondersPlot, responders as responders
from .sensitivity import SensitivityPlot as SensitivityPlot, sensitivity as sensitivity
from .specification_curve import (
    SpecificationCurve as SpecificationCurve,
    specification_curve as specification_curve,
)
from .subgroups import SubgroupsPlot as SubgroupsPlot, subgroups as subgroups
from .trace import TracePlot as TracePlot, trace as trace
