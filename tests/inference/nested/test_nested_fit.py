"""Fits of nested outcomes as a whole: draws, arguments, bytes, and runs on disk."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm

OUTCOMES = ("ORR", "CR_CRi", "CR")
SPEC = bm.ModelSpec(covariates=bm.Covariates("regimen", {"regimen": "a"}))


@pytest.fixture(scope="module")
def arms() -> bm.Arms:
    frame = pd.DataFrame(
        {
            "study": ["s1", "s1", "s2", "s3", "naïve, — 试验"],
            "arm": ["x", "y", "", "", ""],
            "n": [20, 15, 12, 9, 30],
            "ORR": [12, None, 7, None, 20],
            "CR_CRi": [8, 9, None, None, 10],
            "CR": [5, None, 3, 2, 4],
            "regimen": ["a", "b", "a", "b", "a"],
        }
    ).astype(dict.fromkeys(OUTCOMES, "Int64"))
    rows = frame.melt(["study", "arm", "n", "regimen"], OUTCOMES, "outcome", "events").dropna()
    return bm.read_evidence(rows).select(outcomes=OUTCOMES)


@pytest.fixture(scope="module")
def fit(arms: bm.Arms, quick: bm.SamplerSettings) -> bm.Fit:
    return bm.fit(SPEC, arms, seed=1, settings=quick)


@pytest.mark.slow
def test_the_draws_have_every_group_with_their_dims(fit: bm.Fit) -> None:
    posterior = fit.posterior
    assert dict(posterior.sizes) == {
        "chain": 4,
        "draw": 500,
        "outcome": 3,
        "covariate": 1,
        "pair": 3,
        "study": 4,
        "arm": 5,
    }
    assert list(posterior["outcome"].to_numpy()) == list(OUTCOMES) == list(fit.outcomes)
    assert list(posterior["pair"].to_numpy()) == ["ORR, CR_CRi", "ORR, CR", "CR_CRi, CR"]
    assert posterior["correlation"].dims == ("chain", "draw", "pair")
    likelihood = fit.draws["log_likelihood"]["reported"]
    assert list(likelihood["count"].to_numpy()[:3]) == ["s1/x/ORR", "s1/x/CR_CRi", "s1/x/CR"]
    # A probability of 1 may end a rounding above it.
    assert (likelihood.to_numpy() <= 1e-9).all()
    for group in ("posterior_predictive", "prior_predictive"):
        events = fit.draws[group]["events"].to_numpy()
        assert (np.diff(events, axis=-1) <= 0).all()
        assert (events <= fit.arms.n[:, None]).all()
    observed = fit.draws["observed_data"]["events"].to_numpy()
    assert np.array_equal(observed, fit.arms.counts, equal_nan=True)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_draws_on_any_number_of_cores(
    fit: bm.Fit, arms: bm.Arms
) -> None:
    settings = bm.SamplerSettings(chains=4, warmup=300, draws=500, cores=1)
    again = bm.fit(SPEC, arms, seed=1, settings=settings)
    assert again.draws["posterior"].identical(fit.draws["posterior"])
    assert again.draws["posterior_predictive"].identical(fit.draws["posterior_predictive"])
    other = bm.fit(SPEC, arms, seed=2, settings=settings)
    assert not other.draws["posterior"].equals(fit.draws["posterior"])


@pytest.mark.slow
def test_saving_and_loading_is_identity(fit: bm.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "run")
    loaded = bm.load_fit(tmp_path / "run")
    assert loaded.draws.identical(fit.draws)
    pd.testing.assert_frame_equal(loaded.arms.frame, fit.arms.frame)
    pd.testing.assert_frame_equal(loaded.arms.excluded, fit.arms.excluded)
    assert loaded.arms.selection == fit.arms.selection
    assert (loaded.spec, loaded.settings, loaded.provenance) == (
        fit.spec,
        fit.settings,
        fit.provenance,
    )
    assert loaded.outcomes == OUTCOMES
    assert loaded.arms.hash == fit.arms.hash


@pytest.mark.slow
def test_what_was_left_out_is_saved_as_it_was(
    table: bm.EvidenceTable, quick: bm.SamplerSettings, tmp_path: Path
) -> None:
    arms = table.select(outcomes=OUTCOMES, venetoclax="yes")
    fit = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=quick)
    fit.save(tmp_path / "run")
    loaded = bm.load_fit(tmp_path / "run")
    assert loaded.draws.identical(fit.draws)
    pd.testing.assert_frame_equal(loaded.arms.frame, arms.frame)
    pd.testing.assert_frame_equal(loaded.arms.excluded, arms.excluded)


@pytest.mark.slow
def test_draws_of_parameters_alone(fit: bm.Fit, arms: bm.Arms) -> None:
    settings = bm.SamplerSettings(chains=4, warmup=300, draws=500, arm_draws=False)
    found = bm.fit(SPEC, arms, seed=1, settings=settings)
    for name in ("mu", "beta", "tau", "correlation"):
        np.testing.assert_allclose(found.posterior[name], fit.posterior[name], rtol=1e-12)
    assert "u" not in found.posterior
    assert "theta" not in found.posterior
    assert bm.diagnose(found).unchecked == ("u",)


@pytest.mark.slow
def test_a_refit_is_of_all_outcomes(fit: bm.Fit, arms: bm.Arms) -> None:
    again = bm.refit(fit, stream=0, settings=bm.SamplerSettings(chains=2, warmup=200, draws=100))
    assert again.outcomes == OUTCOMES
    assert again.provenance.stream == (0,)
    without = bm.refit(fit, stream=1, arms=arms.drop(arms.studies[arms.study_index] == "s2", "out"))
    assert without.posterior.sizes["study"] == 3


@pytest.mark.slow
def test_a_damaged_run_is_refused(fit: bm.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "run")
    with (tmp_path / "run" / "arms.csv").open("a") as file:
        file.write("\n")
    with pytest.raises(bm.RunError, match=r"arms\.csv has changed since it was written"):
        bm.load_fit(tmp_path / "run")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"method": "quadrature"},
            r"method='quadrature' is not available for several outcomes \(ORR, CR_CRi, CR\)",
        ),
        ({"engine": "pymc"}, "engine='pymc' is not available for several outcomes"),
        ({"store": "draws.zarr"}, r"`store`='draws\.zarr': draws are no longer written to disk"),
        ({"settings": 3}, "`settings` must be SamplerSettings; got int"),
        ({"seed": None}, "`seed` must be a whole number of at least 0; got None"),
        ({"seed": -1}, "`seed` must be a whole number of at least 0; got -1"),
        ({"arms": None}, "`arms` must be Arms; got NoneType"),
    ],
    ids=str,
)
def test_arguments_that_make_no_sense(
    arms: bm.Arms, change: dict[str, object], message: str
) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.fit(**({"spec": SPEC, "arms": arms, "seed": 1} | change))  # type: ignore[call-overload]


@pytest.mark.parametrize("formula", ["ORR", "regimen + CR"])
def test_a_response_is_no_covariate(arms: bm.Arms, formula: str) -> None:
    with pytest.raises(bm.SpecError, match=r"`formula` names '(ORR|CR)', which is an outcome"):
        bm.fit(bm.ModelSpec(covariates=formula), arms, seed=1)
