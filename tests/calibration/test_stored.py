"""The stored calibration is judged again, and held against the model family as it is now."""

from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.calibration import read_results, status
from bayesmeta.report.calibration import calibration_lines

STORED = Path(__file__).parents[1] / "reference" / "calibration"
AGAIN = "bayesmeta calibrate --seed 1 --out tests/reference/calibration"


@pytest.fixture(scope="module")
def stored() -> bm.Calibration:
    results = read_results(STORED)
    assert results, f"no calibration is stored; make one: {AGAIN}"
    return bm.Calibration(results)


@pytest.fixture(scope="module")
def states(stored: bm.Calibration) -> pd.DataFrame:
    return status(stored.results)


@pytest.mark.slow
def test_stored_results_pass(stored: bm.Calibration) -> None:
    for table in (stored.ranks, stored.coverage, stored.fits):
        assert table["ok"].all(), table[~table["ok"]].to_string()


def test_the_readme_says_what_was_found(stored: bm.Calibration) -> None:
    text = (STORED / "README.md").read_text(encoding="utf-8")
    printed = calibration_lines(stored)
    *_, everything = printed[-1].splitlines()
    for line in (*printed[:2], printed[3], everything):
        assert line.strip() in text, line


def test_stored_results_are_complete(stored: bm.Calibration) -> None:
    assert {result.tally.sets for result in stored.results} == {1000}


@pytest.mark.slow
def test_stored_results_are_about_the_models_of_today(states: pd.DataFrame) -> None:
    # Code that was edited is no failure while the density has the values it had: `status` tells it.
    old = states[states["state"].isin(["stale", "missing"])]
    assert old.empty, f"run again ({AGAIN}; only these are done):\n{old.to_string(index=False)}"
