"""Prior distributions as frozen values.

A prior is written as it reads, in Python and in a model file alike: ``Normal(0, 1.5)``,
``HalfNormal(0.5)``. Scales are standard deviations (or the family's own scale), never
variances or precisions, and a prior on heterogeneity is a prior on `tau`, never on its square.

>>> from bayesmeta.priors import HalfNormal
>>> prior = HalfNormal(0.5)
>>> prior
HalfNormal(0.5)
>>> [round(float(bound), 3) for bound in prior.interval(0.95)]
[0.016, 1.121]

A new family is one class in this room and one entry of `FAMILIES`, which holds each by name:

>>> from bayesmeta.priors import FAMILIES
>>> FAMILIES["HalfNormal"](scale=0.5) == prior
True
"""

from bayesmeta.priors.base import Kernel, Prior, Shape
from bayesmeta.priors.bounded import Beta, Truncated, Uniform
from bayesmeta.priors.positive import Exponential, Gamma, InverseGamma, LogNormal
from bayesmeta.priors.symmetric import (
    Cauchy,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    StudentT,
)
from bayesmeta.priors.text import FAMILIES, parse_prior

__all__ = [
    "FAMILIES",
    "Beta",
    "Cauchy",
    "Exponential",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "InverseGamma",
    "Kernel",
    "LogNormal",
    "Normal",
    "Prior",
    "Shape",
    "StudentT",
    "Truncated",
    "Uniform",
    "parse_prior",
]
