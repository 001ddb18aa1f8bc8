"""The default prior of a number's coefficient: on the scale of its column, the same in any unit."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, xlog1py, xlogy
from scipy.stats import norm

import bayesmeta as bm
from bayesmeta.comparison.held_out import without
from bayesmeta.model import make_design, parse_model, to_toml
from bayesmeta.sensitivity.prior_grid import usual_priors

COUNTS = [(4, 20), (6, 22), (9, 25), (15, 30), (14, 24), (11, 31)]
AGE = [61.0, 60.5, 70.0, 55.0, 48.0, 66.0]
REGIMEN = ["a", "b"] * 3

Maker = Callable[..., bm.Arms]


@pytest.fixture
def arms(make_arms: Maker) -> bm.Arms:
    return make_arms(COUNTS, age=AGE, regimen=REGIMEN)


def priors(
    covariates: bm.Covariates | str, arms: bm.Arms, **options: object
) -> dict[str, bm.Prior]:
    design = make_design(bm.ModelSpec(covariates=covariates, **options), arms)  # type: ignore[arg-type]
    return dict(zip(design.coding.names, design.beta, strict=True))


def rounded(scale: float) -> float:
    return float(f"{scale:.4g}")


def test_it_is_the_links_own_per_standard_deviation_of_the_column(arms: bm.Arms) -> None:
    spread = float(np.std(AGE, ddof=1))
    assert priors("age", arms) == {"age": bm.Normal(0, rounded(1 / spread))}
    probit = bm.Binomial(bm.Probit())
    assert priors("age", arms, likelihood=probit) == {"age": bm.Normal(0, rounded(0.6 / spread))}


def test_levels_have_the_links_own_and_every_coded_column_its_spread(arms: bm.Arms) -> None:
    found = priors(bm.Covariates("regimen * age + log(age)", {"regimen": "a"}), arms)
    centred = np.array(AGE) - np.mean(AGE)
    assert found == {
        "regimen[b]": bm.Normal(0, 1),
        "age": bm.Normal(0, rounded(1 / np.std(AGE, ddof=1))),
        "log(age)": bm.Normal(0, rounded(1 / np.std(np.log(AGE), ddof=1))),
        "regimen[b]:age": bm.Normal(0, rounded(1 / np.std(centred * np.tile([0, 1], 3), ddof=1))),
    }


@pytest.mark.parametrize(
    "beta", [bm.Normal(0, 0.05), {"age": bm.Normal(0, 0.05)}, {"default": bm.Normal(0, 0.05)}]
)
def test_a_prior_that_is_given_stays_as_it_is_written(arms: bm.Arms, beta: object) -> None:
    assert priors("age", arms, beta=beta) == {"age": bm.Normal(0, 0.05)}


def test_one_prior_that_is_given_leaves_the_others_their_defaults(arms: bm.Arms) -> None:
    covariates = bm.Covariates("regimen + age", {"regimen": "a"})
    found = priors(covariates, arms, beta={"regimen[b]": bm.Normal(0, 0.5)})
    assert found == {
        "regimen[b]": bm.Normal(0, 0.5),
        "age": bm.Normal(0, rounded(1 / np.std(AGE, ddof=1))),
    }


def test_the_model_of_a_design_names_what_was_chosen(arms: bm.Arms) -> None:
    spec = bm.ModelSpec(covariates=bm.Covariates("regimen + age", {"regimen": "a"}))
    assert "beta" not in to_toml(spec)
    chosen = make_design(spec, arms).spec
    again = parse_model(to_toml(chosen))
    assert again == chosen
    assert make_design(again, arms).spec == chosen
    factors = bm.ModelSpec(covariates=bm.Covariates("regimen", {"regimen": "a"}))
    assert make_design(factors, arms).spec.beta == bm.Normal(0, 1)


def test_without_a_study_the_prior_is_that_of_the_whole_evidence(arms: bm.Arms) -> None:
    whole = make_design(bm.ModelSpec(covariates="age"), arms)
    rest, _ = without(whole, "study04")
    assert rest.beta == whole.beta
    # Of the other studies alone it would be another.
    assert make_design(bm.ModelSpec(covariates="age"), rest.arms).beta != whole.beta


def test_the_usual_other_priors_are_as_many_times_as_wide(arms: bm.Arms) -> None:
    spec = make_design(bm.ModelSpec(covariates="age"), arms).spec
    [own] = spec.beta_priors.keys() - {"default"}
    scales = [
        one[own].scale / spec.beta_priors[own].scale for one in usual_priors(spec, arms)["beta"]
    ]  # type: ignore[attr-defined]
    assert scales == pytest.approx([0.5, 1, 2])


@pytest.mark.parametrize("beta", [bm.Normal(0, 1), bm.Cauchy(0, 0.2), {"age": bm.Normal(0, 1)}])
def test_a_prior_far_wider_than_that_is_told_on_the_scale_of_rates(
    arms: bm.Arms, beta: object
) -> None:
    spec = bm.ModelSpec(covariates="age", beta=beta)  # type: ignore[arg-type]
    spread = f"{np.std(AGE, ddof=1):.3g}"
    message = (
        rf"`beta` of age ~ .* per unit: over .* of age \({spread}\) .* <1% and >99%\. The default"
    )
    with pytest.warns(bm.ModelWarning, match=message):
        make_design(spec, arms)


@pytest.mark.parametrize(("scale", "told"), [(1.9, False), (2.1, True)])
def test_the_threshold_is_two_on_the_scale_of_the_link(
    arms: bm.Arms, scale: float, *, told: bool
) -> None:
    beta = bm.Normal(0, scale / np.std(AGE, ddof=1))
    with warnings.catch_warnings(record=True, action="always") as caught:
        make_design(bm.ModelSpec(covariates="age", beta=beta), arms)
    assert bool(caught) == told


def test_nested_outcomes_have_the_same() -> None:
    rows = {"study": list("abcd") * 2, "outcome": ["ORR"] * 4 + ["CR"] * 4}
    rows |= {"events": [21, 9, 24, 12, 13, 2, 14, 6], "n": [45, 43, 55, 30] * 2}
    rows |= {"age": [61, 70, 55, 48] * 2}
    arms = bm.read_evidence(pd.DataFrame(rows)).select(outcomes=["ORR", "CR"])
    design = make_design(bm.ModelSpec(covariates="age"), arms)
    chosen = bm.Normal(0, rounded(1 / np.std([61, 70, 55, 48], ddof=1)))
    assert design.beta == (chosen,)
    assert design.spec.beta == {"age": chosen}
    with pytest.warns(bm.ModelWarning, match="`beta` of age ~ Normal"):
        make_design(bm.ModelSpec(covariates="age", beta=bm.Normal(0, 1)), arms)


def quadrature(spread: float) -> float:
    """Return the mean of beta times the spread of age, with common effects, by a grid of mu and beta."""
    events, n = np.array(COUNTS, dtype=float).T
    standard = (np.array(AGE) - np.mean(AGE)) / spread
    mu, slope = np.meshgrid(np.linspace(-3, 3, 401), np.linspace(-4, 4, 401), indexing="ij")
    rate = expit(mu[..., None] + slope[..., None] * standard)
    log = (xlogy(events, rate) + xlog1py(n - events, -rate)).sum(axis=-1)
    weight = np.exp(log - log.max() + norm.logpdf(mu, 0, 1.5) + norm.logpdf(slope))
    return float((weight * slope).sum() / weight.sum())


@pytest.mark.slow
@pytest.mark.parametrize("unit", [1, 100, 365.25])
def test_the_posterior_is_the_same_in_any_unit(
    make_arms: Maker, tmp_path: Path, unit: float
) -> None:
    """Ages in years, centuries and, nearly, days: within four Monte-Carlo errors of the quadrature."""
    arms = make_arms(COUNTS, age=[age / unit for age in AGE])
    spec = bm.ModelSpec("age", covariates="age", study_effects=bm.CommonEffect())
    settings = bm.SamplerSettings(chains=2, draws=2000)
    fit = bm.fit(spec, arms, seed=1, settings=settings)
    spread = float(np.std(AGE, ddof=1))
    row = bm.summary(fit).set_index("quantity").loc["beta[age]"]
    found, error = row["mean"] * spread / unit, row["mcse_mean"] * spread / unit
    assert found == pytest.approx(quadrature(spread), abs=4 * error)
    assert error < 0.01
    fit.save(tmp_path / "run")
    again = bm.load_fit(tmp_path / "run")
    assert again.spec == fit.spec
    assert again.design.beta == fit.design.beta
    pd.testing.assert_frame_equal(bm.summary(again), bm.summary(fit))
