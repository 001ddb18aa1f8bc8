"""What the evidence cannot tell: overlaps against closed forms, counts and sentences by hand."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

import bayesmeta as bm
from bayesmeta.estimates.identifiability import identifiability
from bayesmeta.estimates.notes import notes
from bayesmeta.estimates.overlap import prior_overlap

Make = Callable[..., bm.Arms]

PRIORS = [
    bm.Normal(1, 2),
    bm.StudentT(4, 0, 1),
    bm.Cauchy(0, 1.5),
    bm.HalfNormal(0.5),
    bm.HalfStudentT(3, 0.5),
    bm.HalfCauchy(0.5),
    bm.LogNormal(-1, 0.8),
    bm.Exponential(2),
    bm.Gamma(2, 4),
    bm.InverseGamma(3, 1),
    bm.Uniform(0, 2),
]


def normal_overlap(loc: float, scale: float) -> float:
    """The area under a standard normal and another normal, from where they cross."""
    a, b = 1 - 1 / scale**2, 2 * loc / scale**2
    c = -((loc / scale) ** 2) - 2 * np.log(scale)
    roots = np.roots([a, b, c]) if a else np.roots([b, c])
    cuts = [-np.inf, *sorted(roots.real), np.inf]
    distributions = (stats.norm(0, 1), stats.norm(loc, scale))
    return float(
        sum(
            min(distribution.cdf(high) - distribution.cdf(low) for distribution in distributions)
            for low, high in pairwise(cuts)
        )
    )


@pytest.mark.parametrize(
    ("loc", "scale"),
    [(0, 0.5), (0, 0.1), (0, 0.01), (1, 1), (1, 0.5), (-2, 0.3), (0.2, 0.9), (3, 1), (0, 1.5)],
)
def test_overlap_of_normals(loc: float, scale: float) -> None:
    """The closed form; of 12,000 draws the estimate varies by less than 0.005."""
    prior = bm.Normal(0.7, 2)
    draws = 0.7 + 2 * np.random.default_rng(1).normal(loc, scale, (4, 3000))
    assert prior_overlap(prior, draws) == pytest.approx(normal_overlap(loc, scale), abs=0.015)


@pytest.mark.parametrize("ratio", [0.5, 0.2, 0.05])
def test_overlap_at_a_boundary(ratio: float) -> None:
    """Two half-normals overlap as the whole ones do; both are highest at zero."""
    draws = np.abs(np.random.default_rng(2).normal(0, 0.5 * ratio, (4, 3000)))
    found = prior_overlap(bm.HalfNormal(0.5), draws)
    assert found == pytest.approx(normal_overlap(0, ratio), abs=0.02)


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_draws_of_the_prior_overlap_it(prior: bm.Prior) -> None:
    draws = prior.draw(np.random.default_rng(3), (4, 1000))
    assert 0.96 < prior_overlap(prior, draws) <= 1
    assert (draws > prior.quantile(0.95)).mean() == pytest.approx(0.05, abs=0.015)


def test_draws_far_from_the_prior_do_not_overlap_it() -> None:
    noise = np.random.default_rng(4).normal(size=(4, 500))
    assert prior_overlap(bm.Normal(0, 1), 12 + noise) < 1e-3
    assert prior_overlap(bm.HalfNormal(0.1), 40 + noise) < 1e-3
    assert prior_overlap(bm.Normal(0, 1), 1e-4 * noise) < 2e-3
    assert prior_overlap(bm.Normal(0, 1), np.full((4, 500), 0.3)) == pytest.approx(0, abs=1e-9)


def test_the_regimens_by_hand(regimen_fit: bm.Fit) -> None:
    table = identifiability(regimen_fit).set_index("coefficient")
    assert list(table.columns) == ["studies", "within_share", "between_only", "prior_overlap"]
    frame = regimen_fit.arms.frame
    for level, studies in frame.groupby("regimen_class")["study"].nunique().items():
        if level != "ven_hma":
            assert table.loc[f"regimen_class[{level}]", "studies"] == studies
    assert table.loc["tau", "studies"] == frame["study"].nunique() == 27
    inside = table.index[~table["between_only"]].tolist()
    assert inside == ["tau"]
    assert table["prior_overlap"].between(0.3, 0.8).all()


def test_overlap_of_a_coefficient_is_that_of_its_draws(regimen_fit: bm.Fit) -> None:
    """The posterior is nearly normal, so the closed form holds about."""
    name = "regimen_class[ven_various]"
    beta = regimen_fit.posterior["beta"].sel(covariate=name)
    found = identifiability(regimen_fit).set_index("coefficient").loc[name, "prior_overlap"]
    assert found == pytest.approx(normal_overlap(float(beta.mean()), float(beta.std())), abs=0.02)


def test_the_notes_on_the_regimens(regimen_fit: bm.Fit) -> None:
    few, between = notes(regimen_fit)
    assert few.startswith(
        "Fewer than 3 studies inform regimen_class[ven_dli] (1), regimen_class[ven_ldac] (1), "
        "regimen_class[ven_targeted] (1): "
    )
    assert between.startswith(
        "Estimated only from differences between studies: regimen_class[ven_dli]"
    )
    # Five are named, two are counted.
    assert "regimen_class[ven_ldac] and 2 more." in between


def test_nothing_to_note(pooled_fit: bm.Fit) -> None:
    assert notes(pooled_fit) == ()
    assert identifiability(pooled_fit)["coefficient"].tolist() == ["tau"]


def test_a_model_without_coefficients_and_tau(orr: bm.Arms, quick: bm.SamplerSettings) -> None:
    fit = bm.fit(bm.load_model("common_effect"), orr, seed=1, settings=quick)
    table = identifiability(fit)
    assert len(table) == 0
    assert table.columns[-1] == "prior_overlap"
    assert notes(fit) == ()


def test_one_study_leaves_tau_to_its_prior(make_arms: Make) -> None:
    fit = bm.fit(bm.ModelSpec(), make_arms([(7, 20)]), seed=1)
    assert identifiability(fit)["prior_overlap"].item() > 0.9
    few, same = notes(fit)
    assert few.startswith("Fewer than 3 studies inform tau (1)")
    assert same.startswith("The evidence hardly changed the prior of tau (9")


def test_tau_in_the_tail_of_its_prior(make_arms: Make) -> None:
    arms = make_arms([(0, 30), (29, 30), (3, 40), (38, 40), (15, 30), (1, 25)])
    spec = bm.ModelSpec(study_effects=bm.NormalEffects(bm.HalfNormal(0.5)))
    [note] = notes(bm.fit(spec, arms, seed=1))
    assert "of its posterior lies above 0.98, the 95% quantile of its prior HalfNormal(0.5)" in note
    assert "fit again with a wider prior of tau, and compare" in note
    wider = bm.ModelSpec(study_effects=bm.NormalEffects(bm.HalfNormal(3)))
    assert notes(bm.fit(wider, arms, seed=1)) == ()


def test_numbers_and_interactions(make_arms: Make, quick: bm.SamplerSettings) -> None:
    arms = make_arms(
        [(4, 20), (9, 21), (6, 15), (3, 18), (12, 30), (8, 16), (5, 19), (0, 0)],
        ["a", "a", "b", "c", "d", "e", "f", "g"],
        dose=["low", "high", "high", "low", "low", "high", "low", "high"],
        age=[60, 61, 65, 65, 65, 65, 65, 70],
    )
    covariates = bm.Covariates("dose * age", {"dose": "low"}, centre={"age": 64})
    fit = bm.fit(bm.ModelSpec(covariates=covariates), arms, seed=1, settings=quick)
    found = identifiability(fit).set_index("coefficient")["studies"]
    # Study g has no patients. Of the others only a is off 65 years; a, b and e have high doses.
    assert found.to_dict() == {"dose[high]": 3, "age": 1, "dose[high]:age": 3, "tau": 6}


def test_a_level_without_patients_and_a_rare_reference(
    make_arms: Make, quick: bm.SamplerSettings
) -> None:
    arms = make_arms(
        [(20, 40), (24, 40), (9, 30), (12, 31), (0, 0)], dose=["low", "mid", "mid", "mid", "high"]
    )
    spec = bm.ModelSpec(covariates=bm.Covariates("dose", {"dose": "low"}))
    few, reference, between, silent, same = notes(bm.fit(spec, arms, seed=1, settings=quick))
    assert few.startswith("Fewer than 3 studies inform dose[high] (0)")
    assert reference.startswith("Fewer than 3 studies have the reference level dose[low] (1)")
    assert "studies: dose[mid]. " in between
    assert silent == "The evidence has no information about dose[high]: the posterior is the prior."
    assert "dose[high] (" in same


def test_a_quadrature_fit_has_no_coefficients(orr: bm.Arms) -> None:
    posterior = bm.fit(bm.load_model("pooled"), orr, method="quadrature")
    with pytest.raises(
        bm.SettingsError, match="`fit` must be a Fit, which has draws; got QuadratureFit"
    ):
        identifiability(posterior)  # type: ignore[arg-type]
    with pytest.raises(
        bm.SettingsError, match="`fit` must be a Fit, which has draws; got QuadratureFit"
    ):
        notes(posterior)  # type: ignore[arg-type]
