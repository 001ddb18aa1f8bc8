"""Which answers which kind of fit gives: the table of the README, each cell tried."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest

import bayesmeta as bm

KINDS = ("one outcome", "several outcomes", "survival", "quadrature", "PyMC model")

REASONS = {
    "a": "which has draws|must be a Fit; got|predicts a new study only|of a ModelSpec; got QuadratureFit",
    "b": "is of a PyMC model|must be a ModelSpec|must hold ModelSpec|of a ModelSpec; got Fit|without factors",
    "c": "is not available for several outcomes",
    "e": "not available for survival|has no curves|read_evidence",
}
"""What a refusal says, by the letter of its reason in the table."""


REGIMENS = bm.ModelSpec(covariates=bm.Covariates("regimen", {"regimen": "a"}))


class Case:
    """A fit with what it was made of."""

    def __init__(self, fit: Any, spec: Any, arms: bm.Arms) -> None:
        self.fit, self.spec, self.arms = fit, spec, arms
        self.one = {"outcome": "CR"} if len(arms.outcomes) > 1 else {}
        self.when = {"time": 12} if isinstance(arms, bm.SurvivalArms) else {}
        self.at = (
            {"profile": {"regimen": "a"}}
            if getattr(spec, "covariates", None) == REGIMENS.covariates
            else {}
        )


def scored(case: Case, **options: Any) -> object:
    return bm.leave_one_study_out(case.spec, case.arms, seed=1, **options)


def compared(case: Case) -> object:
    return bm.compare([case.spec, bm.load_model("common_effect")], case.arms, seed=1)


def validated(case: Case) -> object:
    early, late = (bm.matching(case.arms, f"year {when} 2019") for when in ("<", ">="))
    return bm.validate(case.spec, train=early, test=late, seed=1)


def newer(arms: bm.Arms) -> bm.EvidenceTable | bm.SurvivalTable:
    """The table that arms are of, without its first study."""
    if isinstance(arms, bm.SurvivalArms):
        rows = arms.reports[arms.reports["study"] != "s0"].drop(columns="reached")
        return bm.read_survival(rows, time_unit="months")
    frame = evidence().frame
    return bm.read_evidence(frame[frame["study"] != "s0"])


def verified(case: Case) -> object:
    plain = case.spec == REGIMENS and len(case.arms.outcomes) == 1
    return bm.verify(bm.fit(bm.ModelSpec(), case.arms, seed=1) if plain else case.fit)


def stars(arms: bm.Arms) -> bm.RiskOfBias:
    frame = pd.DataFrame({"Study": arms.studies}).assign(D1="4", D2="2", D3="3", Overall="9")
    return bm.read_risk_of_bias(frame, tool="NOS")


def judged(arms: bm.Arms) -> bm.RiskOfBias:
    frame = pd.DataFrame({"Study": arms.studies}).assign(**{f"D{k}": "Low" for k in range(1, 6)})
    overall = ["High", "High", *["Low"] * (len(arms.studies) - 2)]
    return bm.read_risk_of_bias(frame.assign(Overall=overall), tool="RoB 2")


def drawn(name: str) -> Callable[[Case], object]:
    return lambda case: getattr(bm.plots, name)(case.fit, **case.one)


ANSWERS: Mapping[str, Callable[[Case], object]] = {
    "summary": lambda case: bm.summary(case.fit),
    "predict": lambda case: bm.predict(case.fit, n=40, seed=1, **case.when),
    "predict(study=)": lambda case: bm.predict(
        case.fit, n=40, study="s1", seed=1, **case.one, **case.at, **case.when
    ),
    "diagnose": lambda case: bm.diagnose(case.fit),
    "shrinkage": lambda case: bm.shrinkage(case.fit, **case.one),
    "contrast": lambda case: bm.contrast(case.fit, **case.one),
    "identifiability": lambda case: bm.identifiability(case.fit),
    "notes": lambda case: bm.notes(case.fit),
    "verify": verified,
    "refit": lambda case: bm.refit(case.fit, stream=1),
    "prior_sensitivity": lambda case: bm.prior_sensitivity(case.fit, **case.one),
    "power_scaling": lambda case: bm.power_scaling(case.fit, **case.one),
    "sensitivity": lambda case: bm.sensitivity(case.fit, **case.one),
    "prior_grid": lambda case: bm.prior_grid(case.fit),
    "tipping_point": lambda case: bm.tipping_point(
        case.fit, certainty=0.6, rate_above=0.3, **case.one
    ),
    "selection": lambda case: bm.selection(case.fit, smallest=0.5, rho=0.9),
    "bias_adjusted": lambda case: bm.bias_adjusted(case.fit, bias={"s1": (0.2, 0.3)}),
    "bias_sensitivity": lambda case: bm.bias_sensitivity(
        case.fit, judged(case.arms), weights={"High": 0.5}
    ),
    "unreported": lambda case: bm.unreported(case.fit, studies=2),
    "certainty": lambda case: bm.certainty(case.fit, bands=[(0, 0.3), (0.3, 1)]),
    "information_by_judgement": lambda case: bm.information_by_judgement(
        case.fit, stars(case.arms), **case.one
    ),
    "cumulative": lambda case: bm.cumulative(case.fit, seed=1),
    "posterior_predictive_check": lambda case: bm.posterior_predictive_check(case.fit, seed=1),
    "log_likelihood_by_study": lambda case: bm.log_likelihood_by_study(case.fit),
    "log_marginal_likelihood": lambda case: bm.log_marginal_likelihood(case.fit, seed=1),
    "update": lambda case: bm.update(case.fit, newer(case.arms)),
    "map_prior": lambda case: bm.map_prior(case.fit, **case.one),
    "leave_one_study_out": scored,
    'leave_one_study_out(method="psis")': lambda case: scored(case, method="psis"),
    "compare": compared,
    "validate": validated,
    "plots.forest": drawn("forest"),
    "plots.funnel": drawn("funnel"),
    "plots.heterogeneity": drawn("heterogeneity"),
    "plots.prior_posterior": drawn("prior_posterior"),
    "plots.trace": drawn("trace"),
    "plots.subgroups": drawn("subgroups"),
}


def cells() -> dict[str, list[str]]:
    """Return the table of the README: the answer of each kind of fit, by name."""
    text = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+`) \| (.+) \| (.+) \| (.+) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    return {
        name: found
        for names, *found in rows
        for name in re.findall(r"`([^`]+)`", names)
        if name in ANSWERS
    }


CELLS = cells()


def evidence() -> bm.EvidenceTable:
    """Eight studies of two regimens, with counts of CR within ORR."""
    rng, rows = np.random.default_rng(1), []
    for i in range(8):
        for regimen in ("a", "b"):
            n = int(rng.integers(20, 40))
            orr = int(rng.binomial(n, 0.5))
            counts = {"ORR": orr, "CR": int(rng.binomial(orr, 0.6))}
            of_arm = {
                "study": f"s{i}",
                "arm": regimen,
                "regimen": regimen,
                "year": 2015 + i,
                "n": n,
            }
            rows += [of_arm | {"outcome": name, "events": k} for name, k in counts.items()]
    return bm.read_evidence(pd.DataFrame(rows))


def survival() -> bm.SurvivalArms:
    """Medians of the same studies and regimens."""
    rows = [
        {
            "study": f"s{i}",
            "arm": regimen,
            "regimen": regimen,
            "year": 2015 + i,
            "n": 30,
            "median": months,
            "median_low": 0.6 * months,
            "median_high": 1.5 * months,
        }
        for i, base in enumerate(np.random.default_rng(2).lognormal(2, 0.4, 8))
        for regimen, months in (("a", base), ("b", 1.3 * base))
    ]
    return bm.read_survival(pd.DataFrame(rows), time_unit="months").select()


def own_model(arms: bm.Arms) -> pm.Model:
    with pm.Model() as model:
        tau = pm.HalfNormal("tau")
        u = pm.Deterministic("u", tau * pm.Normal("z", shape=len(arms.studies)))
        theta = pm.Deterministic("theta", pm.Normal("mu") + u[arms.study_index])
        pm.Binomial("events", arms.n, logit_p=theta, observed=arms.events)
    return model


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    table = evidence()
    one, several = table.select(outcome="CR"), table.select(outcomes=["ORR", "CR"])
    spec, plain, own = REGIMENS, bm.ModelSpec(), own_model(one)
    alive = survival()
    curves = bm.ModelSpec(covariates=REGIMENS.covariates, curve=bm.WeibullSurvival())
    return {
        "survival": Case(bm.fit(curves, alive, seed=1), curves, alive),
        "one outcome": Case(bm.fit(spec, one, seed=1), spec, one),
        "several outcomes": Case(bm.fit(spec, several, seed=1), spec, several),
        "quadrature": Case(bm.fit(plain, one, method="quadrature"), plain, one),
        "PyMC model": Case(bm.fit(own, one, seed=1), own, one),
    }


def test_the_table_has_every_answer() -> None:
    assert sorted(CELLS) == sorted(ANSWERS)


@pytest.mark.slow
@pytest.mark.stored("README.md")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
def test_a_cell_is_an_answer_or_its_reason(name: str, kind: str, cases: dict[str, Case]) -> None:
    cell = CELLS[name][KINDS.index(kind)]
    if cell == "yes":
        assert ANSWERS[name](cases[kind]) is not None
    else:
        with pytest.raises(bm.BayesmetaError, match=REASONS[cell]):
            ANSWERS[name](cases[kind])
