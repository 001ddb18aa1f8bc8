"""Effects within and between studies against posteriors computed here by generalised least squares.

Arms are so large that their log-odds are normal with known variances. Given tau, coefficients are then
normal, and tau is summed over cells. Studies have one arm or two, of unequal sizes.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import special, stats

import bayesmeta as bm
from bayesmeta.estimates.contrast_table import Contrasts
from bayesmeta.estimates.identifiability import identifiability
from bayesmeta.report.contrast_text import contrast_cells, contrast_json

Array = npt.NDArray[np.float64]

WIDE, ERROR = 10.0, 0.1
"""Standard deviation of a prior that says nothing; allowed error of simulation and of the normal
approximation, in posterior standard deviations."""

SETTINGS = bm.SamplerSettings(chains=4, warmup=400, draws=1000)
TAU = (np.arange(120) + 0.5) / 120


@cache
def frame() -> pd.DataFrame:
    """Return studies of which those of one arm exaggerate the effect of `kind`."""
    rng = np.random.default_rng(7)
    rows = []
    for study in range(36):
        kinds = [["x", "y"], ["x"], ["y"]][study % 3]
        effect = rng.normal(0, 0.3)
        for kind in kinds:
            theta = -0.5 + effect + (kind == "y") * (0.4 if len(kinds) > 1 else 1.0)
            n = int(rng.integers(600, 6000))
            events = rng.binomial(n, special.expit(theta))
            rows.append({"study": f"s{study}", "arm": kind, "events": events, "n": n, "kind": kind})
    return pd.DataFrame(rows)


@cache
def fitted(formula: str, scale: float = WIDE) -> bm.Fit:
    """Return a fit in which the last coefficient has a prior of this scale."""
    covariates = bm.Covariates(formula, {"kind": "x"})
    names = ["between(kind)[y]"] if "between" in formula else []
    beta = {"default": bm.Normal(0, WIDE), **{name: bm.Normal(0, scale) for name in names}}
    spec = bm.ModelSpec(covariates=covariates, mu=bm.Normal(0, WIDE), beta=beta)
    return bm.fit(spec, bm.read_evidence(frame()).select(), seed=3, settings=SETTINGS)


def columns() -> tuple[Array, Array]:
    """Return an indicator of `kind` and its mean over the patients of a study."""
    arms = frame()
    y = (arms["kind"] == "y").to_numpy(dtype=float)
    patients = arms.groupby("study")["n"].transform("sum")
    return y, (y * arms["n"]).groupby(arms["study"]).transform(
        "sum"
    ).to_numpy() / patients.to_numpy()


def truth(covariates: Array, scales: list[float]) -> tuple[Array, Array]:
    """Return posterior mean and covariance of mu and coefficients, tau integrated out."""
    arms = frame()
    rate = (arms["events"] / arms["n"]).to_numpy()
    seen, variance = special.logit(rate), 1 / (arms["n"].to_numpy() * rate * (1 - rate))
    design = np.column_stack([np.ones(len(arms)), covariates])
    shared = (arms["study"].to_numpy() == arms["study"].to_numpy()[:, None]).astype(float)
    prior = np.diag(np.square([WIDE, *scales]))
    each = []
    for tau in TAU:
        noise = np.diag(variance) + tau**2 * shared
        weight = stats.multivariate_normal.logpdf(seen, cov=noise + design @ prior @ design.T)
        inverse = np.linalg.inv(noise)
        cov = np.linalg.inv(design.T @ inverse @ design + np.linalg.inv(prior))
        each.append((weight - tau**2 / 2, cov @ design.T @ inverse @ seen, cov))
    logs, means, covs = (np.array(one) for one in zip(*each, strict=True))
    weights = special.softmax(logs)
    mean = weights @ means
    gaps = means - mean
    return mean, np.einsum("t,tij->ij", weights, covs + gaps[:, :, None] * gaps[:, None])


def check(found: Contrasts, quantity: str, mean: float, variance: float) -> None:
    """Compare median and interval of a quantity of the one pair, on the scale of log-odds."""
    [row] = found.table.to_dict("records")
    ends = np.array([row[f"{quantity}{end}"] for end in ("", "_lower", "_upper")])
    sd = np.sqrt(variance)
    expected = np.array([mean, mean - 1.96 * sd, mean + 1.96 * sd])
    logs = ends if quantity == "conflict" else np.log(ends)
    # Ends of an interval are three times as uncertain as its middle.
    assert np.abs(logs - expected)[0] < ERROR * sd
    assert np.abs(logs - expected)[1:].max() < 3 * ERROR * sd


@pytest.mark.parametrize("formula", ["within(kind) + between(kind)", "kind + between(kind)"])
def test_contrasts_within_and_between_and_their_conflict(formula: str) -> None:
    y, mean = columns()
    split = formula.startswith("within")
    center, cov = truth(np.column_stack([y - mean if split else y, mean]), [WIDE, WIDE])
    # What is within studies, between them, and the conflict, as sums of coefficients.
    sums = np.array(
        [[0, 1, 0], [0, 0, 1], [0, -1, 1]] if split else [[0, 1, 0], [0, 1, 1], [0, 0, 1]]
    )
    found = bm.contrast(fitted(formula))
    for weights, quantity in zip(
        sums, ("within_odds_ratio", "odds_ratio", "conflict"), strict=True
    ):
        check(found, quantity, weights @ center, weights @ cov @ weights)
    assert found.table["probability_conflict_above_0"].item() > 0.99
    assert found.table["within_compared"].item()


def test_without_conflict_all_studies_are_pooled() -> None:
    y, _ = columns()
    center, cov = truth(y[:, None], [WIDE])
    found = bm.contrast(fitted("kind + between(kind)", 1e-3))
    for quantity in ("within_odds_ratio", "odds_ratio"):
        check(found, quantity, center[1], cov[1, 1])
    assert np.abs(found.table[["conflict_lower", "conflict_upper"]].to_numpy()).max() < 0.003


def test_with_any_conflict_comparisons_within_studies_decide_alone() -> None:
    arms, (y, _) = frame(), columns()
    rate = (arms["events"] / arms["n"]).to_numpy()
    weight = arms["n"].to_numpy() * rate * (1 - rate)
    # A level for each study leaves the differences of its arms alone.
    design = np.column_stack([y, pd.get_dummies(arms["study"]).to_numpy(dtype=float)])
    cov = np.linalg.inv(design.T @ (weight[:, None] * design))
    center = cov @ design.T @ (weight * special.logit(rate))
    found = bm.contrast(fitted("kind + between(kind)", 100.0))
    check(found, "within_odds_ratio", center[0], cov[0, 0])


def test_between_two_ends_the_prior_of_the_conflict_decides() -> None:
    y, mean = columns()
    center, cov = truth(np.column_stack([y, mean]), [WIDE, 0.1])
    found = bm.contrast(fitted("kind + between(kind)", 0.1))
    check(found, "within_odds_ratio", center[1], cov[1, 1])
    check(found, "conflict", center[2], cov[2, 2])


def test_each_part_is_known_from_where_it_says() -> None:
    shares = identifiability(fitted("within(kind) + between(kind)")).set_index("coefficient")
    assert shares.loc["within(kind)[y]", "within_share"] > 0.999
    assert shares.loc["between(kind)[y]", "within_share"] == 0
    assert bool(shares.loc["between(kind)[y]", "between_only"])


def test_a_further_cohort_of_a_study_is_compared_with_its_arms() -> None:
    fit = fitted("within(kind) + between(kind)")
    beta = np.asarray(fit.posterior["beta"]).mean(axis=(0, 1))
    low, high = (
        bm.predict(fit, n=10, study="s0", profile={"kind": kind}, seed=1).draws["rate"].to_numpy()
        for kind in ("x", "y")
    )
    moved = special.logit(high).mean() - special.logit(low).mean()
    assert moved == pytest.approx(beta[0], rel=1e-6)


def test_both_contrasts_are_written() -> None:
    found = bm.contrast(fitted("kind + between(kind)"))
    [row] = contrast_cells(found).to_dict("records")
    assert {"odds ratio", "odds ratio of arms", "conflict", "P(conflict > 0)"} <= set(row)
    [own] = contrast_json(found, ranks=False)["contrasts"]
    assert own["conflict_lower"] < own["conflict"] < own["conflict_upper"]
    assert "mcse_within_odds_ratio" in own
    plain = bm.contrast(fitted("kind"))
    assert not any("conflict" in name for name in plain.table)
