"""How well averaged predictions do by each method of weighting, over evidence of known truth.

Six truths about the log-odds of studies, of which some none of the models describes, each in two
classes. Models are integrated over grids, so that the density of each study left out, and of every
count of a new one, is had without sampling. The loss of an averaged prediction is its
Kullback-Leibler divergence from the truth: by how much the expected log score of a held-out study is
less than that of the truth itself (nats per study).

    python tests/support/averaging_simulation.py tests/reference/weights/losses.csv
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import betabinom, binom, norm, t as student

from bayesmeta.arrays import Array
from bayesmeta.comparison.weights import METHODS

STUDIES = (10, 30, 100)
REPLICATES = 300
SAMPLES = 1000
SIZES = (12, 25, 45, 90)
"""Patients of a study, each as likely as the others."""

CLASSES = (0, 1)
STEP = 0.025
THETA = np.arange(-8, 8 + STEP / 2, STEP)
MU = np.arange(-2.5, 2.5 + STEP / 2, STEP)
TAU = 0.05 + 2.5 * np.linspace(0, 1, 31) ** 2
RHO = np.linspace(0.003, 0.5, 31)

LOG_PRIOR_MU = student.logpdf(MU / 1.5, 3)
PRIOR_BETA = norm.pdf(MU[:, None] - MU)
PRIOR_TAU = np.gradient(TAU) * np.exp(-(TAU**2) / 2)

Part = tuple[float, float, float]
Key = tuple[int, int]

TRUTHS: Mapping[str, tuple[tuple[Part, ...], tuple[Part, ...]]] = {
    "homogeneous": (((1, -0.2, 0.03),), ((1, -0.2, 0.03),)),
    "heterogeneous": (((1, -0.2, 0.5),), ((1, -0.2, 0.5),)),
    "classes": (((1, -0.5, 0.3),), ((1, 0.2, 0.3),)),
    "outliers": (
        ((0.85, -0.4, 0.2), (0.15, -0.4, 1.5)),
        ((0.85, 0.0, 0.2), (0.15, 0.0, 1.5)),
    ),
    "two kinds": (
        ((0.65, -0.2, 0.05), (0.35, -1.4, 0.05)),
        ((0.65, 0.2, 0.05), (0.35, -1.0, 0.05)),
    ),
    "tau by class": (((1, -0.4, 0.1),), ((1, 0.0, 0.9),)),
}
"""Of each class, the normal components of the log-odds of studies: weight, mean, standard deviation."""


@cache
def binomial(size: int) -> Array:
    """Return the probability of each count, dims (count, theta)."""
    return np.asarray(binom.pmf(np.arange(size + 1)[:, None], size, expit(THETA)))


def spread(mean: Array, sd: float) -> Array:
    """Return the normal probability of each log-odds, dims (theta, mean)."""
    density = np.exp(-((THETA[:, None] - mean) ** 2) / (2 * sd**2))
    return np.asarray(density / density.sum(axis=0))


def normal(size: int, tau: float) -> Array:
    """Return the probability of each count, dims (count, mu), where studies are normal."""
    return binomial(size) @ spread(MU, tau)


def outlying(size: int, tau: float) -> Array:
    """Return the same where a tenth of the studies have four times the standard deviation."""
    return binomial(size) @ (0.9 * spread(MU, tau) + 0.1 * spread(MU, 4 * tau))


def overdispersed(size: int, rho: float) -> Array:
    """Return the same where rates are beta distributed."""
    mean, total = expit(MU), (1 - rho) / rho
    counts = np.arange(size + 1)[:, None]
    return np.asarray(betabinom.pmf(counts, size, mean * total, (1 - mean) * total))


def common(size: int, _: float) -> Array:
    """Return the same where all studies have one rate."""
    return np.asarray(binom.pmf(np.arange(size + 1)[:, None], size, expit(MU)))


@dataclass(frozen=True, eq=False)
class Model:
    """A model whose parameters are mu, by class or not, and one of heterogeneity, on a grid."""

    counts: Callable[[int, float], Array]
    grid: Array
    prior: Array
    by_class: bool

    @cache  # noqa: B019 - the models are few, and live as long as the process
    def table(self, size: int) -> Array:
        """Return the probability of each count, dims (count, mu, heterogeneity)."""
        return np.stack([self.counts(size, one) for one in self.grid], axis=-1)

    def posteriors(self, likelihood: Array, group: Array) -> list[Array]:
        """Return the posterior of mu and heterogeneity in each class, dims (mu, heterogeneity)."""
        logs = np.log(np.maximum(likelihood, 1e-300))
        if not self.by_class:
            return [_normalised(logs.sum(axis=0) + LOG_PRIOR_MU[:, None] + np.log(self.prior))] * 2
        first, second = (logs[group == one].sum(axis=0) for one in CLASSES)
        first = first + LOG_PRIOR_MU[:, None]
        peaks = [one.max(axis=0) for one in (first, second)]
        densities = [np.exp(one - peak) for one, peak in zip((first, second), peaks, strict=True)]
        scale = self.prior * np.exp(sum(peaks) - sum(peaks).max())
        joint = densities[0] * (PRIOR_BETA @ densities[1]) * scale
        other = densities[1] * (PRIOR_BETA.T @ densities[0]) * scale
        return [joint / joint.sum(), other / other.sum()]

    def predicted(self, data: pd.DataFrame) -> tuple[Array, dict[Key, Array]]:
        """Return the log density of each study left out, and the probabilities of a new one's counts."""
        rows = zip(data["size"], data["events"], strict=True)
        likelihood = np.stack([self.table(size)[events] for size, events in rows])
        group = data["group"].to_numpy()
        own = self.posteriors(likelihood, group)
        weights = np.stack([own[one] for one in group])
        elpd = -np.log((weights / likelihood).sum(axis=(1, 2)))
        tables = {size: self.table(size) for size in SIZES}
        return elpd, {(n, g): np.tensordot(tables[n], own[g], 2) for n in SIZES for g in CLASSES}


@dataclass(frozen=True, eq=False)
class Independent:
    """Studies without pooling, of which a new one follows the prior."""

    def predicted(self, data: pd.DataFrame) -> tuple[Array, dict[Key, Array]]:
        """Return what `Model.predicted` does."""
        prior = student.pdf(THETA / 1.5, 3)
        found = {size: binomial(size) @ (prior / prior.sum()) for size in SIZES}
        rows = zip(data["size"], data["events"], strict=True)
        elpd = np.log([found[size][events] for size, events in rows])
        return elpd, {(n, g): found[n] for n in SIZES for g in CLASSES}


def _normalised(logs: Array) -> Array:
    density = np.exp(logs - logs.max())
    return np.asarray(density / density.sum())


MODELS: Mapping[str, Model | Independent] = {
    "pooled": Model(normal, TAU, PRIOR_TAU, by_class=False),
    "regimen": Model(normal, TAU, PRIOR_TAU, by_class=True),
    "outlying": Model(outlying, TAU, PRIOR_TAU, by_class=True),
    "overdispersed": Model(overdispersed, RHO, np.ones(RHO.size), by_class=True),
    "common_effect": Model(common, np.zeros(1), np.ones(1), by_class=False),
    "independent": Independent(),
}


@cache
def probabilities(truth: str) -> dict[Key, Array]:
    """Return the true probabilities of a new study's counts, by size and class."""
    found = {}
    for group, parts in zip(CLASSES, TRUTHS[truth], strict=True):
        density = sum(weight * spread(np.array([mean]), sd)[:, 0] for weight, mean, sd in parts)
        found |= {(size, group): binomial(size) @ density for size in SIZES}
    return {key: one / one.sum() for key, one in found.items()}


def simulated(truth: str, studies: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the counts of so many studies, half of them in each class."""
    size, group = rng.choice(SIZES, studies), rng.permutation(np.arange(studies) % 2)
    true = probabilities(truth)
    events = [rng.choice(n + 1, p=true[n, g]) for n, g in zip(size, group, strict=True)]
    return pd.DataFrame({"size": size, "group": group, "events": events})


def losses(truth: str, studies: int, replicate: int) -> dict[str, float]:
    """Return the loss by each method, and of the best model by elpd alone, in one replicate."""
    key = (list(TRUTHS).index(truth), studies, replicate)
    rng = np.random.default_rng(np.random.SeedSequence(1, spawn_key=key))
    found = [
        one.predicted(data) for data in [simulated(truth, studies, rng)] for one in MODELS.values()
    ]
    elpd = np.stack([one for one, _ in found], axis=1)
    samples = studies * rng.dirichlet(np.ones(studies), SAMPLES)
    weights = {name: one.stated(elpd, samples) for name, one in METHODS.items()}
    weights["best"] = np.eye(len(found))[elpd.sum(axis=0).argmax()]
    weights["equal"] = np.full(len(found), 1 / len(found))
    new = {one: np.stack([own[one] for _, own in found], axis=1) for one in found[0][1]}
    return {name: _loss(one, new, probabilities(truth)) for name, one in weights.items()}


def _loss(weights: Array, new: Mapping[Key, Array], true: Mapping[Key, Array]) -> float:
    """Return the mean divergence of the averaged prediction from the truth, over sizes and classes."""
    each = [one @ np.log(one / (new[key] @ weights)) for key, one in true.items()]
    return float(np.mean(each))


def table(replicates: int) -> pd.DataFrame:
    """Return mean losses by truth, number of studies and method, and their excess over pseudo-BMA+."""
    return pd.DataFrame(list(_rows(replicates)))


def _rows(replicates: int) -> Iterator[dict[str, object]]:
    for truth in TRUTHS:
        for studies in STUDIES:
            each = pd.DataFrame([losses(truth, studies, one) for one in range(replicates)])
            apart = each.sub(each["pseudo_bma_plus"], axis=0)
            for method in each:
                yield {
                    "truth": truth,
                    "studies": studies,
                    "method": method,
                    "loss": each[method].mean(),
                    "se": each[method].sem(),
                    "more": apart[method].mean(),
                    "se_more": apart[method].sem(),
                }


if __name__ == "__main__":
    found = table(REPLICATES).assign(replicates=REPLICATES)
    found.to_csv(Path(sys.argv[1]), index=False, float_format="%.6f", lineterminator="\n")
