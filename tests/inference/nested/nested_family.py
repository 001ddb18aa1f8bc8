"""Designs of nested outcomes: every number of levels, and every pattern of outcomes reported."""

import functools
from itertools import product

import numpy as np
import pandas as pd

import bayesmeta as bm
from bayesmeta.model import Design, make_design
from bayesmeta.model.links import LINKS

OUTCOMES = ("DCR", "ORR", "CR_CRi", "CR")

COVARIATES = {
    "none": bm.Covariates(),
    "both": bm.Covariates("regimen * age", {"regimen": "a"}, centre={"age": 6}),
}


def outcomes_of(levels: int) -> tuple[str, ...]:
    return OUTCOMES[-levels:]


@functools.cache
def arms(levels: int) -> bm.Arms:
    """Studies of one to three arms; every pattern of outcomes reported, none of them, all patients."""
    patterns = [shown for shown in product([True, False], repeat=levels) if any(shown)]
    rng = np.random.default_rng(levels)
    full = [
        (12, *[12] * levels),
        (9, *[0] * levels),
        (0, *[0] * levels),
        (140, *range(90, 90 - levels, -1)),
    ]
    drawn = [(n, *nested(rng, n, levels)) for n in rng.integers(5, 60, size=len(patterns))]
    shown = [*patterns, *[(True,) * levels] * len(full)]
    counts = [
        (n, *[count if reported else None for count, reported in zip(row, own, strict=True)])
        for (n, *row), own in zip([*drawn, *full], shown, strict=True)
    ]
    frame = pd.DataFrame(counts, columns=["n", *outcomes_of(levels)])
    i = np.arange(len(frame))
    frame["study"] = [f"s{study}" for study in np.minimum(i // 2, len(frame) // 2 - 1)]
    frame["arm"] = [f"a{arm}" for arm in i]
    frame["regimen"] = [("a", "b", "c")[arm % 3] for arm in i]
    frame["age"] = 5 + rng.random(len(frame)) * 3
    return bm.Arms(frame, pd.DataFrame(), outcomes=outcomes_of(levels))


def nested(rng: np.random.Generator, n: int, levels: int) -> list[int]:
    found = [n]
    for _ in range(levels):
        found.append(int(rng.binomial(found[-1], 0.7)))
    return found[1:]


def design_of(
    levels: int,
    link: str = "logit",
    covariates: str = "none",
    correlation: bm.LKJ | None = None,
    **priors: object,
) -> Design:
    tau = priors.pop("tau", bm.HalfNormal(1))
    spec = bm.ModelSpec(
        covariates=COVARIATES[covariates],
        correlation=correlation,
        likelihood=bm.Binomial(LINKS[link]()),
        study_effects=bm.NormalEffects(tau),  # type: ignore[arg-type]
        **priors,  # type: ignore[arg-type]
    )
    return make_design(spec, arms(levels))


def combinations() -> list[tuple[int, str, str, bm.LKJ | None]]:
    """Every number of levels and link, with and without covariates, correlated and not."""
    return list(product((2, 3, 4), LINKS, COVARIATES, (None, bm.LKJ(1.5))))


def named(part: object) -> str:
    return (
        "independent" if part is None else "correlated" if isinstance(part, bm.LKJ) else str(part)
    )


PRIORS: list[dict[str, object]] = [
    {"mu": {"CR": bm.StudentT(4, -0.5, 2)}, "tau": {"ORR": bm.Uniform(0.1, 3)}},
    {"mu": bm.Cauchy(0, 2.5), "tau": {"default": bm.HalfCauchy(0.7), "CR": bm.LogNormal(-1, 0.8)}},
    {"tau": {"default": bm.Gamma(0.5, 4), "CR": bm.Exponential(2)}},
    {"covariates": "both", "beta": {"default": bm.Normal(0, 2), "age": bm.StudentT(3, 0, 1)}},
]
"""Priors that differ between outcomes and between coefficients."""
