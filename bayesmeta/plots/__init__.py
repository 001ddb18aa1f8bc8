"""Figures of fits and tables, drawn with Matplotlib but without pyplot.

Matplotlib is loaded with the first figure. Each function returns a `Plot` with `figure`, `table`
(every number drawn) and `save(path)`, which writes png, svg or pdf.

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

import warnings

import lazy_loader

_loaded, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_EARLIER = frozenset(
    """
    BoundaryPlot RankPlot ComparisonPlot ContrastsPlot CumulativePlot Forest FunnelPlot
    HeterogeneityPlot LeaveOneOutPlot MapPriorPlot NestedOutcomesPlot
    PosteriorPredictivePlot PowerPlot PredictionPlot PredictiveChecksPlot PriorPosteriorPlot
    RegressionPlot RespondersPlot SensitivityPlot SpecificationCurve SubgroupsPlot TracePlot
    """.split()  # noqa: SIM905 - a list would take a line for each
)
"""Names of version 0.1 for what is one class now."""


def __getattr__(name: str) -> object:
    if name in _EARLIER:
        message = f"bayesmeta.plots.{name} is bayesmeta.plots.Plot now; the old name goes with the next version."
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        name = "Plot"
    return _loaded(name)
