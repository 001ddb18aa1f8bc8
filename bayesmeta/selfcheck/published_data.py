"""Public data sets, and what other programs make of them.

The counts are published facts. `PRITZ`: patients improved under hyperdynamic therapy for cerebral
vasospasm, 14 studies (Zhou, Brizendine & Pritz 1999, Statistics in Medicine 18(5), 557-566). `CBPP`:
new cases of contagious bovine pleuropneumonia in 15 herds over up to four periods (Lesnoff et al.
2004, Preventive Veterinary Medicine 64, 27-40).
"""

from types import MappingProxyType

import pandas as pd

from bayesmeta.evidence import Arms, read_evidence

__all__ = [
    "CBPP_RSTANARM",
    "PRITZ_LOG_EVIDENCE",
    "PRITZ_MAXIMUM",
    "PRITZ_POSTERIOR",
    "cbpp",
    "pritz",
]

PRITZ = (
    (16, 17), (10, 12), (4, 8), (43, 58), (10, 10), (25, 42), (13, 14),
    (12, 12), (22, 41), (4, 5), (5, 6), (18, 23), (58, 68), (6, 10),
)  # fmt: skip
"""Events and n of each study."""

CBPP = (
    ((2, 14), (3, 12), (4, 9), (0, 5)),
    ((3, 22), (1, 18), (1, 21)),
    ((8, 22), (2, 16), (0, 16), (2, 20)),
    ((2, 10), (0, 10), (2, 9), (0, 6)),
    ((5, 18), (0, 25), (0, 24), (1, 4)),
    ((3, 17), (0, 17), (0, 18), (1, 20)),
    ((8, 16), (1, 10), (3, 9), (0, 5)),
    ((12, 34),),
    ((2, 9), (0, 6), (0, 8), (0, 6)),
    ((1, 22), (1, 22), (0, 18), (2, 22)),
    ((0, 25), (5, 27), (3, 22), (1, 22)),
    ((2, 10), (1, 8), (0, 6), (0, 5)),
    ((1, 21), (2, 24), (0, 19), (0, 23)),
    ((11, 19), (0, 2), (0, 3), (0, 2)),
    ((1, 19), (1, 15), (1, 15), (0, 15)),
)
"""Events and n of each period of each herd, from the first period on."""

PRITZ_MAXIMUM = MappingProxyType({"mu": 1.376594389, "tau": 0.767664988, "loglik": -32.605447315})
"""Maximum likelihood, log-odds: `rma.glmm` of metafor 3.8-1 and `glmer` of lme4 1.1-31, from where the
score was brought to zero by Newton steps."""

PRITZ_POSTERIOR = MappingProxyType(
    {
        "mu": (1.31791271365947, 0.272228789919242, 0.81594458131511, 1.89393948222068),
        "tau": (0.733431419114784, 0.243418189160064, 0.333893393631181, 1.28570909939204),
    }
)
"""Under mu ~ Normal(0, 1.5) and tau ~ Gamma(2, 4), by a trapezoidal rule in R 4.2.2: mean, standard
deviation, 2.5% and 97.5% quantile (log-odds)."""

PRITZ_LOG_EVIDENCE = -35.7604138868984
"""Of the same model, with the binomial coefficients."""

CBPP_RSTANARM = MappingProxyType(
    {
        "mu": ((-1.447926, 0.001718), (-1.924674, 0.005094), (-0.994165, 0.004665)),
        "period[p2]": ((-0.87941, 0.001359), (-1.461647, 0.004645), (-0.325478, 0.00432)),
        "period[p3]": ((-1.003277, 0.001438), (-1.619611, 0.005418), (-0.41782, 0.004988)),
        "period[p4]": ((-1.359275, 0.001726), (-2.126263, 0.005981), (-0.653194, 0.004244)),
        "tau": ((0.674224, 0.001418), (0.368241, 0.002158), (1.075479, 0.004833)),
    }
)
"""Under the same priors and Normal(0, 1) for periods, by `stan_glmer` of rstanarm 2.21.3: mean, 2.5% and
97.5% quantile (log-odds), each with its Monte-Carlo error."""


def pritz() -> Arms:
    """Return the arms of Pritz 1997, one for each study."""
    rows = [(f"study {k}", events, n) for k, (events, n) in enumerate(PRITZ, start=1)]
    return read_evidence(pd.DataFrame(rows, columns=["study", "events", "n"])).select()


def cbpp() -> Arms:
    """Return the arms of the cattle, one for each `period` (``"p1"`` to ``"p4"``) of a herd."""
    rows = [
        (f"herd {herd}", f"p{period}", f"p{period}", events, n)
        for herd, periods in enumerate(CBPP, start=1)
        for period, (events, n) in enumerate(periods, start=1)
    ]
    columns = ["study", "arm", "period", "events", "n"]
    return read_evidence(pd.DataFrame(rows, columns=columns)).select()
