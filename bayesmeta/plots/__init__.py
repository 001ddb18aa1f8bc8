"""Matplotlib figures of fits and of tables of estimates.

Each figure, and with the first one Matplotlib, is loaded when it is first used. Each function returns a
value with `figure`, `table` (every number drawn) and `save(path)`, which writes png, svg or pdf.

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

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
