"""Published data against what other programs make of them: metafor, lme4, rstanarm and R itself."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammaln

from bayesmeta.estimates.precision import mean_of, quantile_of
from bayesmeta.evidence import Arms
from bayesmeta.inference.quadrature.study import integrated_log_likelihood
from bayesmeta.inference.result import Fit
from bayesmeta.inference.sampling import fit
from bayesmeta.model import Covariates, ModelSpec, NormalEffects
from bayesmeta.priors import Gamma, Normal
from bayesmeta.selfcheck import published_data
from bayesmeta.selfcheck.checks import Finding, Task, tried_twice

__all__ = ["PUBLISHED"]

GROUP = "references"
QUANTILES = np.array([0.025, 0.975])
LARGEST_ERROR = 1e-4
"""Of moments and quantiles that both sides compute without Monte-Carlo error, log-odds."""
LARGEST_ERROR_OF_LOGS = 1e-6
"""Of log evidence and log likelihood."""
LARGEST_Z = 4.0
"""Of draws against draws, in Monte-Carlo errors of both together."""


def check_posterior(_: Path) -> Finding:
    """Compare the deterministic posterior of Pritz 1997 with that of a quadrature in R."""
    spec = ModelSpec(mu=Normal(0, 1.5), study_effects=NormalEffects(Gamma(2, 4)))
    posterior = fit(spec, published_data.pritz(), method="quadrature").posterior
    truth = published_data.PRITZ_POSTERIOR
    found = {name: posterior.marginal(name) for name in truth}
    values = [[own.mean, own.sd, *own.quantile(QUANTILES)] for own in found.values()]
    gap = _largest(np.array(values) - np.array(list(truth.values())))
    of_evidence = abs(posterior.log_marginal_likelihood - published_data.PRITZ_LOG_EVIDENCE)
    return Finding(
        gap <= LARGEST_ERROR and of_evidence <= LARGEST_ERROR_OF_LOGS,
        f"largest error {gap:.0e} of {LARGEST_ERROR:.0e}, of the log evidence {of_evidence:.0e} of "
        f"{LARGEST_ERROR_OF_LOGS:.0e}",
    )


def check_maximum(_: Path) -> Finding:
    """Compare the maximum of the integrated likelihood of Pritz 1997 with that found in R."""
    arms = published_data.pritz()

    def loss(point: npt.NDArray[np.float64]) -> float:
        return -log_likelihood(arms, float(point[0]), float(np.exp(point[1])))

    best = minimize(
        loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11}
    )
    truth = published_data.PRITZ_MAXIMUM
    gap = _largest(np.array([best.x[0] - truth["mu"], np.exp(best.x[1]) - truth["tau"]]))
    of_maximum = abs(-best.fun - truth["loglik"])
    return Finding(
        bool(gap <= LARGEST_ERROR and of_maximum <= LARGEST_ERROR_OF_LOGS),
        f"largest error {gap:.0e} of {LARGEST_ERROR:.0e}, of the maximum {of_maximum:.0e} of "
        f"{LARGEST_ERROR_OF_LOGS:.0e}",
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
    arms = published_data.cbpp()

    def with_seed(seed: int) -> Finding:
        found = fit(spec, arms, seed=seed, progress=False)
        z = _largest(np.array([distances(found, name) for name in published_data.CBPP_RSTANARM]))
        return Finding(
            z <= LARGEST_Z,
            f"largest difference {z:.1f} of {LARGEST_Z:.0f} joint Monte-Carlo errors",
        )

    return tried_twice(with_seed)


def distances(found: Fit, name: str) -> list[float]:
    """Return how far mean and limits of a parameter are from those of rstanarm, in joint MCSE."""
    posterior = found.posterior
    draws = posterior[name] if name in posterior else posterior["beta"].sel(covariate=name)
    values = draws.to_numpy()
    own = [mean_of(values), *(quantile_of(values, float(p)) for p in QUANTILES)]
    theirs = published_data.CBPP_RSTANARM[name]
    return [
        (one.value - value) / float(np.hypot(one.mcse, mcse))
        for one, (value, mcse) in zip(own, theirs, strict=True)
    ]


def _largest(errors: npt.NDArray[np.float64]) -> float:
    """Return the largest absolute error; NaN, which is within no limit, if there is one."""
    return float(np.abs(errors).max())


PUBLISHED = (
    Task(GROUP, "posterior of Pritz 1997 by quadrature in R", check_posterior),
    Task(GROUP, "maximum likelihood of Pritz 1997 by metafor and lme4", check_maximum),
    Task(GROUP, "regression on the periods of Lesnoff 2004 by rstanarm", check_regression),
)
"""Checks against other programs."""
