"""Plots room. In: a `Fit` or a table of estimates. Out: Matplotlib figures that need no pyplot.

Importing this room imports Matplotlib; importing bayesmeta does not. Each function returns a value
with `figure`, `table` (every number drawn) and `save(path)`, which writes png, svg or pdf.

>>> import bayesmeta as bm
>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> trial = bm.SingleArmTrial(40, bm.BetaMixture([1], a=[1], b=[1]), "P(rate > 0.35) > 0.9")
>>> plot = bm.plots.power({"flat prior": trial})
>>> plot.table.loc[plot.table["rate"] == 0.5, "success"].round(2).tolist()
[0.79]
>>> with TemporaryDirectory() as folder:
...     plot.save(f"{folder}/power.png", dpi=50)
...     [file.name for file in Path(folder).iterdir()]
['power.png']
"""

from bayesmeta.plots.boundary import BoundaryPlot, boundary
from bayesmeta.plots.calibration import RankPlot, calibration
from bayesmeta.plots.comparison import ComparisonPlot, comparison
from bayesmeta.plots.contrasts import ContrastsPlot, contrasts
from bayesmeta.plots.cumulative import CumulativePlot, cumulative
from bayesmeta.plots.forest import Forest, forest
from bayesmeta.plots.funnel import FunnelPlot, funnel
from bayesmeta.plots.heterogeneity import HeterogeneityPlot, heterogeneity
from bayesmeta.plots.leave_one_out import LeaveOneOutPlot, leave_one_out
from bayesmeta.plots.map_prior import MapPriorPlot, map_prior
from bayesmeta.plots.nested_outcomes import NestedOutcomesPlot, nested_outcomes
from bayesmeta.plots.power import PowerPlot, power
from bayesmeta.plots.prediction import PredictionPlot, prediction
from bayesmeta.plots.predictive_checks import PredictiveChecksPlot, predictive_checks
from bayesmeta.plots.prior_posterior import PriorPosteriorPlot, prior_posterior
from bayesmeta.plots.regression import RegressionPlot, regression
from bayesmeta.plots.responders import RespondersPlot, responders
from bayesmeta.plots.sensitivity import SensitivityPlot, sensitivity
from bayesmeta.plots.specification_curve import SpecificationCurve, specification_curve
from bayesmeta.plots.trace import TracePlot, trace

__all__ = [
    "BoundaryPlot",
    "ComparisonPlot",
    "ContrastsPlot",
    "CumulativePlot",
    "Forest",
    "FunnelPlot",
    "HeterogeneityPlot",
    "LeaveOneOutPlot",
    "MapPriorPlot",
    "NestedOutcomesPlot",
    "PowerPlot",
    "PredictionPlot",
    "PredictiveChecksPlot",
    "PriorPosteriorPlot",
    "RankPlot",
    "RegressionPlot",
    "RespondersPlot",
    "SensitivityPlot",
    "SpecificationCurve",
    "TracePlot",
    "boundary",
    "calibration",
    "comparison",
    "contrasts",
    "cumulative",
    "forest",
    "funnel",
    "heterogeneity",
    "leave_one_out",
    "map_prior",
    "nested_outcomes",
    "power",
    "prediction",
    "predictive_checks",
    "prior_posterior",
    "regression",
    "responders",
    "sensitivity",
    "specification_curve",
    "trace",
]
