"""Studies left out, against the deterministic posterior and against refits of a PyMC model."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.comparison.approximation import LARGEST_K
from bayesmeta.comparison.jobs import fit_without
from bayesmeta.comparison.plan import Plan
from bayesmeta.model import Design, make_design
from bayesmeta.report.comparison_text import comparison_blocks
from bayesmeta.report.document import lines_of

OUTCOMES = ("ORR", "CR_CRi", "CR")
Maker = Callable[..., bm.Arms]
QUICK = bm.SamplerSettings(warmup=300, draws=500, target_accept=0.95)
"""With fewer draws, or larger steps, fits of a few studies are done again with four times as many."""


def exact(spec: bm.ModelSpec, arms: bm.Arms) -> np.ndarray:
    """Return the log predictive density of each study, without Monte-Carlo error."""
    grid = bm.fit(spec, arms, method="quadrature")
    return np.asarray(grid.posterior.log_predictive_left_out())


@pytest.mark.slow
@pytest.mark.stored
@pytest.mark.parametrize("method", ["exact", "psis"])
@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("model", ["pooled", "common_effect"])
def test_scores_are_those_of_the_deterministic_posterior(
    table: bm.EvidenceTable, model: str, outcome: str, method: str
) -> None:
    arms = table.select(outcome=outcome, venetoclax="yes")
    spec = bm.load_model(model)
    # Over 20 seeds, the errors of the study that stands furthest off had a standard deviation of 0.02
    # with 3,000 draws a chain, and none was biased: twice as many keep them within the bound.
    settings = bm.SamplerSettings(draws=6000 if model == "pooled" else 3000)
    found = bm.leave_one_study_out(spec, arms, seed=1, method=method, settings=settings)
    error = found.studies["elpd"].to_numpy() - exact(spec, arms)
    assert found.studies["study"].tolist() == arms.studies.tolist()
    assert np.abs(error).max() < 0.05
    assert abs(error.sum()) < 0.1
    # Stated Monte-Carlo errors are honest. Weighted draws are one set for all studies, whose errors go
    # together: all may be small.
    rms = np.sqrt(np.mean((error / found.studies["mcse_elpd"]) ** 2))
    assert (0.5 if method == "exact" else 0.1) < rms < 1.8
    assert found.ok


HARD = {
    "none respond": [(0, 12), (0, 30), (0, 25), (0, 8)],
    "all respond": [(12, 12), (30, 30), (25, 25), (8, 8)],
    "two studies": [(4, 20), (15, 22)],
    "one far off": [(4, 20), (5, 22), (6, 31), (5, 25), (40, 42)],
    "one large": [(4, 20), (9, 22), (400, 1000), (5, 25)],
}


@pytest.mark.slow
@pytest.mark.stored
@pytest.mark.parametrize("method", ["exact", "psis"])
@pytest.mark.parametrize("case", HARD)
def test_hard_cases_are_right_too(make_arms: Maker, case: str, method: str) -> None:
    arms, spec = make_arms(HARD[case]), bm.ModelSpec("wide", study_effects=bm.NormalEffects())
    settings = replace(QUICK, draws=1000)
    found = bm.leave_one_study_out(spec, arms, seed=2, method=method, settings=settings)
    error = found.studies["elpd"].to_numpy() - exact(spec, arms)
    assert np.abs(error).max() < 0.05
    assert abs(error.sum()) < 0.1
    if method == "psis":
        refitted = found.studies["method"] != "weighted"
        assert refitted[found.studies["pareto_k"] > LARGEST_K].all()


@pytest.mark.slow
def test_a_study_that_weighting_cannot_leave_out_is_refitted(make_arms: Maker) -> None:
    arms = make_arms([(4, 20), (5, 22), (6, 31), (5, 25), (980, 1000)])
    spec = bm.ModelSpec("common", study_effects=bm.CommonEffect())
    few = bm.SamplerSettings(warmup=200, draws=250)
    found = bm.leave_one_study_out(spec, arms, seed=1, method="psis", settings=few)
    last = found.studies.iloc[-1]
    assert last["pareto_k"] > LARGEST_K
    # So far off that no draw without it comes near: only marginal likelihoods tell.
    assert last["method"] == "bridged"
    assert last["elpd"] == pytest.approx(exact(spec, arms)[-1], abs=0.05)
    assert last["study"] in found.fits["left_out"].tolist()


@pytest.mark.slow
@pytest.mark.stored
def test_a_model_with_a_covariate_is_as_a_pymc_model_fitted_without_each_study(
    make_arms: Maker,
) -> None:
    counts = [(4, 20), (9, 22), (14, 31), (5, 25), (21, 30), (11, 40)]
    age = [70.0, 66.0, 58.0, 72.0, 50.0, 61.0]
    arms = make_arms(counts, age=age)
    spec = bm.ModelSpec(
        "age",
        covariates=bm.Covariates("age", centre={"age": 60}),
        mu=bm.Normal(0, 1.5),
        beta=bm.Normal(0, 0.1),
        study_effects=bm.NormalEffects(bm.HalfNormal(0.5)),
    )
    settings = replace(QUICK, draws=3000)
    found = bm.leave_one_study_out(spec, arms, seed=1, settings=settings).studies["elpd"]
    # Those of the most and the least responders, and one between.
    some = [0, 2, 4]
    brute = [_by_pymc(counts, np.array(age) - 60, left_out) for left_out in some]
    # 12,000 draws each, and 50 study effects for each of them: both know it to about 0.015.
    assert found[some].to_numpy() == pytest.approx(np.array(brute), abs=0.06)


def _by_pymc(counts: list[tuple[int, int]], age: np.ndarray, left_out: int) -> float:
    """Return the log predictive density of a study from a PyMC model that never saw it."""
    import pymc as pm
    from scipy.stats import binom

    events, n = np.array(counts).T
    rest = np.arange(len(events)) != left_out
    with pm.Model():
        mu = pm.Normal("mu", 0, 1.5)
        beta = pm.Normal("beta", 0, 0.1)
        tau = pm.HalfNormal("tau", 0.5)
        z = pm.Normal("z", 0, 1, shape=int(rest.sum()))
        pm.Binomial("y", n=n[rest], logit_p=mu + beta * age[rest] + tau * z, observed=events[rest])
        draws = pm.sample(
            draws=3000,
            tune=1000,
            chains=4,
            target_accept=0.95,
            random_seed=left_out,
            progressbar=False,
            nuts_sampler="nutpie",
        )
    one = {name: draws.posterior[name].to_numpy().ravel() for name in ("mu", "beta", "tau")}
    u = one["tau"] * np.random.default_rng(left_out).standard_normal((50, one["mu"].size))
    rate = 1 / (1 + np.exp(-(one["mu"] + one["beta"] * age[left_out] + u)))
    return float(np.log(binom.pmf(events[left_out], n[left_out], rate).mean()))


def test_a_coefficient_that_only_one_study_informs_has_its_prior_without_it(
    make_arms: Maker,
) -> None:
    arms = make_arms([(4, 20), (9, 22), (14, 31), (5, 25)], regimen=["a", "a", "a", "b"])
    covariates = bm.Covariates("regimen", {"regimen": "a"})
    spec = bm.ModelSpec("regimen", covariates=covariates, beta=bm.Normal(0, 0.001))
    found = bm.leave_one_study_out(spec, arms, seed=1, factor="regimen", settings=QUICK)
    without = found.influence[found.influence["left_out"] == arms.studies[3]]
    odds = without.set_index("quantity").loc["regimen: b / a"]
    assert odds["estimate"] == pytest.approx(1, abs=0.001)
    # With no room for the coefficient, the last study is predicted as by the model without it.
    alone = bm.ModelSpec("pooled")
    assert found.studies["elpd"].iloc[3] == pytest.approx(exact(alone, arms)[3], abs=0.05)


def test_influence_is_the_change_from_the_whole_evidence(make_arms: Maker) -> None:
    arms = make_arms([(4, 20), (5, 22), (6, 31), (25, 25)])
    found = bm.leave_one_study_out(bm.ModelSpec("pooled"), arms, seed=1, settings=QUICK)
    table = found.influence.pivot_table(index="left_out", columns="quantity", values="estimate")
    change = found.influence.pivot_table(index="left_out", columns="quantity", values="change")
    pd.testing.assert_frame_equal(table - table.loc[""], change)
    assert set(table) == {"typical rate", "mean rate", "new study", "tau"}
    last = arms.studies[-1]
    assert change.loc[last, "typical rate"] == change["typical rate"].min() < -0.1
    assert change.loc[last, "tau"] < -0.3
    forest = found.influence_on("tau")
    assert forest["study"].iloc[[0, -1]].tolist() == [last, ""]
    assert forest["label"].iloc[-1] == "All studies"
    with pytest.raises(bm.SettingsError, match=r"'taus', which was not asked.*Did you mean 'tau'"):
        found.influence_on("taus")


def test_the_fit_of_the_whole_evidence_is_that_of_fit(make_arms: Maker) -> None:
    arms = make_arms([(4, 20), (5, 22), (6, 31)])
    spec = bm.ModelSpec("pooled")
    found = bm.leave_one_study_out(spec, arms, seed=4, settings=QUICK).influence
    fit = bm.fit(spec, arms, seed=4, settings=QUICK)
    row = bm.summary(fit).set_index("quantity").loc["typical rate"]
    whole = found[found["left_out"] == ""].set_index("quantity").loc["typical rate"]
    assert (
        whole[["estimate", "lower", "upper"]].tolist() == row[["median", "lower", "upper"]].tolist()
    )


def test_missing_numbers_of_a_study_left_out_are_predicted_too(make_arms: Maker) -> None:
    counts = [(4, 20), (9, 22), (14, 31), (5, 25), (8, 30), (7, 19)]
    arms = make_arms(counts, age=[70.0, 66.0, np.nan, 72.0, 55.0, np.nan])
    covariates = bm.Covariates("age", impute=["age"])
    spec = bm.ModelSpec("age", covariates=covariates, beta=bm.Normal(0, 1e-6))
    found = bm.leave_one_study_out(spec, arms, seed=1, settings=QUICK)
    # A coefficient of nothing: the model without it.
    expected = exact(bm.ModelSpec("pooled"), arms)
    assert found.studies["elpd"].to_numpy() == pytest.approx(expected, abs=0.05)
    assert found.arms["crps"].notna().all()


def test_studies_without_patients_are_not_left_out(make_arms: Maker) -> None:
    arms = make_arms([(4, 20), (0, 0), (6, 31)])
    for method in ("exact", "psis"):
        found = bm.leave_one_study_out(bm.ModelSpec(), arms, seed=1, method=method, settings=QUICK)
        assert found.studies["study"].tolist() == [arms.studies[0], arms.studies[2]]


def test_a_fit_that_fails_is_recorded_and_the_others_go_on(
    make_arms: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesmeta.inference import refits

    arms = make_arms([(4, 20), (5, 22), (6, 31)])
    whole = refits.sampled

    def failing(design: object, *arguments: object, **options: object) -> object:
        if str(arms.studies[1]) not in design.arms.studies:  # type: ignore[attr-defined]
            raise bm.SamplingError("The sampler stopped: for a test. Seed 1 reproduces it.")
        return whole(design, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(refits, "sampled", failing)
    found = bm.leave_one_study_out(bm.ModelSpec(), arms, seed=1, settings=QUICK)
    assert found.fits["state"].tolist() == ["done", "done", "failed", "done"]
    assert "SamplingError: The sampler stopped" in found.fits["error"][2]
    assert found.studies["elpd"].isna().tolist() == [False, True, False]
    assert not found.complete
    assert not found.ok
    assert "1 fit failed" in repr(found)


def test_without_pooling_weighting_changes_nothing(make_arms: Maker) -> None:
    arms = make_arms([(4, 20), (5, 22), (16, 31)])
    spec = bm.ModelSpec("independent", study_effects=bm.IndependentStudies())
    found = bm.leave_one_study_out(spec, arms, seed=1, method="psis", settings=QUICK)
    # Each study is predicted by the prior of mu, whatever the others say.
    alone = [
        bm.fit(
            bm.ModelSpec("c", study_effects=bm.CommonEffect()),
            make_arms([pair]),
            method="quadrature",
        )
        for pair in [(4, 20), (5, 22), (16, 31)]
    ]
    expected = [one.log_marginal_likelihood for one in alone]
    assert found.studies["elpd"].to_numpy() == pytest.approx(expected, abs=1e-6)
    assert (found.studies["method"] == "weighted").all()


def test_where_the_whole_evidence_cannot_be_fitted_nothing_is_ranked(
    make_arms: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesmeta.inference import refits

    def failing(*_: object, **__: object) -> None:
        raise bm.SamplingError("The sampler stopped: for a test.")

    monkeypatch.setattr(refits, "sampled", failing)
    arms = make_arms([(4, 20), (5, 22)])
    with pytest.raises(
        bm.SamplingError, match="fit of the whole evidence failed: The sampler stop"
    ):
        bm.leave_one_study_out(bm.ModelSpec(), arms, seed=1, method="psis")
    for method in ("psis", "exact"):
        found = bm.compare([bm.ModelSpec()], arms, seed=1, method=method)  # type: ignore[arg-type]
        assert found.table["model"].tolist() == ["pooled"]
        assert found.table["failed"].tolist() == [1 if method == "psis" else 3]
        assert not found.ok
        assert "fits.csv" in found.files()
        assert lines_of(comparison_blocks(found, 0.95))[0].startswith("NOT RELIABLE: fits failed")
        assert "none ranked" in repr(found)


def test_every_fit_has_random_numbers_of_its_own(
    make_arms: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesmeta.inference import refits

    used, whole = set(), refits.sampled

    def recorded(design: Design, *arguments: object, **options: object) -> object:
        used.add((options["stream"][:2], tuple(design.arms.studies)))  # type: ignore[index]
        return whole(design, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(refits, "sampled", recorded)
    arms = make_arms([(4, 20), (5, 22), (16, 31)])
    bm.leave_one_study_out(bm.ModelSpec(), arms, seed=1, settings=QUICK)
    assert len(used) == len({stream for stream, _ in used}) == 4


@pytest.mark.slow
def test_results_do_not_depend_on_the_order_of_studies(make_arms: Maker) -> None:
    counts = [(4, 20), (5, 22), (16, 31)]
    arms = make_arms(counts)
    turned = bm.Arms(arms.frame.iloc[::-1], arms.excluded)
    one, other = (bm.leave_one_study_out(bm.ModelSpec(), a, seed=1) for a in (arms, turned))
    merged = one.studies.merge(other.studies, on="study")
    # The same streams, but sums in another order, after which chains go other ways.
    error = np.hypot(merged["mcse_elpd_x"], merged["mcse_elpd_y"])
    assert (np.abs(merged["elpd_x"] - merged["elpd_y"]) < 4 * error).all()
    assert error.max() < 0.04
    pits = one.arms.merge(other.arms, on="arm")
    assert np.abs(pits["pit_x"] - pits["pit_y"]).max() < 0.02


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"seed": -1}, bm.SettingsError, "`seed` must be a whole number of at least 0; got -1"),
        ({"method": "loo"}, bm.SettingsError, "`method` must be 'exact' or 'psis'; got 'loo'"),
        ({"ci_prob": 2}, bm.SettingsError, "`ci_prob` must lie between 0 and 1"),
        ({"workers": 0}, bm.SettingsError, "`workers` must be a whole number of at least 1; got 0"),
        (
            {"profile": {"age": 60}},
            bm.ProfileError,
            "`profile` names 'age', which is not a covariate",
        ),
        ({"factor": "regimen"}, bm.SettingsError, "No model has factors: leave it out"),
        ({"executor": 3}, bm.SettingsError, "`executor` must have `submit`"),
        ({"settings": 5}, bm.SettingsError, "`settings` must be SamplerSettings; got int"),
        ({"factor": ["regimen"]}, bm.SettingsError, "`factor` must be a name"),
    ],
)
def test_what_is_refused(
    make_arms: Maker, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    arms = make_arms([(4, 20), (5, 22)])
    with pytest.raises(error, match=message):
        bm.leave_one_study_out(bm.ModelSpec(), arms, **({"seed": 1} | arguments))  # type: ignore[arg-type]


def test_one_study_alone_cannot_be_left_out(make_arms: Maker) -> None:
    with pytest.raises(bm.EvidenceError, match="two studies with patients or more; got 1"):
        bm.leave_one_study_out(bm.ModelSpec(), make_arms([(4, 20), (0, 0)]), seed=1)


def test_only_models_that_can_be_fitted_again_are_taken(make_arms: Maker) -> None:
    arms = make_arms([(4, 20), (5, 22)])
    with pytest.raises(bm.SpecError, match="`spec` must be a ModelSpec; got str"):
        bm.leave_one_study_out("pooled", arms, seed=1)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def lacking(make_arms: Maker) -> Design:
    """One study alone lacks its age; it and another lack a share."""
    counts = [(4, 20), (9, 22), (14, 31), (5, 25), (8, 30), (7, 19)]
    arms = make_arms(
        counts,
        age=[70.0, 66.0, np.nan, 72.0, 55.0, 61.0],
        share=[0.2, 0.5, 0.1, np.nan, 0.4, np.nan],
    )
    covariates = bm.Covariates("age + share", impute=["age", "share"])
    return make_design(bm.ModelSpec("both", covariates=covariates, beta=bm.Normal(0, 0.1)), arms)


def assert_the_same_probability(score: dict[str, float], row: dict[str, float]) -> None:
    # Of one arm, its score is the probability of its count in its own predictive distribution.
    probability = row["at_most"] + row["at_least"] - 1
    assert np.log(probability) == pytest.approx(score["elpd"], abs=0.05)


@pytest.mark.parametrize("place", [2, 3])
def test_a_study_that_lacks_a_value_is_predicted_from_the_values_of_the_others(
    lacking: Design, place: int
) -> None:
    plan = Plan(seed=1, settings=replace(QUICK, arm_draws=False), question=bm.Question())
    found = fit_without(lacking, str(lacking.arms.studies[place]), plan)
    assert found["fit"]["ok"]
    assert_the_same_probability(found["study"], found["arms"][0])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["exact", "psis"])
def test_so_are_all_studies_of_evidence_that_lacks_values(lacking: Design, method: str) -> None:
    found = bm.leave_one_study_out(
        lacking.spec,
        lacking.arms,
        seed=1,
        method=method,  # type: ignore[arg-type]
        settings=QUICK,
    )
    for score, row in zip(
        found.studies.to_dict("records"), found.arms.to_dict("records"), strict=True
    ):
        assert_the_same_probability(score, row)
