"""Published data against what other programs make of them: metafor, lme4, rstanarm and R itself.

The counts are published facts. `PRITZ`: patients improved under hyperdynamic therapy for cerebral
vasospasm, 14 studies (Zhou, Brizendine & Pritz 1999, Statistics in Medicine 18(5), 557-566). `CBPP`:
new cases of contagious bovine pleuropneumonia in 15 herds over up to four periods (Lesnoff et al.
2004, Preventive Veterinary Medicine 64, 27-40).
"""

from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import gammaln

from bayesmeta.arrays import Array
from bayesmeta.estimates.precision import mean_of, quantile_of
from bayesmeta.evidence import Arms, read_evidence
from bayesmeta.inference.quadrature.study import integrated_log_likelihood
from bayesmeta.inference.result import Fit
from bayesmeta.inference.sampling import fit
from bayesmeta.model import Covariates, ModelSpec, NormalEffects
from bayesmeta.priors import Gamma, Normal
from bayesmeta.selfcheck.checks import Compared, Finding, Task, tried_twice, within

GROUP = "references"
QUANTILES = np.array([0.025, 0.975])
LIMITS = ("2.5%", "97.5%")
MOMENTS = ("mean", "SD", *LIMITS)
"""What is compared of each parameter."""
LARGEST_ERROR = 1e-4
"""Of moments and quantiles that both sides compute without Monte-Carlo error, log-odds."""
LARGEST_ERROR_OF_LOGS = 1e-6
"""Of log evidence and log likelihood."""
LARGEST_Z = 4.0
"""Of draws against draws, in Monte-Carlo errors of both together."""

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


def check_posterior(_: Path) -> Finding:
    """Compare the deterministic posterior of Pritz 1997 with that of a quadrature in R."""
    spec = ModelSpec(mu=Normal(0, 1.5), study_effects=NormalEffects(Gamma(2, 4)))
    posterior = fit(spec, pritz(), method="quadrature").posterior
    truth = PRITZ_POSTERIOR
    found = {name: posterior.marginal(name) for name in truth}
    values = {name: (own.mean, own.sd, *own.quantile(QUANTILES)) for name, own in found.items()}
    gap = _largest(np.array(list(values.values())) - np.array(list(truth.values())))
    evidence = posterior.log_marginal_likelihood
    of_evidence = abs(evidence - PRITZ_LOG_EVIDENCE)
    compared = [
        within(f"{name}, {moment} (log-odds)", expected, obtained, LARGEST_ERROR)
        for name in truth
        for moment, expected, obtained in zip(MOMENTS, truth[name], values[name], strict=True)
    ]
    compared.append(within("log evidence", PRITZ_LOG_EVIDENCE, evidence, LARGEST_ERROR_OF_LOGS))
    return Finding(
        gap <= LARGEST_ERROR and of_evidence <= LARGEST_ERROR_OF_LOGS,
        f"largest error {gap:.0e} of {LARGEST_ERROR:.0e}, of the log evidence {of_evidence:.0e} of "
        f"{LARGEST_ERROR_OF_LOGS:.0e}",
        tuple(compared),
    )


def check_maximum(_: Path) -> Finding:
    """Compare the maximum of the integrated likelihood of Pritz 1997 with that found in R."""
    arms = pritz()

    def loss(point: Array) -> float:
        return -log_likelihood(arms, float(point[0]), float(np.exp(point[1])))

    best = minimize(
        loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11}
    )
    truth = PRITZ_MAXIMUM
    mu, tau = float(best.x[0]), float(np.exp(best.x[1]))
    gap = _largest(np.array([mu - truth["mu"], tau - truth["tau"]]))
    of_maximum = abs(-best.fun - truth["loglik"])
    return Finding(
        bool(gap <= LARGEST_ERROR and of_maximum <= LARGEST_ERROR_OF_LOGS),
        f"largest error {gap:.0e} of {LARGEST_ERROR:.0e}, of the maximum {of_maximum:.0e} of "
        f"{LARGEST_ERROR_OF_LOGS:.0e}",
        (
            within("mu (log-odds)", truth["mu"], mu, LARGEST_ERROR),
            within("tau (log-odds)", truth["tau"], tau, LARGEST_ERROR),
            within("log likelihood", truth["loglik"], -best.fun, LARGEST_ERROR_OF_LOGS),
        ),
    )


def log_likelihood(arms: Arms, mu: float, tau: float) -> float:
    """Return the log likelihood with study effects integrated out; `mu` and `tau` in log-odds."""
    kernels = [
        integrated_log_likelihood(np.array([mu]), tau, np.array([events]), np.array([n]))
        for events, n in zip(arms.events.astype(float), arms.n.astype(float), strict=True)
    ]
    chosen = gammaln(arms.n + 1) - gammaln(arms.events + 1) - gammaln(arms.n - arms.events + 1)
    return float(np.sum(kernels) + chosen.sum())


def check_regression(_: Path) -> Finding:
    """Compare draws of a model with a covariate with those of rstanarm."""
    spec = ModelSpec(
        mu=Normal(0, 1.5),
        study_effects=NormalEffects(Gamma(2, 4)),
        covariates=Covariates("period", {"period": "p1"}),
    )
    arms = cbpp()

    def with_seed(seed: int) -> Finding:
        found = fit(spec, arms, seed=seed, progress=False)
        compared = tuple(one for name in CBPP_RSTANARM for one in beside(found, name))
        z = LARGEST_Z * _largest(np.array([_share(one) for one in compared]))
        return Finding(
            z <= LARGEST_Z,
            f"largest difference {z:.1f} of {LARGEST_Z:.0f} joint Monte-Carlo errors",
            compared,
        )

    return tried_twice(with_seed)


def beside(found: Fit, name: str) -> list[Compared]:
    """Return mean and limits of a parameter beside those of rstanarm, within 4 joint MCSE."""
    posterior = found.posterior
    draws = posterior[name] if name in posterior else posterior["beta"].sel(covariate=name)
    values = draws.to_numpy()
    own = [mean_of(values), *(quantile_of(values, float(p)) for p in QUANTILES)]
    theirs = CBPP_RSTANARM[name]
    return [
        within(
            f"{name}, {statistic} (log-odds)",
            value,
            one.value,
            LARGEST_Z * float(np.hypot(one.mcse, mcse)),
        )
        for statistic, one, (value, mcse) in zip(("mean", *LIMITS), own, theirs, strict=True)
    ]


def _share(one: Compared) -> float:
    """Return the difference as a share of the tolerance."""
    return abs(float(one.obtained) - float(one.expected)) / (one.tolerance or np.nan)


def _largest(errors: Array) -> float:
    """Return the largest absolute error; NaN, which is within no limit, if there is one."""
    return float(np.abs(errors).max())


PUBLISHED = (
    Task(
        GROUP,
        "posterior of Pritz 1997 by quadrature in R",
        check_posterior,
        "The posterior of 14 published studies (Pritz 1997) by quadrature is that of a trapezoidal rule "
        "in R 4.2.2: moments, limits and log evidence.",
    ),
    Task(
        GROUP,
        "maximum likelihood of Pritz 1997 by metafor and lme4",
        check_maximum,
        "The maximum of the integrated likelihood of the same studies is that of metafor 3.8-1 and lme4 "
        "1.1-31.",
    ),
    Task(
        GROUP,
        "regression on the periods of Lesnoff 2004 by rstanarm",
        check_regression,
        "Draws of a regression on published counts (Lesnoff 2004) agree with those of rstanarm 2.21.3, "
        "within 4 Monte-Carlo standard errors of both together.",
    ),
)
"""Checks against other programs."""
