"""The bundled survival rows: their form, and what other bundled files have from the same sources."""

from importlib.resources import files

import pandas as pd
import pytest

MONTHS = {"months": 1.0, "years": 12.0, "days": 12 / 365.25}
LIMITS = ("ci_low", "ci_high", "median_low", "median_high")


def rows_of(file: str) -> pd.DataFrame:
    folder = files("bayesmeta.evidence") / "data" / "rr_aml_venetoclax"
    with (folder / file).open(encoding="utf-8") as cells:
        return pd.read_csv(cells)


@pytest.fixture(scope="module")
def survival() -> pd.DataFrame:
    return rows_of("survival.csv").fillna({"stratum": ""})


def test_each_row_is_a_landmark_or_a_median_of_a_known_arm(survival: pd.DataFrame) -> None:
    arms = rows_of("arms.csv")
    known = set(zip(arms["study"], arms["arm"], strict=True))
    assert set(zip(survival["study"], survival["arm"], strict=True)) <= known
    landmark, median = survival["survival"].notna(), survival["reached"].notna()
    assert (landmark ^ median).all()
    assert (landmark == survival["time"].notna()).all()
    assert (survival["median"].notna() == (survival["reached"] == "yes")).all()
    assert set(survival["outcome"]) == {"OS", "EFS", "RFS", "DOR"}
    assert set(survival["unit"]) == set(MONTHS)
    assert set(survival["derivation"]) == {"reported"}
    assert survival["locator"].str.match(r"^00[0-4] ").all()


def test_numbers_are_possible_and_limits_hold_their_medians(survival: pd.DataFrame) -> None:
    assert survival["survival"].dropna().between(0, 1).all()
    assert not (survival[["time", "median", "n", "followup", *LIMITS]] <= 0).any(axis=None)
    assert not (survival["median_low"] > survival["median"]).any()
    assert not (survival["median_high"] < survival["median"]).any()


def test_no_result_stands_twice(survival: pd.DataFrame) -> None:
    assert not survival.duplicated(["study", "arm", "stratum", "outcome", "time"]).any()


def test_duration_of_response_is_of_those_who_responded(survival: pd.DataFrame) -> None:
    conditional = survival.loc[survival["outcome"].isin(["DOR", "RFS"]), "stratum"]
    assert conditional.str.contains("responders|molecular_persistence").all()


def test_medians_are_those_of_the_table_of_studies(survival: pd.DataFrame) -> None:
    studies = rows_of("studies.csv").set_index("study")["os_months_median"].dropna()
    own = survival[(survival["outcome"] == "OS") & (survival["stratum"] == "")]
    own = own[own["median"].notna()]
    months = own["median"] * own["unit"].map(MONTHS)
    for study, median in studies.items():
        assert (months[own["study"] == study] - median).abs().min() < 0.06, study


def test_landmarks_are_those_of_the_table_of_results(survival: pd.DataFrame) -> None:
    results = rows_of("results.csv").fillna({"stratum": ""})
    results = results[results["outcome"].str.match(r"^os\d\d$")]
    own = survival[(survival["outcome"] == "OS") & survival["survival"].notna()]
    months = (own["time"] * own["unit"].map(MONTHS)).astype(int)
    found = own.assign(outcome=[f"os{month:02}" for month in months])
    joined = results.merge(found, on=["study", "arm", "stratum", "outcome"], how="outer")
    assert len(joined) == len(results) == len(found)
    assert (100 * joined["survival"] - joined["percent_reported"]).abs().max() < 1e-9
