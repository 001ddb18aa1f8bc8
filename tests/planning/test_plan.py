"""Plans put the parts together; here on a deterministic posterior."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmeta as bm
from bayesmeta.report.document import lines_of
from bayesmeta.report.plan_borrowing import estimates_table
from bayesmeta.report.plan_tables import plan_json, plan_plots
from bayesmeta.report.plan_text import plan_blocks
from bayesmeta.report.plan_words import exact_percent

SUCCESS = "P(rate > 0.25) > 0.9 and P(rate > 0.35) > 0.5"


def text_of(plan: bm.Plan) -> str:
    return "\n".join(lines_of(plan_blocks(plan)))


def content_of(plan: bm.Plan) -> dict[str, Any]:
    return plan_json(plan, prior=plan.map_prior, sizes=None)


@pytest.fixture(scope="module")
def prior() -> bm.MapPrior:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    return bm.map_prior(bm.fit(bm.load_model("pooled"), arms, method="quadrature"), components=2)


@pytest.mark.slow
def test_trials_are_those_of_the_three_priors(prior):
    found = bm.plan(prior, n=40, success=SUCCESS, robust=0.3)
    assert found.priors["MAP"] == prior.mixture
    assert found.priors["robust"] == bm.robustify(prior.mixture, weight=0.3)
    assert found.trial == bm.SingleArmTrial(40, found.priors["robust"], SUCCESS)
    assert {0.1, 0.25, 0.35, 0.9} <= set(found.rates)
    assert found.borrowing["prior"].unique().tolist() == ["MAP", "robust", "none"]
    assert found.effective_sizes.loc["moment", "MAP"] == pytest.approx(
        bm.effective_sample_size(prior.mixture, method="moment")
    )


def test_figures_name_priors_as_the_text_does(prior):
    drawn = plan_plots(bm.plan(prior, n=12, success="P(rate > 0.25) > 0.9"))
    for figure, column in (("power", "design"), ("boundary", "prior")):
        assert drawn[figure].table[column].unique().tolist() == ["MAP", "robust", "no borrowing"]


def test_rates_looked_at_lie_about_a_small_threshold(prior):
    found = bm.plan(prior, n=500, success="P(rate < 0.004) > 0.9")
    assert found.rates.tolist() == [step / 1000 for step in range(1, 10)]


@pytest.mark.parametrize("interim", [None, (0, 10), (9, 10)])
@pytest.mark.parametrize(
    ("n", "success"), [(11, SUCCESS), (200, SUCCESS), (40, "P(rate < 0.1) > 0.99")]
)
def test_every_plan_can_be_told(prior, n, success, interim):
    found = bm.plan(prior, n=n, success=success, interim=interim)
    text = text_of(found)
    assert f"{found.trial.words} responders succeed" in text
    assert ("Interim " in text) == (interim is not None)
    if interim is not None:
        stop = found.interim.look.stops[interim[0]]
        assert ("STOP for futility" in text) == stop
    content = content_of(found)
    assert content["boundary"] == found.trial.boundary
    assert len(content["decisions"]) == n + 1


def test_a_size_that_a_method_can_not_give_is_left_out():
    edge = bm.BetaMixture([0.5, 0.5], a=[0.5, 3], b=[4, 4])

    class Fitted(bm.MapPrior):
        mixture, profile, reliable, ecdf_difference, kl = edge, "x", True, 0.0, 0.0

    found = bm.plan(Fitted.__new__(Fitted), n=10, success=SUCCESS)
    assert found.effective_sizes.isna().any(axis=None)
    told = text_of(found)
    assert "effective sample size (ESS): moments" in told
    assert "No ELIR: components differ in a, or b, where it is at most 1" in told
    assert content_of(found)["effective_sample_size"][0]["robust"] is None


def test_a_size_below_0_is_no_number_of_patients():
    # Near a rate of 0 the information's mean falls as p**0.02: it is finite, and far below 0.
    edge = bm.BetaMixture([0.1, 0.7, 0.2], a=[1.02, 1.4, 0.4], b=[1.1, 10, 1.6])

    class Fitted(bm.MapPrior):
        mixture, profile, reliable, ecdf_difference, kl = edge, "x", True, 0.0, 0.0

    found = bm.plan(Fitted.__new__(Fitted), n=10, success=SUCCESS)
    assert found.effective_sizes.loc["elir", "MAP"] < 0
    told = text_of(found)
    assert "ELIR below 0, moments" in told
    assert "ELIR below 0 is not a sample size" in told


def test_the_error_at_every_threshold_is_told_and_what_keeps_it(prior):
    found = bm.plan(prior, n=40, success="P(rate > 0.25) > 0.8 and P(rate > 0.35) > 0.6")
    first = found.trial.boundary
    errors = {rate: stats.binom.sf(first - 1, 40, rate) for rate in (0.25, 0.35)}
    told, content = text_of(found), content_of(found)
    assert f"error {100 * errors[0.25]:.1f}% (one-sided)" in told
    assert f"decision value, a true rate of 0.35: {100 * errors[0.35]:.1f}%." in told
    rows = [row for row in content["threshold_errors"] if row["prior"] == "robust"]
    assert [(row["threshold"], row["rate"]) for row in rows] == [
        ("null", 0.25),
        ("decision value", 0.35),
    ]
    assert [row["success"] for row in rows] == pytest.approx(list(errors.values()))
    for row in content["certainties"]:
        changed = bm.Success((bm.Condition(0.25, row["rounded"]), bm.Condition(0.35, 0.6)))
        trial = bm.SingleArmTrial(40, found.priors[row["prior"]], changed)
        error = stats.binom.sf(trial.boundary - 1, 40, 0.25)
        assert error <= row["alpha"]
        assert (trial.words, error) == (row["succeed"], pytest.approx(row["type_one_error"]))


@pytest.mark.parametrize(("certainty", "warned"), [(0.6, True), (0.99, False)])
def test_a_high_error_is_warned_of(prior, certainty, warned):
    found = bm.plan(prior, n=40, success=f"P(rate > 0.25) > {certainty}")
    error = found.trial.type_one_error()
    assert (error > 0.1) == warned
    told, [*warnings] = text_of(found), content_of(found)["warnings"]
    assert len(warnings) == warned
    assert ("WARNING " in told) == warned
    for text in warnings:
        assert text in told
        assert f"The type-I error is {100 * error:.1f}% at the null, a true rate of 0.25" in text
        assert "two-sided 5%" in text


def test_a_mixture_that_does_not_follow_its_draws_is_warned_of(prior):
    class Fitted(bm.MapPrior):
        mixture, profile, reliable, ecdf_difference, kl = prior.mixture, "x", True, 0.252, 0.0

    found = bm.plan(Fitted.__new__(Fitted), n=10, success="P(rate > 0.25) > 0.99")
    [text] = content_of(found)["warnings"]
    assert "the Kolmogorov distance is 0.25. Do not plan with it." in text
    assert f"WARNING    {text}" in text_of(found)


def test_priors_that_decide_alike_are_told(prior):
    for n, success in ((40, "P(rate > 0.25) > 0.9"), (23, "P(rate > 0.25) > 0.95")):
        found = bm.plan(prior, n=n, success=success)
        alike = found.trials["MAP"].boundary == found.trials["robust"].boundary
        assert found.decides_alike == alike
        assert ("lead to the same decision" in text_of(found)) == alike
        assert content_of(found)["decides_alike"] == alike


def test_weights_are_compared_with_the_vague_component_asked_for(prior):
    found = bm.plan(prior, n=40, success=SUCCESS, robust=[0.5, 0.1], vague_mean=0.2, vague_n=4)
    assert found.robust == 0.5
    assert found.priors["robust"] == bm.robustify(prior, weight=0.5, mean=0.2, n=4)
    table = found.by_weight.set_index("weight")
    assert table.index.tolist() == [0, 0.1, 0.5, 1]
    for weight in (0.1, 0.5):
        robust = bm.robustify(prior, weight=weight, mean=0.2, n=4)
        trial = bm.SingleArmTrial(40, robust, SUCCESS)
        row = table.loc[weight]
        assert row["succeed"] == trial.words
        assert row["null 0.25"] == pytest.approx(trial.type_one_error())
        assert row["decision value 0.35"] == pytest.approx(trial.type_one_error(0.35))
        assert row["expected_success"] == pytest.approx(trial.probability_of_success(prior.mixture))
        assert row["elir"] == pytest.approx(bm.effective_sample_size(robust))
    assert table.loc[1, "elir"] == pytest.approx(5)
    told = text_of(found)
    assert "By the weight of the vague component, Beta(1, 4); the plan is for 0.5" in told
    assert "0 (MAP)" in told
    single = text_of(bm.plan(prior, n=40, success=SUCCESS))
    assert "By the weight" not in single


def test_an_interim_that_stops_at_both_ends_names_both(prior):
    success = "P(rate > 0.2) > 0.6 and P(rate < 0.5) > 0.6"
    found = bm.plan(prior, n=40, success=success, interim=(5, 20), stop_below=0.3)
    stops = np.flatnonzero(found.interim.look.stops)
    gap = int(np.flatnonzero(np.diff(stops) > 1)[0])
    told = text_of(found)
    assert f"{stops[gap]} or fewer, {stops[gap + 1]} or more of 20 responders stop it" in told


def test_small_and_large_probabilities_are_not_rounded_away():
    texts = {
        0.0: "0%",
        1e-300: "<0.001%",
        1.0: ">99.999%",
        1 + 1e-15: ">99.999%",
        0.00038: "0.038%",
        0.4996: "50.0%",
        3e-9: "<0.001%",
        0.99979: "99.979%",
        1 - 1e-9: ">99.999%",
    }
    assert {value: exact_percent(value) for value in texts} == texts


@pytest.mark.slow
def test_success_that_is_nearly_certain_is_never_printed_as_certain(prior):
    # At a true rate of 0.95 the probability is 1 in floating point, and less than 1.
    found = bm.plan(prior, n=100, success="P(rate > 0.2) > 0.9", rates=[0.95])
    assert found.operating_characteristics["success"].item() == 1
    assert "100.0%" not in text_of(found)


def test_bad_input(prior):
    with pytest.raises(bm.SettingsError, match="`stop_below` has no effect without `interim`"):
        bm.plan(prior, n=40, success=SUCCESS, stop_below=0.2)
    for seen in ((8, 40), (8, 41), (0, 0)):
        with pytest.raises(
            bm.SettingsError, match="`interim` must be of some of the trial's 40 pat"
        ):
            bm.plan(prior, n=40, success=SUCCESS, interim=seen)
    with pytest.raises(bm.SettingsError, match=r"`interim` must be responders .*; got 21 of 20"):
        bm.plan(prior, n=40, success=SUCCESS, interim=(21, 20))
    with pytest.raises(bm.SettingsError, match="`rates` must be probabilities from 0 to 1; got 35"):
        bm.plan(prior, n=40, success=SUCCESS, rates=[35])
    with pytest.raises(bm.SettingsError, match="`robust` must be a number between 0 and 1"):
        bm.plan(prior, n=40, success=SUCCESS, robust=1.5)
    with pytest.raises(bm.SettingsError, match=r"`robust` must be .* each once; got \[0.2, 0.2\]"):
        bm.plan(prior, n=40, success=SUCCESS, robust=[0.2, 0.2])
    with pytest.raises(
        bm.SettingsError, match=r"`robust` must be one weight or more, .*; got \[\]"
    ):
        bm.plan(prior, n=40, success=SUCCESS, robust=[])
    with pytest.raises(bm.SettingsError, match=r"`robust` must be a number between .* got '0.2'"):
        bm.plan(prior, n=40, success=SUCCESS, robust="0.2")
    with pytest.raises(bm.SettingsError, match="`vague_mean` must be a number between 0 and 1"):
        bm.plan(prior, n=40, success=SUCCESS, vague_mean=45)
    with pytest.raises(bm.SettingsError, match="`vague_n` must be a number of patients"):
        bm.plan(prior, n=40, success=SUCCESS, vague_n=-1)
    with pytest.raises(bm.SettingsError, match="of a single arm is on the rate"):
        bm.plan(prior, n=40, success="P(rate - control > 0.1) > 0.9")
    with pytest.raises(bm.SettingsError, match="`n` must be a whole number of patients"):
        bm.plan(prior, n=0, success=SUCCESS)


@pytest.mark.parametrize("interim", [8, "8/20", (8,), (8.0, 20), [True, 20], (8, 20, 40), (-1, 20)])
def test_an_interim_look_is_a_pair_of_counts(prior, interim):
    with pytest.raises(bm.SettingsError, match=r"`interim` must be responders .* Write \(8, 20\)"):
        bm.plan(prior, n=40, success=SUCCESS, interim=interim)


@pytest.mark.parametrize("given", ["regimen", bm.BetaMixture([1], a=[1], b=[1]), None])
def test_a_plan_is_made_of_a_map_prior(given):
    with pytest.raises(bm.SettingsError, match=r"`map_prior` must be .* by bm\.map_prior\(fit\)"):
        bm.plan(given, n=40, success=SUCCESS)


def test_a_plan_is_not_made_of_a_fit(make_arms):
    fit = bm.fit(bm.load_model("pooled"), make_arms([(3, 10), (4, 9)]), method="quadrature")
    with pytest.raises(bm.SettingsError, match="`map_prior` must be a MapPrior; got QuadratureFit"):
        bm.plan(fit, n=40, success=SUCCESS)


def test_rates_are_no_text(prior):
    with pytest.raises(bm.SettingsError, match=r"`rates` must be probabilities .*; got '0.1'"):
        bm.plan(prior, n=40, success=SUCCESS, rates="0.1")
    with pytest.raises(
        bm.SettingsError, match="`rates` must be one or more probabilities in a row"
    ):
        bm.plan(prior, n=40, success=SUCCESS, rates=[])


def test_a_sam_prior_is_compared_with_the_others(prior):
    found = bm.plan(prior, n=30, success=SUCCESS, sam_delta=0.15, sam_odds=0.5, vague_mean=0.3)
    sam = bm.SamPrior(prior.mixture, 0.15, 0.5, bm.BetaMixture([1], a=[0.6], b=[1.4]))
    assert list(found.priors) == ["MAP", "robust", "SAM", "none"]
    assert found.priors["SAM"] == sam
    assert found.trials["SAM"] == bm.SingleArmTrial(30, sam, SUCCESS)
    assert found.trial == bm.plan(prior, n=30, success=SUCCESS, vague_mean=0.3).trial
    assert found.borrowing["prior"].unique().tolist() == list(found.priors)
    needed = found.certainties[found.certainties["prior"] == "SAM"]
    errors = [found.trials["SAM"].certainty_for(a).type_one_error for a in needed["alpha"]]
    assert needed["type_one_error"].tolist() == pytest.approx(errors)
    content, told = content_of(found), text_of(found)
    assert content["priors"]["SAM"]["delta"] == 0.15
    weights = [row["weight"] for row in content["sam_weights"]]
    assert weights == pytest.approx(sam.history_weights(30).tolist())
    assert "SAM        difference 0.15, prior odds 0.5: history has weight" in told
    assert "that keeps a type-I error, with the SAM prior" in told
    assert plan_plots(found)["power"].table["design"].unique().tolist() == [
        "MAP",
        "robust",
        "SAM",
        "no borrowing",
    ]
    alone = bm.plan(prior, n=30, success=SUCCESS)
    assert alone.sam_weights is None
    assert "SAM" not in text_of(alone)


def test_decisions_are_averaged_over_the_design_prior(prior):
    design = bm.BetaMixture([1], a=[9], b=[21])
    found = bm.plan(prior, n=30, success="P(rate > 0.2) > 0.9", design=design, alternative=0.35)
    assert found.trial == bm.plan(prior, n=30, success="P(rate > 0.2) > 0.9").trial
    rows, told = found.borrowing.groupby("prior").first(), text_of(found)
    for name, trial in found.trials.items():
        direct = trial.bayesian_characteristics(design, alternative=0.35)
        assert found.characteristics[name] == direct
        row = rows.loc[name]
        assert row["expected_success"] == pytest.approx(trial.probability_of_success(design))
        assert (row["false_success"], row["missed"]) == (direct.false_success, direct.missed)
        assert row["power"] == pytest.approx(stats.binom.sf(trial.boundary - 1, 30, 0.35))
        assert content_of(found)["bayesian_characteristics"][name]["missed"] == direct.missed
    expected = exact_percent(found.trial.probability_of_success(design))
    assert f"averaged over the design prior: {expected}." in told
    assert "P(rate <= 0.2 | success)" in told
    assert "P(rate > 0.35 | failure)" in told
    assert "true rate 0.35, alternative" in told
    assert "MAP prior: " not in told
    default = bm.plan(prior, n=30, success=SUCCESS)
    assert (default.design, default.alternative) == (prior.mixture, 0.35)


def test_a_sam_prior_that_makes_success_come_and_go_is_warned_of():
    class Fitted(bm.MapPrior):
        mixture = bm.BetaMixture([1], a=[200], b=[300])
        profile, reliable, ecdf_difference, kl = "x", True, 0.0, 0.0

    asked = {"n": 10, "success": "P(rate > 0.35) > 0.97"}
    found = bm.plan(Fitted.__new__(Fitted), **asked, sam_delta=0.3)
    assert [text[:46] for text in content_of(found)["warnings"]][-1:] == [
        "With the SAM prior success comes and goes as r"
    ]
    without = bm.plan(Fitted.__new__(Fitted), **asked)
    assert not [text for text in content_of(without)["warnings"] if "SAM" in text]


def test_bad_input_about_sam_and_design(prior):
    with pytest.raises(bm.SettingsError, match="`sam_odds` has no effect without `sam_delta`"):
        bm.plan(prior, n=40, success=SUCCESS, sam_odds=0.2)
    with pytest.raises(bm.SettingsError, match="`sam_delta` must be a probability between 0 and 1"):
        bm.plan(prior, n=40, success=SUCCESS, sam_delta=15)
    with pytest.raises(bm.SettingsError, match="`sam_delta` must leave a rate between 0 and 1"):
        bm.plan(prior, n=40, success=SUCCESS, sam_delta=0.95)
    with pytest.raises(bm.SettingsError, match="`sam_odds` must be a positive number"):
        bm.plan(prior, n=40, success=SUCCESS, sam_delta=0.1, sam_odds=0)
    with pytest.raises(bm.SettingsError, match="`design` must be a BetaMixture; got float"):
        bm.plan(prior, n=40, success=SUCCESS, design=0.3)
    with pytest.raises(bm.SettingsError, match="`alternative` must not lie below the null value"):
        bm.plan(prior, n=40, success=SUCCESS, alternative=0.1)


def test_numbers_that_round_to_0_have_no_sign():
    """A prior worth -0.02 patients after the data, and a bias of -0.0004."""
    own = pd.DataFrame({"bias": [-0.0004], "mse": [0.01], "ess": [-0.02]})
    assert estimates_table("", ["x"], {"MAP": own}).frame["MAP"].tolist() == ["0.0, 10.0, 0.0"]
