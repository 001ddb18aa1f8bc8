"""Plans put the parts together; here on a deterministic posterior."""

import pytest

import bayesmeta as bm
from bayesmeta.report.plan_machine import plan_json
from bayesmeta.report.plan_text import plan_lines

SUCCESS = "P(rate > 0.25) > 0.9 and P(rate > 0.35) > 0.5"


@pytest.fixture(scope="module")
def prior() -> bm.MapPrior:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    return bm.map_prior(bm.fit(bm.load_model("pooled"), arms, method="grid"), components=2)


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


@pytest.mark.parametrize("interim", [None, (0, 10), (9, 10)])
@pytest.mark.parametrize(
    ("n", "success"), [(11, SUCCESS), (200, SUCCESS), (40, "P(rate < 0.1) > 0.99")]
)
def test_every_plan_can_be_told(prior, n, success, interim):
    found = bm.plan(prior, n=n, success=success, interim=interim)
    text = "\n".join(plan_lines(found))
    assert f"{found.trial.words} responders succeed" in text
    assert ("Interim " in text) == (interim is not None)
    if interim is not None:
        stop = found.interim.look.stops[interim[0]]
        assert ("STOP for futility" in text) == stop
    content = plan_json(found)
    assert content["boundary"] == found.trial.boundary
    assert len(content["decisions"]) == n + 1


def test_a_size_that_a_method_can_not_give_is_left_out():
    edge = bm.BetaMixture([0.5, 0.5], a=[0.5, 3], b=[4, 4])

    class Fitted(bm.MapPrior):
        mixture, profile, reliable, ecdf_difference, kl = edge, "x", True, 0.0, 0.0

    found = bm.plan(Fitted.__new__(Fitted), n=10, success=SUCCESS)
    assert found.effective_sizes.isna().any(axis=None)
    assert any("worth so many patients: " in line for line in plan_lines(found))


def test_bad_input(prior):
    with pytest.raises(bm.SettingsError, match="`stop_below` has no effect without `interim`"):
        bm.plan(prior, n=40, success=SUCCESS, stop_below=0.2)
    with pytest.raises(bm.SettingsError, match="must be less than the trial's 40 patients; got 40"):
        bm.plan(prior, n=40, success=SUCCESS, interim=(8, 40))
    with pytest.raises(bm.SettingsError, match=r"`interim` must be responders .*; got 21 of 20"):
        bm.plan(prior, n=40, success=SUCCESS, interim=(21, 20))
    with pytest.raises(bm.SettingsError, match="`rates` must be probabilities from 0 to 1; got 35"):
        bm.plan(prior, n=40, success=SUCCESS, rates=[35])
    with pytest.raises(bm.SettingsError, match="`robust` must be a number between 0 and 1"):
        bm.plan(prior, n=40, success=SUCCESS, robust=1.5)
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
    fit = bm.fit(bm.load_model("pooled"), make_arms([(3, 10), (4, 9)]), method="grid")
    with pytest.raises(bm.SettingsError, match="`map_prior` must be a MapPrior; got GridFit"):
        bm.plan(fit, n=40, success=SUCCESS)


def test_rates_are_no_text(prior):
    with pytest.raises(bm.SettingsError, match=r"`rates` must be probabilities .*; got '0.1'"):
        bm.plan(prior, n=40, success=SUCCESS, rates="0.1")
    with pytest.raises(
        bm.SettingsError, match="`rates` must be one or more probabilities in a row"
    ):
        bm.plan(prior, n=40, success=SUCCESS, rates=[])
