"""Effective sample sizes by many digits: `uv run python tests/reference/elir/make.py`.

Apart from the package and from how it computes them: the mean of patients less the integral of

    sum_k w_k (a_k + b_k) f_k(x) - i(x) f(x) / (p (1 - p))

over the log-odds x, with i the information as it is defined, minus the second derivative of the log
density. Terms of size 1 / p cancel near the ends, so the digits grow with the range. Gauss-Legendre
rules of 24 nodes on pieces of at most a standard deviation.
"""

import itertools
import json
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np

SHAPES = ["0.002", "0.4", "1", "50", "1e4", "1e6"]
WEIGHTS = [["0.5", "0.5"], ["0.001", "0.999"]]
SPACED = 17
"""Of all pairs of components that have a size, every so many is kept."""

THREE = [
    (["0.48", "0.32", "0.2"], ["9.16", "3.49", "0.9"], ["27.5", "11.4", "1.1"]),
    (["0.48", "0.32", "0.2"], ["9.16", "3.49", "0.8"], ["27.5", "11.4", "1.2"]),
    (["0.48", "0.32", "0.2"], ["9.16", "3.49", "0.6"], ["27.5", "11.4", "1.4"]),
    (["0.6", "0.3", "0.1"], ["1e6", "50", "0.002"], ["1e4", "50", "0.4"]),
    (["0.6", "0.3", "0.1"], ["1.5", "0.4", "50"], ["1e4", "1e6", "0.002"]),
    (["1e-6", "0.499999", "0.5"], ["1e6", "2.5", "1"], ["1e6", "1", "1"]),
]
NODES = [
    tuple(map(mp.mpf, pair)) for pair in zip(*np.polynomial.legendre.leggauss(24), strict=True)
]
PLACES = [-40, -30, -24, -20, *range(-16, 17), 20, 24, 30, 40]

Mixture = tuple[list[str], list[str], list[str]]


def main() -> None:
    """Write the sizes of the grid, and of mixtures of three components."""
    cases = [case for case in pairs() if has_size(case)][::SPACED] + THREE
    found = [answer(case) for case in cases]
    path = Path(__file__).with_name("sizes.json")
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{len(found)} mixtures")


def pairs() -> list[Mixture]:
    """Return all mixtures of two different betas of the grid."""
    betas = list(itertools.product(SHAPES, SHAPES))
    chosen = itertools.product(WEIGHTS, itertools.combinations(betas, 2))
    return [(weights, *map(list, zip(*two, strict=True))) for weights, two in chosen]


def has_size(case: Mixture) -> bool:
    """Return whether at most one value of a, and of b, is 1 or less."""
    return all(len({float(v) for v in values if float(v) <= 1}) <= 1 for values in case[1:])


def answer(case: Mixture) -> dict[str, Any]:
    """Return a mixture with its sizes."""
    weights, a, b = case
    numbers = {"weights": weights, "a": a, "b": b}
    floats = {name: [float(value) for value in values] for name, values in numbers.items()}
    with mp.workdps(30):
        cuts = pieces(*ready(case))
        digits = 40 + int((cuts[-1] - cuts[0]) / 2)
    with mp.workdps(digits):
        sizes = {"elir": float(elir(*ready(case), cuts)), "moment": float(moment(*ready(case)))}
    return floats | sizes


def ready(case: Mixture) -> tuple[list[Any], ...]:
    """Return weights, a and b as numbers of many digits."""
    return tuple([mp.mpf(value) for value in values] for values in case)


def pieces(_: list[Any], a: list[Any], b: list[Any]) -> list[Any]:
    """Return the ends of the pieces, beyond which the integrand has faded by exp(-80) or more."""
    low = min(
        mp.log(x / y) - 16 * min(mp.sqrt(1 / x + 1 / y), 2) for x, y in zip(a, b, strict=True)
    )
    high = max(
        mp.log(x / y) + 16 * min(mp.sqrt(1 / x + 1 / y), 2) for x, y in zip(a, b, strict=True)
    )
    low, high = low - 80 / fading(a), high + 80 / fading(b)
    cuts = {low, high}
    for x, y in zip(a, b, strict=True):
        spread = min(mp.sqrt(1 / x + 1 / y), mp.mpf(1))
        cuts |= {mp.log(x / y) + spread * place for place in PLACES}
    steps = int((high - low) / 2)
    cuts |= {low + (high - low) * step / steps for step in range(steps)}
    return sorted(cut for cut in cuts if low <= cut <= high)


def fading(values: list[Any]) -> Any:
    """Return the power of the rate at which the integrand fades near its end."""
    others = [value for value in values if value > min(values)]
    return min([min(values) + 1] + [value - 1 for value in others])


def elir(weights: list[Any], a: list[Any], b: list[Any], cuts: list[Any]) -> Any:
    """Return the mean ratio of the information to that of one patient."""
    constants = [w / mp.beta(x, y) for w, x, y in zip(weights, a, b, strict=True)]
    patients = [x + y for x, y in zip(a, b, strict=True)]

    def lost(log_odds: Any) -> Any:
        p, q = 1 / (1 + mp.exp(-log_odds)), 1 / (1 + mp.exp(log_odds))
        f = [c * p**x * q**y for c, x, y in zip(constants, a, b, strict=True)]
        score = [x * q - y * p for x, y in zip(a, b, strict=True)]
        slope = sum(d * s for d, s in zip(f, score, strict=True))
        bend = sum(d * (s * s - n * p * q) for d, s, n in zip(f, score, patients, strict=True))
        information = slope * slope / sum(f) - bend
        return sum(n * d for n, d in zip(patients, f, strict=True)) - information / (p * q)

    total = mp.mpf(0)
    for low, high in itertools.pairwise(cuts):
        half, middle = (high - low) / 2, (high + low) / 2
        total += half * sum(weight * lost(middle + half * node) for node, weight in NODES)
    return sum(w * n for w, n in zip(weights, patients, strict=True)) - total


def moment(weights: list[Any], a: list[Any], b: list[Any]) -> Any:
    """Return the patients of the beta with the same mean and variance."""
    parts = list(zip(weights, a, b, strict=True))
    mean = sum(w * x / (x + y) for w, x, y in parts)
    square = sum(w * x * (x + 1) / ((x + y) * (x + y + 1)) for w, x, y in parts)
    return mean * (1 - mean) / (square - mean * mean) - 1


if __name__ == "__main__":
    main()
