"""Studies without results: mixtures against their distribution functions, and what tables lack."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr

import bayesmeta as bm
from bayesmeta.sensitivity.unreported import without_results


@pytest.fixture(scope="module")
def fit(make_arms: Callable[..., bm.Arms], quick: bm.SamplerSettings) -> bm.Fit:
    return bm.fit(bm.ModelSpec(), make_arms([(4, 12), (9, 22), (14, 41), (3, 15)]), seed=1, settings=quick)  # fmt: skip


def mixture(fit: bm.Fit, shift: float, share: float) -> tuple[float, float, float]:
    """The posterior median of the median study, and probabilities of a new study's rate, exactly."""
    mu, tau = (np.ravel(fit.posterior[name]) for name in ("mu", "tau"))

    def below(x: float, m: float, t: float) -> float:
        return (1 - share) * ndtr((x - m) / t) + share * ndtr((x - m - shift) / t)

    medians = [
        brentq(lambda x, m=m, t=t: below(x, m, t) - 0.5, m - 9, m + 9)
        for m, t in zip(mu, tau, strict=True)
    ]
    at = logit(0.3)
    new = brentq(lambda x: np.mean(below(x, mu, tau)) - 0.975, -20, 20)
    return float(np.median(expit(medians))), 1 - float(np.mean(below(at, mu, tau))), expit(new)


@pytest.mark.parametrize(("shift", "studies"), [(-1.0, 2), (0.7, 3), (-3.0, 9)])
def test_all_studies_are_a_mixture_of_both_kinds(fit: bm.Fit, shift: float, studies: int) -> None:
    [row] = bm.unreported(fit, studies=studies, delta=shift, rate_above=0.3).to_dict("records")
    typical, above, upper = mixture(fit, shift, studies / (studies + 4))
    assert row["typical"] == pytest.approx(typical, abs=1e-9)
    # What points of a lattice miss of a distribution; nothing is random.
    assert row["probability"] == pytest.approx(above, abs=2e-3)
    assert row["new_study_upper"] == pytest.approx(upper, abs=3e-3)
    assert (row["reported"], row["unreported"]) == (4, studies)


def test_missing_at_random_changes_nothing(fit: bm.Fit) -> None:
    [row] = bm.unreported(fit, studies=5, delta=0).to_dict("records")
    rates = bm.summary(fit).set_index("quantity")
    for name, quantity in {"typical": "typical rate", "new_study": "new study"}.items():
        for end, column in {"": "median", "_lower": "lower", "_upper": "upper"}.items():
            assert row[f"{name}{end}"] == pytest.approx(rates.loc[quantity, column], rel=1e-12)


def test_studies_without_any_count_are_found() -> None:
    rows = [
        ("a", "x", 3, 20),
        ("b", "x", None, 30),
        ("b", "y", None, 15),
        ("c", "x", 4, 15),
        ("c", "y", None, 15),
        ("d", "x", 2, 19),
    ]
    frame = pd.DataFrame(rows, columns=["study", "arm", "events", "n"]).assign(
        derivation="reported"
    )
    arms = bm.read_evidence(frame.astype({"events": "Int64"})).select()
    assert without_results(arms) == ("b",)
    few = bm.SamplerSettings(chains=2, warmup=200, draws=200)
    fit = bm.fit(bm.ModelSpec(), arms, seed=1, settings=few)
    assert bm.unreported(fit, delta=-1)["unreported"].tolist() == [1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "`studies` must say how many registered studies report no results"),
        ({"studies": 0}, "`studies` must be a whole number of at least 1; got 0"),
        ({"studies": 2, "delta": []}, "`delta` must be a finite number or a list"),
        ({"studies": 2, "delta": float("nan")}, "`delta` must be a finite number or a list"),
        ({"studies": 2, "delta": "low"}, "`delta` must be a finite number or a list"),
    ],
)
def test_what_makes_no_sense_is_refused(fit: bm.Fit, options, message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.unreported(fit, **options)


def test_the_matrix_shows_who_reports_what(table: bm.EvidenceTable) -> None:
    rows = [
        ("a", "", "ORR", 3, 20),
        ("a", "", "CR", None, 20),
        ("b", "age=old", "ORR", 2, 15),
        ("c", "", "CR", 1, 9),
        ("c", "", "ORR", 4, 9),
    ]
    frame = pd.DataFrame(rows, columns=["study", "stratum", "outcome", "events", "n"])
    frame["derivation"] = "reported"
    found = bm.reported_outcomes(bm.read_evidence(frame.astype({"events": "Int64"})))
    assert found.to_dict("index") == {
        "a": {"ORR": "reported", "CR": "no count"},
        "b": {"ORR": "in part", "CR": ""},
        "c": {"ORR": "reported", "CR": "reported"},
    }
    whole = bm.reported_outcomes(table, outcomes=["CR", "ORR"])
    assert list(whole.columns) == ["CR", "ORR"]
    counted = table.frame.dropna(subset=["events", "n"])
    some = counted[counted["outcome"] == "ORR"]["study"].nunique()
    assert whole["ORR"].isin(["reported", "in part"]).sum() == some
    with pytest.raises(bm.EvidenceError, match="`outcomes` names 'xyz', which rr_aml_venetoclax"):
        bm.reported_outcomes(table, outcomes=["xyz"])
    with pytest.raises(bm.SettingsError, match="`table` must be an EvidenceTable; got DataFrame"):
        bm.reported_outcomes(frame)  # type: ignore[arg-type]
