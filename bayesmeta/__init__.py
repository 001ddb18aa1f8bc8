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

The R package ``bayesmeta`` on CRAN is another: it pools estimates with standard errors in the
normal-normal model (Röver 2020, doi:10.18637/jss.v093.i06), where this package models counts.
"""

from typing import Any

import lazy_loader

_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Return a public name, loaded when it is first used; of release 0.1.0, what replaces it."""
    from bayesmeta.deprecated import RENAMED, replacement

    return replacement(name) if name in RENAMED else _public(name)


__version__ = "0.2.0"
