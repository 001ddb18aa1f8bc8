"""Diagnosis: bad draws of every kind are flagged, good ones are not."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmeta as bm


def changed(fit: bm.Fit, **groups: xr.Dataset) -> bm.Fit:
    """Return the fit with other posterior or sample_stats groups."""
    contents = {f"/{name}": fit.draws[name].to_dataset() for name in fit.draws.children}
    contents |= {f"/{name}": group for name, group in groups.items()}
    return replace(fit, draws=xr.DataTree.from_dict(contents))


def kinds(fit: bm.Fit) -> set[str]:
    return {problem.kind for problem in bm.diagnose(fit).problems}


def test_a_good_fit_is_ok(regimen_fit: bm.Fit) -> None:
    found = bm.diagnose(regimen_fit)
    assert found.ok
    assert found.problems == ()
    found.raise_for_problems()
    assert repr(found).startswith("Diagnostics(ok; largest R-hat 1.00")
    assert len(found.table) == 1 + 7 + 1 + 27
    assert found.table.loc["beta[regimen_class[ven_ldac]]", "ess_bulk"] > 1000


def test_a_stuck_chain_is_flagged(regimen_fit: bm.Fit) -> None:
    posterior = regimen_fit.posterior.copy(deep=True)
    for variable in posterior.data_vars.values():
        variable[{"chain": 2}] = variable.isel(chain=2, draw=0)
    assert {"stuck", "r_hat"} <= kinds(changed(regimen_fit, posterior=posterior))


def test_chains_that_disagree_are_flagged(regimen_fit: bm.Fit) -> None:
    posterior = regimen_fit.posterior.copy(deep=True)
    posterior["tau"][{"chain": 0}] += 1
    found = bm.diagnose(changed(regimen_fit, posterior=posterior))
    assert next(problem.kind for problem in found.problems if "tau" in problem.message) == "r_hat"
    with pytest.raises(bm.DiagnosticsError, match=r"should not be used. R-hat exceeds 1.01"):
        found.raise_for_problems()


def test_few_draws_are_flagged(orr: bm.Arms) -> None:
    fit = bm.fit(bm.load_model("pooled"), orr, seed=1, settings=bm.SamplerSettings(draws=50))
    assert "ess" in kinds(fit)


@pytest.mark.parametrize("draws", [1, 3, 5])
def test_hardly_any_draws_are_flagged_and_not_an_error(orr: bm.Arms, draws: int) -> None:
    fit = bm.fit(bm.load_model("pooled"), orr, seed=1, settings=bm.SamplerSettings(draws=draws))
    assert {"ess", "r_hat"} <= kinds(fit)


def test_one_chain_is_flagged(orr: bm.Arms) -> None:
    fit = bm.fit(bm.load_model("pooled"), orr, seed=1, settings=bm.SamplerSettings(chains=1))
    assert "chains" in kinds(fit)
    # R-hat of one chain is never known: that is no sign that chains disagree.
    assert "r_hat" not in kinds(fit)


@pytest.mark.parametrize(
    ("statistic", "value", "kind"),
    [("diverging", True, "divergences"), ("reached_max_treedepth", True, "tree_depth")],
)
def test_the_samplers_own_signs_are_flagged(
    regimen_fit: bm.Fit, statistic: str, value: object, kind: str
) -> None:
    statistics = regimen_fit.draws["sample_stats"].to_dataset().copy(deep=True)
    statistics[statistic][0, 0] = value
    if statistic == "diverging":
        statistics[statistic][0, :20] = value
    assert kinds(changed(regimen_fit, sample_stats=statistics)) == {kind}


def test_a_low_energy_fraction_is_flagged(regimen_fit: bm.Fit) -> None:
    statistics = regimen_fit.draws["sample_stats"].to_dataset().copy(deep=True)
    walk = np.cumsum(np.random.default_rng(1).normal(size=statistics["energy"].shape), axis=1)
    statistics["energy"][:] = walk
    assert kinds(changed(regimen_fit, sample_stats=statistics)) == {"e_bfmi"}


@pytest.mark.slow
def test_a_centred_funnel_is_flagged(pooled_fit: bm.Fit) -> None:
    """Neal's funnel as it stands, which no step size suits: u centred on tau, without data."""
    import nutpie
    import pymc as pm

    with pm.Model() as model:
        log_tau = pm.Normal("log_tau", 0, 3)
        pm.Deterministic("tau", pm.math.exp(log_tau))
        pm.Normal("u", 0, pm.math.exp(log_tau), shape=9)
        pm.Normal("mu", 0, 1)
    tree = nutpie.sample(
        nutpie.compile_pymc_model(model), seed=1, progress_bar=False, draws=1000, chains=4
    )
    statistics = tree.sample_stats.to_dataset().rename(
        {"maxdepth_reached": "reached_max_treedepth"}
    )
    posterior = tree.posterior.to_dataset()[["mu", "tau", "u"]].rename({"u_dim_0": "study"})
    found = kinds(changed(pooled_fit, posterior=posterior, sample_stats=statistics))
    assert found & {"divergences", "ess", "r_hat", "e_bfmi"}


@pytest.mark.slow
@pytest.mark.stored
@pytest.mark.filterwarnings("ignore::bayesmeta.EvidenceWarning", "ignore::bayesmeta.ModelWarning")
def test_good_fits_are_hardly_ever_flagged(table: bm.EvidenceTable) -> None:
    """On the bundled evidence at defaults, in 200 seeds over models and outcomes.

    No divergence; every ESS at least 1,000; at most 4 fits flagged: the gate's own false alarms.
    """
    flagged, divergences, smallest = [], 0, np.inf
    pairs = list(product(("pooled", "regimen", "regimen_setting"), ("ORR", "CR_CRi", "CR")))
    for seed in range(200):
        model, outcome = pairs[seed % len(pairs)]
        arms = table.select(outcome=outcome, venetoclax="yes")
        found = bm.diagnose(bm.fit(bm.load_model(model), arms, seed=1000 + seed))
        flagged += [str(problem) for problem in found.problems]
        divergences += found.divergences
        smallest = min(smallest, found.table[["ess_bulk", "ess_tail"]].min(axis=None))
    assert divergences == 0
    assert smallest >= 1000
    assert len(flagged) <= 4, flagged


def test_a_few_divergences_are_a_warning(regimen_fit: bm.Fit) -> None:
    statistics = regimen_fit.draws["sample_stats"].to_dataset().copy(deep=True)
    statistics["diverging"][0, :3] = True
    found = bm.diagnose(changed(regimen_fit, sample_stats=statistics))
    assert (found.level, found.ok, found.problems) == ("warning", True, ())
    assert "3 of 12,000 transitions diverged" in str(found.warnings[0])
    assert repr(found).startswith("Diagnostics(ok with a warning: 3 of 12,000")


@pytest.mark.slow
@pytest.mark.parametrize(
    "counts",
    [
        [(0, 1000), (0, 500), (1, 2000)],
        [(0, 200), (3, 150), (0, 90), (1, 410)],
        [(0, 12), (0, 20), (0, 31)],
    ],
)
def test_rare_events_are_reliable(counts: list[tuple[int, int]]) -> None:
    rows = [{"study": f"s{i}", "arm": "a", "events": r, "n": n} for i, (r, n) in enumerate(counts)]
    arms = bm.read_evidence(pd.DataFrame(rows)).select()
    for tau in (bm.HalfNormal(0.5), bm.HalfNormal(1)):
        spec = bm.ModelSpec(study_effects=bm.NormalEffects(tau=tau))
        found = bm.diagnose(bm.fit(spec, arms, seed=2))
        assert (found.level, found.divergences) == ("ok", 0)


def test_limits_that_are_not_precise_are_drawn_longer() -> None:
    rows = [{"study": "s", "arm": "a", "events": 10, "n": 40}]
    arms = bm.read_evidence(pd.DataFrame(rows)).select()
    fit = bm.fit(bm.ModelSpec(), arms, seed=1)
    found = bm.diagnose(fit)
    assert fit.settings.draws > bm.SamplerSettings().draws
    assert "sampled again" in found.repeats[-1]
    assert found.limits < 0.07
    # What was asked for stays.
    few = bm.fit(bm.ModelSpec(), arms, seed=1, settings=bm.SamplerSettings(draws=2000))
    assert few.posterior.sizes["draw"] == 2000
