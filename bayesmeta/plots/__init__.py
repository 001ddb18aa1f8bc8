"""Plots room. In: a `Fit` or a table of estimates. Out: Matplotlib figures that need no pyplot.

Importing this room imports Matplotlib; importing bayesmeta does not.
"""

from bayesmeta.plots.calibration import RankPlot, calibration
from bayesmeta.plots.forest import Forest, forest

__all__ = ["Forest", "RankPlot", "calibration", "forest"]
