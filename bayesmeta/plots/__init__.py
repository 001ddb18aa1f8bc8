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

import lazy_loader

from bayesmeta.deprecated import PLOTS, warn_deprecated

_loaded, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    """Return a public name, loaded when it is first used; of release 0.1.0, what replaces it."""
    if name in PLOTS:
        warn_deprecated(f"bayesmeta.plots.{name} is now bayesmeta.plots.Plot. Use Plot.")
        name = "Plot"
    return _loaded(name)
