"""The table of certainty: probabilities of bands against quadrature, and what is left to people."""

from collections.abc import Callable

import pytest

import bayesmeta as bm

BANDS = [(0, 0.2), (0.2, 0.35), (0.35, 1)]


@pytest.fixture(scope="module")
def arms(make_arms: Callable[..., bm.Arms]) -> bm.Arms:
    return make_arms([(4, 12), (9, 22), (14, 41), (3, 15)])


@pytest.fixture(scope="module")
def fit(arms: bm.Arms) -> bm.Fit:
    return bm.fit(bm.ModelSpec(), arms, seed=1)


def test_probabilities_of_bands_are_those_of_quadrature(fit: bm.Fit, arms: bm.Arms) -> None:
    found = bm.certainty(fit, bands=BANDS)
    exact = bm.fit(bm.ModelSpec(), arms, method="quadrature").posterior
    for row in found.to_dict("records"):
        for name in ("typical", "new_study"):
            below = exact.marginal(name).cdf
            expected = float(below(row["high"]) - below(row["low"]))
            # Of 6 numbers, 4.5 standard errors are left once in 20,000 runs.
            assert row[name] == pytest.approx(expected, abs=4.5 * row[f"mcse_{name}"] + 1e-4)
    assert found[["typical", "new_study"]].sum().tolist() == pytest.approx([1, 1])
    assert found["judgement"].tolist() == ["", "", ""]
    assert found["missing_evidence"].isna().all()


@pytest.mark.slow
def test_the_tipping_point_is_that_of_selection(fit: bm.Fit) -> None:
    found = bm.certainty(fit, bands=[(0, 0.25), (0.25, 1)], required=0.8)
    direct = bm.selection(fit, smallest=0.5, rho=0.9, certainty=0.8, rate_above=0.25)
    assert found["missing_evidence"].isna().tolist()[0]
    expected = direct.tipping_points["smallest"][0]
    assert found["missing_evidence"][1] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bands": []}, "`bands` must be a list of ranges of the rate"),
        ({"bands": "0-1"}, "`bands` must be a list of ranges of the rate; got '0-1'"),
        ({"bands": [(20, 30)]}, r"`bands` must hold ranges .* got \(20, 30\)"),
        ({"bands": [(0.3, 0.2)]}, r"`bands` must hold ranges .* got \(0.3, 0.2\)"),
        ({"bands": BANDS, "required": 90}, "`required` must lie above 0.5 and below 1; got 90"),
        ({"bands": [(0, 0.2)], "required": 0.9}, "`required` has no effect without a band"),
    ],
)
def test_what_makes_no_sense_is_refused(fit: bm.Fit, options, message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.certainty(fit, **options)


def test_several_outcomes_are_refused(made_up: bm.Fit) -> None:
    with pytest.raises(bm.SettingsError, match="bands are of the rate of one outcome"):
        bm.certainty(made_up, bands=BANDS)
