"""Notes on priors that disagree with the evidence, and the default priors on rare rates."""

from collections.abc import Callable

import pytest

import bayesmeta as bm
from bayesmeta.estimates.log_priors import SENSITIVE, tau_scaling

RARE = [(1, 200), (0, 150), (2, 310)]
NARROW = bm.NormalEffects(bm.HalfNormal(0.5))


@pytest.mark.parametrize(
    ("mu", "mean", "upper"),
    # The first and the last were computed apart from this package.
    [
        (bm.Normal(0, 1.5), 0.0108, 0.037),
        (bm.StudentT(3, 0, 1.5), 0.0063, 0.020),
        (bm.Normal(0, 5), 0.0054, 0.017),
    ],
    ids=repr,
)
def test_what_priors_of_mu_make_of_rare_events(
    mu: bm.Prior, mean: float, upper: float, make_arms: Callable[..., bm.Arms]
) -> None:
    spec = bm.ModelSpec(mu=mu, study_effects=NARROW)
    posterior = bm.fit(spec, make_arms(RARE), method="quadrature").posterior
    assert posterior.marginal("mean").mean == pytest.approx(mean, abs=5e-5)
    assert posterior.marginal("new_study").quantile(0.975) == pytest.approx(upper, abs=5e-4)


def test_very_rare_events_keep_their_rate(make_arms: Callable[..., bm.Arms]) -> None:
    """80 of 320,000 in four studies: 0.025%, of which Normal(0, 1.5) makes a mean of 0.6%."""
    arms = make_arms([(20, 80_000), (18, 80_000), (22, 80_000), (20, 80_000)])
    posterior = bm.fit(bm.ModelSpec(), arms, method="quadrature").posterior
    assert posterior.marginal("mean").mean == pytest.approx(0.00027, abs=2e-5)


def test_notes_tell_of_mu_and_of_rates(make_arms: Callable[..., bm.Arms]) -> None:
    settings = bm.SamplerSettings(chains=2, warmup=300, draws=300, target_accept=0.95)
    spec = bm.ModelSpec(mu=bm.Normal(2, 0.5))
    fit = bm.fit(spec, make_arms([(4, 40), (6, 50), (5, 45)] * 3), seed=1, settings=settings)
    assert any(
        "disagree about mu: " in note and "below a rate of 73%" in note for note in bm.notes(fit)
    )


def test_notes_of_nested_outcomes_tell_of_each(table: bm.EvidenceTable) -> None:
    arms = table.select(outcomes=["ORR", "CR_CRi", "CR"], venetoclax="yes")
    settings = bm.SamplerSettings(chains=2, warmup=300, draws=300)
    spec = bm.ModelSpec(
        mu={"CR": bm.Normal(-4, 0.3)}, study_effects=bm.NormalEffects(bm.HalfNormal(0.05))
    )
    told = " ".join(bm.notes(bm.fit(spec, arms, seed=1, settings=settings)))
    assert "disagree about tau of ORR" in told
    assert "disagree about mu of CR (its conditional probability)" in told
    assert "disagree about the typical rate of CR:" in told


@pytest.mark.slow
def test_tau_is_scaled_as_power_scaling_has_it(orr: bm.Arms) -> None:
    """The sensitivities of `power_scaling`, which arviz-stats computes; both say the same of tau."""
    settings = bm.SamplerSettings(chains=2, warmup=300, draws=1000)
    spec = bm.ModelSpec(study_effects=bm.NormalEffects(bm.HalfNormal(0.25)))
    fit = bm.fit(spec, orr, seed=1, settings=settings)
    theirs = bm.power_scaling(fit).set_index("quantity").loc["tau"]
    prior, likelihood = tau_scaling(fit)["tau"]
    assert min(prior, likelihood) > SENSITIVE
    assert prior == pytest.approx(theirs["prior"], rel=1e-2)
    assert likelihood == pytest.approx(theirs["likelihood"], rel=1e-2)
