"""What priors of mu make of rare and of usual rates: bias and coverage of the typical rate.

    uv run python tests/benchmarks/mu_priors.py

Counts of three studies of 200, 150 and 310 patients are drawn at a true typical rate, with study
effects of standard deviation 0.5 (log-odds); 1,000 data sets for each rate, the same for all priors.
Printed are the mean of the posterior medians over the true rate, how often the 95% interval holds the
true rate, and its median upper end, with tau ~ HalfNormal(1). Posteriors are sums over a lattice of mu
and tau, so that one table of likelihoods serves every prior; the first data set of each rate is held to
`bayesmeta.fit(..., method="quadrature")`.
"""

import numpy as np
import numpy.typing as npt
from scipy import special

import bayesmeta as bm
from bayesmeta.inference.quadrature.posterior import quadrature_posterior

Array = npt.NDArray[np.float64]

PATIENTS = (200, 150, 310)
RATES = (0.001, 0.005, 0.02, 0.2, 0.5)
TRUE_TAU, SETS = 0.5, 1000
PRIORS = (bm.Normal(0, 1.5), bm.StudentT(3, 0, 1.5), bm.StudentT(3, 0, 2.5), bm.Normal(0, 5))
TAU_PRIOR = bm.HalfNormal(1)

STEP = 0.02
THETA = np.arange(-30, 14, STEP)
MU = np.concatenate([-np.geomspace(400, 22.1, 80), np.arange(-22, 8, 0.05)])
"""Far out, where no patient is expected to respond, a heavy-tailed prior has mass, too."""
TAU = (np.arange(32) + 0.5) * 0.125


def log_likelihoods(n: int, counts: Array) -> Array:
    """Return the log likelihood of each count of a study at each tau and mu, dims (tau, mu, count)."""
    theta = THETA[:, None]
    kernel = np.exp(
        special.gammaln(n + 1) - special.gammaln(counts + 1) - special.gammaln(n - counts + 1)
        - counts * np.logaddexp(0, -theta) - (n - counts) * np.logaddexp(0, theta)
    )  # fmt: skip
    found = []
    for tau in TAU:
        # Each cell has its exact probability, so that a small tau needs no finer lattice.
        edges = np.concatenate([[-np.inf], THETA[1:] - STEP / 2, [np.inf]])
        mass = np.diff(special.ndtr((edges - MU[:, None]) / tau), axis=1)
        found.append(np.log(mass @ kernel + 1e-300))
    return np.array(found)


def intervals(events: npt.NDArray[np.int64], prior: bm.Prior, tables: list[Array]) -> Array:
    """Return 2.5%, 50% and 97.5% of the typical rate of each data set, dims (set, quantile)."""
    weight = TAU_PRIOR.logpdf(TAU)[:, None] + prior.logpdf(MU) + np.log(np.gradient(MU))
    found = []
    for own in events:
        joint = weight + sum(table[:, :, y] for table, y in zip(tables, own, strict=True))
        mass = np.exp(joint - joint.max()).sum(axis=0)
        below = (np.cumsum(mass) - mass / 2) / mass.sum()
        found.append(special.expit(np.interp([0.025, 0.5, 0.975], below, MU)))
    return np.array(found)


def check(events: npt.NDArray[np.int64], prior: bm.Prior, found: Array) -> None:
    """Stop if an interval is not that of the package's quadrature, to two digits."""
    posterior = quadrature_posterior(events, PATIENTS, prior, TAU_PRIOR)
    expected = posterior.marginal("typical").quantile([0.5, 0.975])
    if not np.allclose(found[1:], expected, rtol=0.03):
        raise SystemExit(
            f"{events}, {prior}: {found[1:]} on the lattice, {expected} by quadrature."
        )


def main() -> None:
    """Print the table."""
    print("| true rate | prior of mu | median / truth | coverage | upper end |")
    print("|---|---|---|---|---|")
    tables = [log_likelihoods(n, np.arange(n + 1.0)) for n in PATIENTS]
    for rate in RATES:
        rng = np.random.default_rng([1, int(1000 * rate)])
        theta = special.logit(rate) + TRUE_TAU * rng.standard_normal((SETS, len(PATIENTS)))
        events = rng.binomial(PATIENTS, special.expit(theta))
        for prior in PRIORS:
            found = intervals(events, prior, tables)
            check(events[0], prior, found[0])
            low, middle, high = found.T
            covered = np.mean((low <= rate) & (rate <= high))
            print(
                f"| {100 * rate:g}% | {prior!r} | {np.mean(middle) / rate:.2f} | {100 * covered:.0f}% | "
                f"{100 * np.median(high):.3g}% |",
                flush=True,
            )


if __name__ == "__main__":
    main()
