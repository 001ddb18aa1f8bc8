"""Updates: the fit against a fresh one, predictions against brute force and quadrature, decisions."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import betabinom, binom

import bayesmeta as bm
from bayesmeta.inference.engines import asked_settings, sampled_again
from bayesmeta.report.document import lines_of
from bayesmeta.report.update_text import update_blocks

QUICK = bm.SamplerSettings(chains=2, warmup=200, draws=300)


def evidence(studies: int = 8, rate: float = 0.5, seed: int = 1, **more: object) -> pd.DataFrame:
    """Two arms a study, with counts of CR within ORR."""
    rng, rows = np.random.default_rng(seed), []
    for i in range(studies):
        for regimen in ("a", "b"):
            n = int(rng.integers(20, 45))
            orr = int(rng.binomial(n, rate))
            counts = {"ORR": orr, "CR": int(rng.binomial(orr, 0.5))}
            own = {"study": f"s{i}", "arm": regimen, "regimen": regimen, "age": 60 + i, "n": n}
            rows += [own | {"outcome": name, "events": k} for name, k in counts.items()]
    return pd.DataFrame(rows).assign(**more)


def later(old: pd.DataFrame, regimen: str = "a") -> pd.DataFrame:
    """The same with two studies more, the second far from the others, and one count corrected."""
    new = old.copy()
    new.loc[0, "events"] = int(new.loc[0, "events"]) + 1
    own = {"arm": "", "regimen": regimen, "age": 66}
    more = [
        own | {"study": "near", "n": 30, "outcome": "ORR", "events": 15},
        own | {"study": "near", "n": 30, "outcome": "CR", "events": 8},
        own | {"study": "far", "n": 40, "outcome": "ORR", "events": 2},
        own | {"study": "far", "n": 40, "outcome": "CR", "events": 0},
    ]
    return pd.concat([new, pd.DataFrame(more)], ignore_index=True)


FORMULA = bm.ModelSpec(covariates=bm.Covariates("regimen + age", {"regimen": "a"}))

SELECTIONS: dict[str, tuple[bm.ModelSpec, Callable[[bm.EvidenceTable], bm.Arms]]] = {
    "one outcome": (bm.ModelSpec(), lambda table: table.select(outcome="CR")),
    "covariates": (FORMULA, lambda table: table.select(outcome="ORR")),
    "condition and columns": (
        bm.ModelSpec(),
        lambda table: table.select(outcome="CR", where="n >= 25", regimen=["a"], overlaps="keep"),
    ),
    "mapping": (
        bm.ModelSpec(),
        lambda table: table.select(outcome="CR", where={"regimen": "a"}, parts="whole"),
    ),
    "several outcomes": (bm.ModelSpec(), lambda table: table.select(outcomes=["ORR", "CR"])),
    "one of several": (
        bm.ModelSpec(),
        lambda table: table.select(outcomes=["ORR", "CR"], by_definition="keep").of("CR"),
    ),
    "matching": (
        bm.ModelSpec(),
        lambda table: bm.matching(table.select(outcome="CR"), "n >= 25"),
    ),
}


@pytest.mark.parametrize("kind", SELECTIONS)
@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
def test_the_fit_is_that_of_fit(kind: str) -> None:
    spec, select = SELECTIONS[kind]
    old = evidence()
    first = bm.fit(spec, select(bm.read_evidence(old)), seed=3, settings=QUICK)
    found = bm.update(first, later(old)).after
    fresh = bm.fit(first.spec, select(bm.read_evidence(later(old))), seed=3, settings=QUICK)
    assert found.draws.identical(fresh.draws)
    assert (found.spec, found.settings, found.outcomes) == (
        fresh.spec,
        fresh.settings,
        fresh.outcomes,
    )
    assert found.arms.hash == fresh.arms.hash
    assert list(found.arms.selection.items()) == list(fresh.arms.selection.items())
    pd.testing.assert_frame_equal(found.arms.excluded, fresh.arms.excluded)
    assert found.provenance.seed == 3


def test_strata_and_labels_are_kept() -> None:
    rows = [
        (f"s{i}", f"prior={level}", k, 20)
        for i in range(5)
        for level, k in {"no": 8 + i, "yes": 5 + i}.items()
    ]
    old = pd.DataFrame(rows, columns=["study", "stratum", "events", "n"])
    more = pd.DataFrame([("new", "prior=no", 9, 20), ("new", "prior=yes", 4, 20)], columns=old.columns)  # fmt: skip
    labels = bm.evidence.table.labelled(
        bm.read_evidence(old), bm.labels.Labels({"study": {"s0": "Study 0"}})
    )
    first = bm.fit(bm.ModelSpec(), labels.select(strata="prior"), seed=1, settings=QUICK)
    found = bm.update(first, pd.concat([old, more])[2:]).after.arms
    assert found.selection["strata"] == "prior"
    assert len(found) == 10
    # The study that has the label is gone.
    assert "labels" not in found.selection
    whole = bm.update(first, pd.concat([old, more])).after.arms
    assert whole.selection["labels"] == {"study": {"s0": "Study 0"}}


def test_a_table_is_read_as_the_first_one_was(tmp_path) -> None:
    named = {"events": "responders"}
    old, new = (one.rename(columns=named) for one in (evidence(), later(evidence())))
    for name, frame in {"old": old, "new": new}.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    table = bm.read_evidence(tmp_path / "old.csv", columns=named)
    first = bm.fit(bm.ModelSpec(), table.select(outcome="CR"), seed=1, settings=QUICK)
    first.save(tmp_path / "run")
    found = bm.update(tmp_path / "run", tmp_path / "new.csv")
    assert found.after.arms.selection["reading"] == {"columns": named}
    assert set(found.rows.added["study"]) == {"near", "far"}


@pytest.fixture(scope="module")
def first() -> bm.Fit:
    arms = bm.read_evidence(evidence()).select(outcome="CR")
    return bm.fit(bm.ModelSpec(), arms, seed=1)


@pytest.fixture(scope="module")
def updated(first: bm.Fit) -> bm.Update:
    return bm.update(first, later(evidence()), rate_above=0.15, certainty=0.9)


def test_new_studies_are_told_apart_from_changed_ones(updated: bm.Update) -> None:
    assert updated.new_studies["study"].tolist() == ["near", "far"]
    assert updated.rows.added["study"].tolist() == ["near", "far"]
    assert updated.rows.removed.empty
    # The count that was corrected is of ORR.
    assert updated.rows.changed.empty
    both = later(evidence()).assign(events=lambda frame: frame["events"].mask(frame.index == 1, 9))
    changed = bm.update(updated.before, both).rows.changed.to_dict("records")
    assert [(one["study"], one["column"], one["new"]) for one in changed] == [("s0", "events", 9)]


def test_a_removed_arm_has_its_rule(first: bm.Fit) -> None:
    marked = evidence().assign(default_include="yes")
    marked.loc[marked["study"] == "s1", "default_include"] = "no"
    removed = bm.update(first, marked[marked["study"] != "s2"]).rows.removed
    rules = dict(zip(removed["study"], removed["rule"], strict=True))
    assert rules == {"s1": "excluded by default: no reason given", "s2": ""}


def brute(fit: bm.Fit, n: int) -> np.ndarray:
    """The predictive probabilities of a new study, each draw's by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    mu, tau = (fit.posterior[name].to_numpy().ravel()[:, None] for name in ("mu", "tau"))
    rates = expit(mu + tau * nodes)
    k = np.arange(n + 1)
    if "rho" in fit.posterior:
        size = 1 / fit.posterior["rho"].to_numpy().ravel()[:, None] - 1
        each = [betabinom.pmf(one, n, rates * size, (1 - rates) * size) for one in k]
    else:
        each = [binom.pmf(one, n, rates) for one in k]
    return np.array([float((one @ (weights / weights.sum())).mean()) for one in each])


@pytest.mark.parametrize("likelihood", [bm.Binomial(), bm.BetaBinomial()], ids=lambda one: one.name)
def test_predictions_are_those_of_brute_force(likelihood: bm.Likelihood) -> None:
    arms = bm.read_evidence(evidence()).select(outcome="CR")
    spec = bm.ModelSpec(likelihood=likelihood)
    fit = bm.fit(spec, arms, seed=1, settings=QUICK)
    found = bm.update(fit, later(evidence())).new_studies
    for row in found.to_dict("records"):
        upto = np.cumsum(brute(fit, row["n"]))
        # What points of a lattice miss of the distribution of a new study; nothing is random.
        below = upto[row["events"] - 1] if row["events"] else 0.0
        assert row["at_most"] == pytest.approx(upto[row["events"]], abs=3e-3)
        assert row["at_least"] == pytest.approx(1 - below, abs=3e-3)
        assert below - 3e-3 <= row["pit"] <= upto[row["events"]] + 3e-3
        low, high = (int(np.searchsorted(upto, p)) for p in (0.025, 0.975))
        assert abs(row["lower_95"] - low) <= 1
        assert abs(row["upper_95"] - high) <= 1
    assert found["inside_95"].tolist() == [True, False]


def test_predictions_are_those_of_quadrature(updated: bm.Update) -> None:
    exact = bm.fit(bm.ModelSpec(), updated.before.arms, method="quadrature")
    for row in updated.new_studies.to_dict("records"):
        counts = bm.predict(exact, n=row["n"], seed=1).distribution.counts(row["n"])
        # Five Monte-Carlo errors of 12,000 draws of which a fourth or more are effective.
        assert row["at_most"] == pytest.approx(float(counts.at_most(row["events"])), abs=0.01)


def test_moves_are_those_of_both_summaries(updated: bm.Update) -> None:
    both = [bm.summary(fit).set_index("quantity") for fit in (updated.before, updated.after)]
    for row in updated.moves.to_dict("records"):
        for end, summary in zip(("before", "after"), both, strict=True):
            own = summary.loc[row["quantity"]]
            assert row[end] == pytest.approx(own["median"], rel=1e-12)
            assert row[f"{end}_lower"] == pytest.approx(own["lower"], rel=1e-12)
            assert row[f"mcse_{end}"] == pytest.approx(own["mcse_median"], rel=1e-12)
        assert row["change"] == row["after"] - row["before"]
        error = np.hypot(row["mcse_before"], row["mcse_after"])
        assert row["mcse_change"] == pytest.approx(error)
        assert row["clear"] == (abs(row["change"]) > 3 * error)


def test_a_note_moves_nothing(first: bm.Fit) -> None:
    found = bm.update(first, evidence().assign(comment="seen"), rate_above=0.2)
    assert (found.moves["change"] == 0).all()
    assert not found.moves["clear"].any()
    assert found.decisions["before"].tolist() == found.decisions["after"].tolist()
    text = "\n".join(lines_of(update_blocks(found)))
    assert "within Monte-Carlo error" in text
    assert "No new study that the first fit could have predicted." in text


@pytest.fixture(scope="module")
def flipped() -> bm.Update:
    """High rates, to which as many studies of low ones are added."""
    old = evidence(8, 0.7)
    low = evidence(8, 0.1, seed=2)
    low["study"] = "t" + low["study"]
    arms = bm.read_evidence(old).select(outcome="ORR")
    fit = bm.fit(bm.ModelSpec(), arms, seed=1, settings=QUICK)
    events = ["rate > 0.3", "rate < 0.99", "rate > 0.65"]
    return bm.update(fit, pd.concat([old, low]), event=events, certainty=0.9)


def test_a_decision_flips(flipped: bm.Update) -> None:
    rows = flipped.decisions[["decision_before", "decision_after", "result"]].to_numpy().tolist()
    assert rows[:2] == [["yes", "no", "flipped"], ["yes", "yes", "unchanged"]]
    assert flipped.flipped
    for fit, end in ((flipped.before, "before"), (flipped.after, "after")):
        own = bm.predict(fit, n=10, seed=1).probability(rate_above=0.3)
        assert flipped.decisions[end][0] == own
        assert flipped.decisions[f"mcse_{end}"][0] == own.mcse
    assert "FLIPPED" in "\n".join(lines_of(update_blocks(flipped)))


def test_a_decision_is_open_within_monte_carlo_error(flipped: bm.Update) -> None:
    near = float(flipped.decisions["before"][2]) + float(flipped.decisions["mcse_before"][2])
    assert near > 0.5
    low = evidence(8, 0.1, seed=2)
    low["study"] = "t" + low["study"]
    both = pd.concat([evidence(8, 0.7), low])
    found = bm.update(flipped.before, both, event="rate > 0.65", certainty=near)
    assert found.decisions.loc[0, ["decision_before", "result"]].tolist() == ["open", "open"]
    assert not found.flipped
    assert "open: P lies within 3 times its MCSE" in "\n".join(lines_of(update_blocks(found)))


def test_every_outcome_moves_and_is_decided() -> None:
    arms = bm.read_evidence(evidence()).select(outcomes=["ORR", "CR"])
    fit = bm.fit(bm.ModelSpec(), arms, seed=1, settings=QUICK)
    found = bm.update(fit, later(evidence()), rate_above=0.2, certainty=0.8)
    assert list(dict.fromkeys(found.moves["outcome"])) == ["ORR", "CR"]
    assert found.decisions["outcome"].tolist() == ["ORR", "CR"]
    assert found.new_studies[["study", "outcome"]].to_numpy().tolist() == [
        ["near", "ORR"],
        ["near", "CR"],
        ["far", "ORR"],
        ["far", "CR"],
    ]


def test_what_is_learnt_anew_is_told() -> None:
    old = evidence()
    arms = bm.read_evidence(old).select(outcome="CR")
    fit = bm.fit(FORMULA, arms, seed=1, settings=QUICK)
    found = bm.update(fit, later(old, "c"), profile={"regimen": "b"})
    assert found.notes[0] == "regimen has new levels: c."
    assert found.notes[1].startswith("The centre of age is 63.8 and was 63.5")
    assert (
        "near cannot be predicted by the first fit: the evidence has no level 'c'" in found.notes[2]
    )
    assert found.new_studies.empty
    # Both fits are asked about one profile: that of the first fit.
    at = {"regimen": "b", "age": fit.coding.centres["age"]}
    for end, one in {"before": found.before, "after": found.after}.items():
        typical = bm.summary(one, profiles=[at]).set_index("quantity").loc["typical rate", "median"]
        assert found.moves.set_index("quantity").loc["typical rate", end] == typical
    gone = old.assign(regimen=old["regimen"].replace("b", "c"))
    with pytest.raises(bm.ProfileError, match="cannot answer for the profile of the first fit"):
        bm.update(fit, gone, profile={"regimen": "b"})


def test_a_level_that_no_arm_had_is_predicted_as_a_new_one() -> None:
    old = evidence()
    old["regimen"] += old["study"].isin(["s1", "s3", "s5"]).map({True: "2", False: ""})
    arms = bm.read_evidence(old).select(outcome="CR")
    fit = bm.fit(bm.ModelSpec(covariates="(1 | regimen)"), arms, seed=1, settings=QUICK)
    found = bm.update(fit, later(old, "c"))
    assert found.new_studies["study"].tolist() == ["near", "far"]
    assert "near is predicted at a new level of regimen." in found.notes
    for row in found.new_studies.to_dict("records"):
        own = bm.predict(fit, n=row["n"], profile={"regimen": bm.NEW}, seed=1).distribution
        counts = own.counts(row["n"])
        assert row["at_most"] == counts.at_most(row["events"])
        assert row["median"] == counts.quantiles([0.5])[0]


def test_shared_patients_are_told(first: bm.Fit) -> None:
    old = evidence().assign(overlap_group="", overlap_rank=None)
    of_one = old["study"] == "s0"
    old.loc[of_one, ["overlap_group", "overlap_rank"]] = ["g", 2]
    new = later(old)
    new.loc[new["study"] == "near", ["overlap_group", "overlap_rank"]] = ["g", 1]
    arms = bm.read_evidence(old).select(outcome="CR")
    fit = bm.fit(bm.ModelSpec(), arms, seed=1, settings=QUICK)
    found = bm.update(fit, new)
    assert any("near and s0 (group 'g')" in note for note in found.notes)
    assert found.rows.removed["rule"].str.contains("group 'g' is represented by a lower").all()


def test_other_versions_are_told(first: bm.Fit) -> None:
    versions = {**first.provenance.versions, "numpy": "1.0"}
    aged = replace(first, provenance=replace(first.provenance, versions=versions))
    [note] = bm.update(aged, later(evidence())).notes
    assert note.startswith("Versions differ, too (numpy 1.0 to ")


def test_survival_is_updated() -> None:
    rng = np.random.default_rng(2)
    rows = [
        {"study": f"s{i}", "n": 30, "median": m, "median_low": 0.6 * m, "median_high": 1.5 * m}
        for i, m in enumerate(rng.lognormal(2, 0.3, 6))
    ]
    old = bm.read_survival(pd.DataFrame(rows), time_unit="months")
    more = {"study": "far", "n": 30, "median": 60.0, "median_low": 45.0, "median_high": 80.0}
    new = bm.read_survival(pd.DataFrame([*rows, more]), time_unit="months")
    spec = bm.ModelSpec(curve=bm.WeibullSurvival())
    fit = bm.fit(spec, old.select(), seed=1, settings=QUICK)
    found = bm.update(fit, new, time=6, rate_above=0.3, certainty=0.6)
    assert found.after.draws.identical(bm.fit(spec, new.select(), seed=1, settings=QUICK).draws)
    assert found.moves["quantity"].iloc[[0, 1]].tolist() == [
        "typical median",
        "typical survival at 6 months",
    ]
    assert found.new_studies[["study", "observed", "inside_95"]].to_numpy().tolist() == [
        ["far", 60.0, False]
    ]
    assert found.decisions["event"].tolist() == ["P(survival at 6 months of a new study > 0.3)"]
    with pytest.raises(bm.EvidenceError, match="`evidence` must be of survival"):
        bm.update(fit, bm.load_evidence("rr_aml_venetoclax"))


def refused(first: bm.Fit) -> dict[str, tuple[Callable[[], object], type[Exception], str]]:
    new: Any = later(evidence())
    bare = bm.Arms(first.arms.frame[["study", "arm", "events", "n"]], pd.DataFrame())
    exact = bm.fit(bm.ModelSpec(), first.arms, method="quadrature")
    return {
        "nothing new": (lambda: bm.update(first, evidence()), bm.EvidenceError, "nothing new for this fit"),
        "no such outcome": (
            lambda: bm.update(first, new[new["outcome"] == "ORR"]),
            bm.EvidenceError,
            "has no outcome 'CR'",
        ),
        "no names of outcomes": (
            lambda: bm.update(first, new[new["outcome"] == "CR"].drop(columns="outcome")),
            bm.EvidenceError,
            "names no outcome, and the fit is of 'CR'. Add a column 'outcome'",
        ),
        "nothing selected": (
            lambda: bm.update(first, new.assign(default_include="no")),
            bm.EvidenceError,
            "the selection leaves no arm",
        ),
        "another kind": (
            lambda: bm.update(first, bm.load_survival("rr_aml_venetoclax")),
            bm.EvidenceError,
            "`evidence` must be of counts of responders",
        ),
        "no selection": (
            lambda: bm.update(replace(first, arms=bare), new),
            bm.EvidenceError,
            "keep no selection that could be made again",
        ),
        "a refit": (
            lambda: bm.update(bm.refit(first, stream=1), new),
            bm.SettingsError,
            "was made by `refit`",
        ),
        "quadrature": (lambda: bm.update(exact, new), bm.SettingsError, "which has draws"),
        "no event": (
            lambda: bm.update(first, new, certainty=0.9),
            bm.SettingsError,
            "`certainty` has no effect without a question",
        ),
        "low certainty": (
            lambda: bm.update(first, new, certainty=0.3, rate_above=0.1),
            bm.SettingsError,
            "`certainty` must lie above 0.5",
        ),
        "time": (lambda: bm.update(first, new, time=12), bm.SettingsError, "`time` has no effect"),
        "interval": (lambda: bm.update(first, new, ci_prob=95), bm.SettingsError, "`ci_prob` must lie"),
        "no run": (lambda: bm.update("nowhere", new), bm.RunError, "There is no run folder nowhere"),
    }  # fmt: skip


REFUSALS = (
    *("nothing new", "no such outcome", "no names of outcomes", "nothing selected"),
    *("another kind", "no selection"),
    *("a refit", "quadrature", "no event", "low certainty", "time", "interval", "no run"),
)


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_makes_no_sense_is_refused(kind: str, first: bm.Fit) -> None:
    cases = refused(first)
    assert set(cases) == set(REFUSALS)
    call, error, message = cases[kind]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("accept", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("trouble", ["diverging", "vague", "diverging and vague"])
def test_settings_are_those_that_were_asked_for(accept: float, trouble: str, first: bm.Fit) -> None:
    """Where a fit was sampled again, its settings are not those by which it is made again."""
    asked = bm.SamplerSettings(target_accept=accept)

    def sample(chosen: bm.SamplerSettings) -> Any:
        size = (chosen.chains, chosen.draws)
        # Chains that drift know their limits badly.
        drift = np.linspace(0, 9, chosen.draws) if "vague" in trouble else 0.0
        mu = np.random.default_rng(1).standard_normal(size) + drift
        bad = np.full(size, "diverging" in trouble and chosen.target_accept < 0.99)
        return {"mu": mu}, {"diverging": bad, "n_steps": np.ones(size)}

    found = sampled_again(sample, asked, lambda _: True)
    assert len(found.repeats) == len(trouble.split(" and "))
    origin = replace(first.provenance, repeats=found.repeats)
    fit = replace(first, settings=found.settings, provenance=origin)
    assert fit.settings != asked
    assert asked_settings(fit) == asked


def test_a_table_that_names_outcomes_is_told_from_one_that_named_none() -> None:
    rows = pd.DataFrame({"study": list("abc"), "events": [3, 9, 4], "n": [20, 22, 15]})
    fit = bm.fit(bm.ModelSpec(), bm.read_evidence(rows).select(), seed=1, settings=QUICK)
    with pytest.raises(bm.EvidenceError, match=r"named none\. Keep the rows of its outcome"):
        bm.update(fit, rows.assign(outcome="CR"))
