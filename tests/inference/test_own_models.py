"""PyMC models of the user's own: fitted as they are, and refused where answers could not be had."""

from typing import Any

import numpy as np
import pytest

import bayesmeta as bm


@pytest.fixture(scope="module")
def arms(table: bm.EvidenceTable) -> bm.Arms:
    return table.select(outcome="CR", venetoclax="yes")


def model_of(arms: bm.Arms, **changes: Any) -> Any:
    """The pooled model, written by hand."""
    import pymc as pm

    with pm.Model(coords={"arm": arms.labels, "study": arms.studies}) as model:
        mu = pm.StudentT("mu", nu=3, mu=0, sigma=1.5)
        tau = pm.HalfNormal(changes.get("tau", "tau"), 1)
        u = pm.Normal("u", 0, tau, dims="study")
        theta = pm.Deterministic(
            changes.get("theta", "theta"), mu + u[arms.study_index], dims="arm"
        )
        observed = changes.get("observed", arms.events)
        pm.Binomial("events", arms.n, logit_p=theta, observed=observed, dims="arm")
    return model


@pytest.mark.slow
def test_it_gives_what_the_family_gives(arms: bm.Arms) -> None:
    own = bm.fit(model_of(arms), arms, seed=1)
    assert bm.diagnose(own).ok
    exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    found = bm.summary(own).set_index("quantity")
    for quantity, row in bm.summary(exact).set_index("quantity").iterrows():
        if quantity != "new cohort":
            gap = abs(found.loc[quantity, "mean"] - row["mean"])
            assert gap <= 4 * found.loc[quantity, "mcse_mean"], quantity
    known = bm.predict(own, n=20, study=str(arms.studies[0]), seed=1)
    assert 0 < known.probability(rate_above=0.2) < 1
    assert bm.shrinkage(own)["weight"].sum() == pytest.approx(1)
    assert "new study" in set(bm.plots.forest(own).table["kind"])
    for answer in (bm.identifiability, bm.notes, bm.verify):
        with pytest.raises(bm.SettingsError, match="needs the parts of a ModelSpec"):
            answer(own)
    with pytest.raises(bm.SettingsError, match="cannot be saved as a run"):
        own.save("run")
    with pytest.raises(bm.SettingsError, match="must be a Fit of a ModelSpec"):
        bm.refit(own, stream=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"theta": "logit"}, "lacks theta. Answers need `mu`"),
        ({"tau": "sd"}, "needs both `tau` and `u`, or neither"),
        ({"observed": None}, "`events` of the PyMC model must be observed"),
        ({"observed": np.zeros(14, dtype=int)}, "other `events` than `arms`"),
    ],
)
def test_what_answers_need_is_demanded(
    arms: bm.Arms, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(bm.SpecError, match=message):
        bm.fit(model_of(arms, **changes), arms, seed=1)


def test_an_empty_model_is_told_all_that_it_lacks(arms: bm.Arms) -> None:
    import pymc as pm

    with pytest.raises(bm.SpecError, match="lacks mu, theta, events"):
        bm.fit(pm.Model(), arms, seed=1)


def test_other_arms_are_refused(arms: bm.Arms, orr: bm.Arms) -> None:
    with pytest.raises(bm.SpecError, match=r"`theta` of the PyMC model must have shape \(28,\)"):
        bm.fit(model_of(arms), orr, seed=1)


def test_arguments_without_effect(arms: bm.Arms) -> None:
    model = model_of(arms)
    with pytest.raises(bm.SettingsError, match="`engine` has no effect on a PyMC model"):
        bm.fit(model, arms, seed=1, engine="pymc")
    with pytest.raises(bm.SpecError, match="takes a ModelSpec, not a PyMC model"):
        bm.fit(model, arms, method="quadrature")  # type: ignore[call-overload]
