"""Shares of information by judgement, against brute force and the weights of metafor."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm

QUICK = bm.SamplerSettings(chains=2, warmup=300, draws=500)


def judged(overall: dict[str, str]) -> bm.RiskOfBias:
    frame = pd.DataFrame({"Study": list(overall)})
    domains = {f"D{k}": "Low" for k in range(1, 6)}
    return bm.read_risk_of_bias(
        frame.assign(**domains, Overall=list(overall.values())), tool="RoB 2"
    )


OVERALL = {"a": "High", "b": "Low", "c": "Low", "d": "Some concerns"}


def arms_of(**more: Any) -> bm.Arms:
    frame = pd.DataFrame(
        {
            "study": ["a", "a", "b", "c", "d", "e"],
            "arm": ["1", "2", "", "", "", ""],
            "events": [3, 7, 9, 14, 3, 20],
            "n": [10, 22, 22, 41, 15, 60],
        }
    )
    return bm.read_evidence(frame.assign(**more)).select()


def brute_force(fit: bm.Fit) -> dict[str, float]:
    """Shares by loops over draws and arms."""
    theta = fit.posterior["theta"].to_numpy().reshape(-1, len(fit.arms))
    rate = fit.spec.link.rate(theta).mean(axis=0)
    tau = fit.posterior["tau"].to_numpy().ravel() if "tau" in fit.posterior else np.zeros(1)
    found: dict[str, list[float]] = {}
    for value in tau:
        information: dict[str, float] = {}
        for study, n, p in zip(fit.arms.frame["study"], fit.arms.n, rate, strict=True):
            information[study] = information.get(study, 0) + n * p * (1 - p)
        weights = {study: own / (1 + value**2 * own) for study, own in information.items()}
        for label in {*OVERALL.values(), "no judgement"}:
            own = [w for s, w in weights.items() if OVERALL.get(s, "no judgement") == label]
            found.setdefault(label, []).append(sum(own) / sum(weights.values()))
    return {label: float(np.mean(shares)) for label, shares in found.items()}


@pytest.mark.parametrize("effects", [bm.NormalEffects(), bm.CommonEffect()])
@pytest.mark.parametrize(
    "covariates", [bm.Covariates(), bm.Covariates("regimen", {"regimen": "x"})]
)
def test_shares_are_those_of_brute_force(effects: Any, covariates: Any) -> None:
    arms = arms_of(regimen=["x", "y", "x", "y", "x", "y"])
    spec = bm.ModelSpec(study_effects=effects, covariates=covariates)
    fit = bm.fit(spec, arms, seed=1, settings=QUICK)
    found = bm.information_by_judgement(fit, judged(OVERALL))
    assert found["judgement"].tolist() == ["Low", "Some concerns", "High", "no judgement"]
    assert found["studies"].tolist() == [2, 1, 1, 1]
    assert found["patients"].tolist() == [63, 15, 32, 60]
    expected = brute_force(fit)
    assert found["information"].tolist() == pytest.approx(
        [expected[one] for one in found["judgement"]]
    )
    assert found["information"].sum() == pytest.approx(1)


def test_without_covariates_they_are_sums_of_weights() -> None:
    fit = bm.fit(bm.ModelSpec(), arms_of(), seed=1, settings=QUICK)
    found = bm.information_by_judgement(fit, judged(OVERALL)).set_index("judgement")["information"]
    weights = bm.shrinkage(fit)
    labels = weights["study"].map(OVERALL).fillna("no judgement")
    expected = weights.groupby(labels)["weight"].sum()
    assert found.to_dict() == pytest.approx(expected.to_dict())


def test_large_studies_weigh_as_in_metafor() -> None:
    """1 / (tau squared + 1 / events + 1 / nonevents), as of escalc "PLO" and rma with a known tau."""
    events, n = np.array([900, 1280, 580, 1600]), np.array([3000, 4000, 2000, 5000])
    arms = bm.read_evidence(
        pd.DataFrame({"study": list("abcd"), "events": events, "n": n})
    ).select()
    known = bm.NormalEffects(bm.Uniform(0.0499, 0.0501))
    fit = bm.fit(bm.ModelSpec(study_effects=known), arms, seed=1, settings=QUICK)
    found = bm.information_by_judgement(
        fit, judged({**dict.fromkeys("ab", "Low"), **dict.fromkeys("cd", "High")})
    )
    weight = 1 / (0.05**2 + 1 / events + 1 / (n - events))
    expected = [weight[:2].sum() / weight.sum(), weight[2:].sum() / weight.sum()]
    # Shrinkage moves the rates of such studies by less than 1%.
    assert found["information"].tolist() == pytest.approx(expected, abs=0.005)


def test_the_standard_error_is_that_of_seeds() -> None:
    """Over 30 seeds the ratio of errors lies between 0.4 and 1.9 in all but 1 of 1,000 samples."""
    judgements, arms = judged(OVERALL), arms_of()
    found = [
        bm.information_by_judgement(
            bm.fit(bm.ModelSpec(), arms, seed=seed, settings=QUICK), judgements
        ).iloc[2]
        for seed in range(30)
    ]
    spread = np.std([row["information"] for row in found], ddof=1)
    assert 0.4 < spread / np.mean([row["mcse_information"] for row in found]) < 1.9


def test_of_several_outcomes_each_has_its_studies() -> None:
    frame = pd.DataFrame({"study": list("abcd"), "n": [20, 15, 12, 9]})
    counts = {"ORR": [12, 9, 7, None], "CR": [5, None, 3, 2]}
    arms = bm.Arms(frame.assign(**counts), pd.DataFrame(), outcomes=("ORR", "CR"))
    fit = bm.fit(bm.ModelSpec(), arms, seed=1, settings=QUICK)
    for outcome, patients in {"ORR": [27, 20], "CR": [12, 9, 20]}.items():
        found = bm.information_by_judgement(fit, judged(OVERALL), outcome=outcome)
        assert found["patients"].tolist() == patients
        weights = bm.shrinkage(fit, outcome=outcome)
        expected = weights.groupby(weights["study"].map(OVERALL))["weight"].sum()
        assert found.set_index("judgement")["information"].to_dict() == pytest.approx(
            expected.to_dict()
        )
    with pytest.raises(bm.SettingsError, match="`outcome` must be"):
        bm.information_by_judgement(fit, judged(OVERALL))


def test_what_has_no_mean_or_no_draws_is_refused() -> None:
    arms, judgements = arms_of(), judged(OVERALL)
    apart = bm.fit(
        bm.ModelSpec(study_effects=bm.IndependentStudies()), arms, seed=1, settings=QUICK
    )
    with pytest.raises(bm.SettingsError, match="its studies are independent and have no mean"):
        bm.information_by_judgement(apart, judgements)
    exact = bm.fit(bm.ModelSpec(), arms, method="quadrature")
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit"):
        bm.information_by_judgement(exact, judgements)  # type: ignore[arg-type]
    fit = bm.fit(bm.ModelSpec(), arms, seed=1, settings=QUICK)
    with pytest.raises(bm.EvidenceError, match="name 'f', which is no study of the fit"):
        bm.information_by_judgement(fit, judged({"f": "Low"}))
